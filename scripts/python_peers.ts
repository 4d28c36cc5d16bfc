/**
 * Other programs of the field, for the interop tests: a Python environment of the tests' own, kept
 * outside the sources. Each peer is installed by itself, so that one that is out of reach does not lose
 * the others; tests of a missing peer are skipped, visibly.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

/** What pip is asked for; a peer that is there already is left as it is. */
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
  { module: "cfnlint", requirement: "cfn-lint" },
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
];

/** What pip must build, since only its source is published: small packages of pure Python. */
const SOURCE_ONLY = ["version-parser"]; // of pypgstac

const INSTALL_LIMIT_MS = 600_000;

/**
 * The interpreter to test with: that of GRANARY_TEST_PYTHON, or of an environment made here.
 * Empty where there is no Python at all.
 */
export function preparePython(root: string): string {
  const given = process.env.GRANARY_TEST_PYTHON;
  if (given !== undefined && given !== "") return given;
  const folder = path.join(root, "node_modules", ".cache", "granary-peers");
  const python = path.join(folder, "bin", "python");
  if (!fs.existsSync(python)) {
    const made = spawnSync("python3", ["-m", "venv", folder], { encoding: "utf8" });
    if (made.status !== 0) {
      console.log(`interop: no Python environment (${made.error?.message ?? lastLine(made.stderr)})`);
      fs.rmSync(folder, { recursive: true, force: true });
      return "";
    }
  }
  const missing = missingPeers(python);
  // All together when all can be had, which is quicker; else each by itself.
  if (missing.length === 0 || install(python, missing.map((peer) => peer.requirement)) === undefined) {
    return python;
  }
  for (const { module, requirement } of missing) {
    const fault = install(python, [requirement]);
    if (fault !== undefined) console.log(`interop: ${module} is not available (${fault})`);
  }
  return python;
}

/** Which peers Python does not find, asked at once. */
function missingPeers(python: string): typeof PEERS {
  const program =
    "import importlib.util, sys\nprint([int(bool(importlib.util.find_spec(m))) for m in sys.argv[1:]])";
  const run = spawnSync(python, ["-c", program, ...PEERS.map(({ module }) => module)], { encoding: "utf8" });
  const found: number[] = run.status === 0 ? JSON.parse(run.stdout) : [];
  return PEERS.filter((_, index) => found[index] !== 1);
}

/** @returns why it failed, or undefined when it did not */
function install(python: string, requirements: string[]): string | undefined {
  const args = [
    "-m",
    "pip",
    "install",
    "--quiet",
    // Modules are compiled when they are imported: most never are.
    "--no-compile",
    "--retries",
    "1",
    "--timeout",
    "60",
    "--only-binary=:all:",
    `--no-binary=${SOURCE_ONLY.join(",")}`,
    ...requirements,
  ];
  const pip = spawnSync(python, args, { encoding: "utf8", timeout: INSTALL_LIMIT_MS });
  return pip.status === 0 ? undefined : pip.error?.message ?? lastLine(pip.stderr);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
