/** Bad input, each with its message and its exit code; and nothing is left where nothing was made. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, isRoot, type RunResult, temporaryFolder } from "../support/binary.ts";

let made: Promise<string> | undefined;

/** Two granules, their catalog, a store, and the preset's text. */
function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder();
    const ok = async (...args: string[]) => {
      const { code, stdout, stderr } = await granary([...args, "--quiet"], { cwd: folder });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await ok("simulate", "granules", "--granules", "2", "--rows", "200");
    await ok("catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", "catalog.parquet");
    await ok("aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "store.zarr");
    fs.writeFileSync(path.join(folder, "my.yaml"), await ok("config", "show", "atl06"));
    fs.writeFileSync(path.join(folder, "text.parquet"), "not a catalog\n");
    return folder;
  })();
  return made;
}

/** A granule file of a lawful name with other contents, in a folder of its own. */
async function oddGranule(name: string, change: (bytes: Uint8Array) => Uint8Array | string): Promise<string> {
  const folder = await world();
  const [first] = fs.readdirSync(path.join(folder, "granules")).sort();
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  const bytes = fs.readFileSync(path.join(folder, "granules", first));
  fs.writeFileSync(path.join(folder, name, first), change(bytes));
  return name;
}

async function run(...args: string[]): Promise<RunResult> {
  return await granary(args, { cwd: await world() });
}

function assertRefused(result: RunResult, code: number, message: RegExp): void {
  assert.match(result.stderr, message);
  assert.equal(result.code, code, result.stderr);
  assert.doesNotMatch(result.stderr, /this is a bug|\n {4}at /);
}

const build = (...paths: string[]) =>
  run("catalog", "build", "--from", "local", ...paths, "-c", "atl06", "-o", "bad.parquet");
/** A run that would do but for `args`, which take the place of what is usual. */
function aggregate(...args: string[]) {
  const usual = [["-c", "atl06"], ["--catalog", "catalog.parquet"], ["-o", "new.zarr"]];
  return run("aggregate", ...usual.filter(([flag]) => !args.includes(flag)).flat(), ...args);
}

Deno.test("a flag of one value that is given twice, and no workers", async () => {
  assertRefused(
    await aggregate("--max-cells", "5", "--max-cells", "6"),
    2,
    /--max-cells is given twice, as 5 and as 6/,
  );
  assertRefused(
    await aggregate("--start", "2024-01-01", "--start", "2024-01-02"),
    2,
    /--start is given twice/,
  );
  assertRefused(await aggregate("--workers", "0"), 2, /"0" is not a whole number from 1/);
  assertRefused(await run("plot", "store.zarr", "-o", "a.png", "-o", "b.png"), 2, /is given twice/);
});

Deno.test("a missing file", async () => {
  assertRefused(await build("nowhere.h5"), 2, /nowhere\.h5: cannot read/);
});

Deno.test("a truncated HDF5 file", async () => {
  const folder = await oddGranule("cut", (bytes) => bytes.subarray(0, bytes.length >> 1));
  assertRefused(await build(folder), 3, /is cut short: \d+ of \d+ bytes/);
});

Deno.test("an HTML page named .h5", async () => {
  const folder = await oddGranule("page", () => "<!DOCTYPE html><html><body>Sign in</body></html>");
  assertRefused(await build(folder), 3, /is an HTML page, not HDF5/);
});

Deno.test("where no granule can be read there is no catalog, and the former one stays", async () => {
  const folder = await oddGranule("only", () => "<!DOCTYPE html><html><body>Sign in</body></html>");
  const at = path.join(await world(), "none.parquet");
  for (const extra of [[], ["--row-index", "8"]]) {
    const args = [
      "catalog",
      "build",
      "--from",
      "local",
      folder,
      "-c",
      "atl06",
      "-o",
      "none.parquet",
      ...extra,
    ];
    fs.rmSync(at, { force: true });
    const refused = await run(...args);
    assertRefused(refused, 3, /no granule could be read \(1 failed\); no catalog was written/);
    assert.match(refused.stderr, /only.*is an HTML page/);
    assert.deepEqual(fs.readdirSync(await world()).filter((name) => name.includes("none")), []);
    fs.writeFileSync(at, "PAR1 former");
    assertRefused(await run(...args, "--overwrite"), 3, /no catalog was written/);
    assert.equal(fs.readFileSync(at, "utf8"), "PAR1 former");
  }
  fs.rmSync(at);
});

Deno.test("a file without the config's paths", async () => {
  const result = await run(
    "catalog",
    "build",
    "--from",
    "local",
    "granules",
    "-c",
    "gedi_l2a",
    "-o",
    "bad.parquet",
  );
  assertRefused(result, 3, /has none of the groups BEAM0000.*found .*gt1l/);
});

const CONFIG_FAULTS: readonly [string, string, string, RegExp][] = [
  [
    "key",
    "quality_filter:",
    "qualty_filter:",
    /:\d+:\d+: unknown key "qualty_filter".*did you mean "quality_filter"/,
  ],
  ["type", "parent_order: 6", "parent_order: six", /:\d+:\d+: output\.grid\.parent_order: found "six"/],
  ["indentation", "\naggregation:", "\n aggregation:", /:\d+:\d+: .*indentation/],
  ["function", "np.sqrt", "np.sqqrt", /:\d+:\d+: .*unknown function "np\.sqqrt"/],
  ["column", "s_li**2))", "s_lo**2))", /:\d+:\d+: .*unknown column "s_lo"/],
];

for (const [what, from, to, message] of CONFIG_FAULTS) {
  Deno.test(`a wrong ${what} in the YAML is refused with its line and column`, async () => {
    const folder = await world();
    const text = fs.readFileSync(path.join(folder, "my.yaml"), "utf8");
    assert.ok(text.includes(from));
    fs.writeFileSync(path.join(folder, `${what}.yaml`), text.replace(from, to));
    assertRefused(await run("config", "check", `${what}.yaml`), 2, message);
    const used = await run(
      "aggregate",
      "-c",
      `${what}.yaml`,
      "--catalog",
      "catalog.parquet",
      "-o",
      "new.zarr",
    );
    assertRefused(used, 2, message);
  });
}

Deno.test("a catalog that is not GeoParquet", async () => {
  assertRefused(await aggregate("--catalog", "text.parquet"), 2, /text\.parquet: is not a Parquet file/);
  assertRefused(await run("catalog", "info", "text.parquet"), 2, /text\.parquet: is not a Parquet file/);
});

Deno.test("a store in the way, and a folder that is none", async () => {
  assertRefused(await aggregate("-o", "store.zarr"), 2, /store\.zarr: .*--overwrite/);
  const folder = await world();
  fs.mkdirSync(path.join(folder, "mine"), { recursive: true });
  fs.writeFileSync(path.join(folder, "mine", "notes.txt"), "keep me");
  assertRefused(await aggregate("-o", "mine", "--overwrite"), 2, /mine/);
  assert.deepEqual(fs.readdirSync(path.join(folder, "mine")), ["notes.txt"]);
  assertRefused(await aggregate("-o", "my.yaml", "--overwrite"), 2, /my\.yaml: is a file/);
  // A folder that is much too large to be walked is refused at its top.
  assertRefused(await aggregate("-o", "/", "--overwrite"), 2, /no part of a store/);
});

Deno.test("an unknown preset, cell, flag, column and variable", async () => {
  assertRefused(await aggregate("-c", "atl60"), 2, /"atl60" is neither a preset nor a file.*"atl06"/);
  assertRefused(await aggregate("--cells", "6/49152"), 2, /order 6 has the cells 6\/0 to 6\/49151/);
  assertRefused(await aggregate("--worker", "2"), 2, /unknown flag --worker .*--workers/);
  assertRefused(await aggregate("--where", "nosuch = 1"), 2, /"nosuch" not found/);
  assertRefused(
    await run("plot", "store.zarr", "--variable", "h_meen", "-o", "m.png"),
    2,
    /did you mean "h_mean"/,
  );
});

Deno.test("an empty selection", async () => {
  assertRefused(await aggregate("--where", "id = 'none'"), 2, /nothing to aggregate/);
});

/** Root may write everywhere: then somebody else runs the program. */
const OTHER_USER = 65534;

Deno.test("an output that may not be written", async () => {
  const folder = await world();
  fs.mkdirSync(path.join(folder, "closed"), { recursive: true, mode: 0o555 });
  const args = ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "closed/s.zarr"];
  const home = temporaryFolder();
  if (isRoot) {
    fs.chmodSync(folder, 0o755);
    fs.chownSync(home, OTHER_USER, OTHER_USER);
  }
  const env = { HOME: home, TMPDIR: home };
  const refused = await granary(args, { cwd: folder, env, ...(isRoot ? { uid: OTHER_USER } : {}) });
  assertRefused(refused, 1, /closed.*permission denied/);
});

Deno.test("an output below a file", async () => {
  assertRefused(await aggregate("-o", "text.parquet/s.zarr"), 1, /text\.parquet\/s\.zarr.*cannot write/);
  const catalog = await run(
    "catalog",
    "build",
    "--from",
    "local",
    "granules",
    "-o",
    "text.parquet/c.parquet",
  );
  assertRefused(catalog, 1, /text\.parquet\/c\.parquet.*cannot write/);
  const result = await run("plot", "store.zarr", "--variable", "h_mean", "-o", "text.parquet/m.png");
  assertRefused(result, 1, /text\.parquet\/m\.png.*cannot write/);
});

Deno.test({
  name: "real granules that were cut, replaced by a login page, or are of another product",
  ignore: !hasSharedData,
  fn: async () => {
    const folder = await world();
    const name = "processed_ATL06_20190613065109_11610303_002_01.h5";
    const bytes = fs.readFileSync(sharedData(`atl06/${name}`));
    const put = (at: string, content: Uint8Array | string) => {
      fs.mkdirSync(path.join(folder, at), { recursive: true });
      fs.writeFileSync(path.join(folder, at, name), content);
    };
    put("real-cut", bytes.subarray(0, 200_000));
    assertRefused(await build("real-cut"), 3, /is cut short: 200000 of \d+ bytes/);
    put("real-page", "<html><head><title>Earthdata Login</title></head></html>");
    assertRefused(await build("real-page"), 3, /is an HTML page titled "Earthdata Login", not HDF5/);
    put("real-empty", "");
    assertRefused(await build("real-empty"), 3, /real-empty.*(empty|0 bytes)/);
    const other = fs.readdirSync(sharedData("atl08"))[0];
    // Beam groups without the datasets are empty groups, not a fault; that all are is reported.
    const foreign = await build(sharedData(`atl08/${other}`));
    assertRefused(foreign, 0, /no positions at .*land_ice_segments.*is atl06 the config for these files/);
    // One that is well beside one that is not: the catalog has the one, and the exit code tells the other.
    fs.copyFileSync(sharedData(`atl06/${name}`), path.join(folder, "real-page", "well_002_01.h5"));
    const both = await run(
      ...["catalog", "build", "--from", "local", "real-page", "-c", "atl06", "-o", "half.parquet"],
      ...["--collection", "ATL06.002"],
    );
    assertRefused(both, 3, /is an HTML page/);
    const info = await run("catalog", "info", "half.parquet", "--json");
    assert.equal(JSON.parse(info.stdout).granules, 1);
  },
});

Deno.test("too little memory is refused before anything starts", async () => {
  assertRefused(await aggregate("--memory", "1MB"), 2, /too few for \d+ workers.*--memory/);
  assertRefused(await aggregate("--memory", "much"), 2, /much/);
});

Deno.test("wrong orders, levels, boxes, polygons and regions", async () => {
  const folder = await world();
  assertRefused(await aggregate("--levels", "13"), 2, /level 13 .*child order 12/);
  assertRefused(await aggregate("--parent-order", "13"), 2, /child_order 12 is coarser/);
  assertRefused(await aggregate("--child-order", "30"), 2, /--child-order 30 .*0 to 29/);
  assertRefused(await aggregate("--shard", "0"), 2, /--shard 0 .*1 to 65536/);
  assertRefused(await aggregate("--workers", "100000"), 2, /too few for 100000 workers/);
  assertRefused(await aggregate("--max-cells", "0"), 2, /nothing to aggregate/);
  assertRefused(await aggregate("--driver", "ftp"), 2, /unknown driver "ftp"/);
  assertRefused(await aggregate("--overwrite", "--resume"), 2, /cannot be used with/);
  assertRefused(await aggregate("--bbox=0,10,20"), 2, /0,10,20/);
  assertRefused(await aggregate("--bbox=0,20,20,10"), 2, /10|20/);
  assertRefused(await aggregate("--region", "grenland"), 2, /did you mean "?greenland/i);
  fs.writeFileSync(path.join(folder, "broken.geojson"), '{"type": "Polygon", "coordinates": [[[0,0],[1');
  assertRefused(await aggregate("--polygon", "broken.geojson"), 2, /broken\.geojson/);
  assertRefused(await aggregate("--polygon", "nowhere.geojson"), 2, /nowhere\.geojson/);
  assertRefused(await aggregate("--cells", "5/100"), 2, /5\/100/);
  assertRefused(await aggregate("--cells", "4441329"), 2, /4441329/);
  assertRefused(await aggregate("--catalog", "nowhere.parquet"), 2, /nowhere\.parquet/);
  assertRefused(await aggregate("--start", "2019-02-30"), 2, /2019-02-30/);
});

/** A file system mounted for a test, or undefined where nobody may mount one. */
function mounted(options: string): { folder: string; end(): void } | undefined {
  if (!isRoot) return undefined;
  const folder = temporaryFolder("granary-mount-");
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "granary-test", folder]);
  if (status !== 0) return undefined;
  return { folder, end: () => void spawnSync("umount", [folder]) };
}

const mayMount = (() => {
  const probe = mounted("size=64k");
  probe?.end();
  return probe !== undefined;
})();

Deno.test({
  name: "a file system that may only be read",
  ignore: !mayMount,
  fn: async () => {
    const place = mounted("size=64k,ro")!;
    try {
      const at = (name: string) => path.join(place.folder, name);
      assertRefused(await aggregate("-o", at("s.zarr")), 1, /s\.zarr.*read-only/);
      const catalog = await run(
        ...["catalog", "build", "--from", "local", "granules", "-o", at("c.parquet")],
      );
      assertRefused(catalog, 1, /c\.parquet.*read-only/);
      const plot = await run("plot", "store.zarr", "--variable", "h_mean", "-o", at("m.png"));
      assertRefused(plot, 1, /m\.png.*read-only/);
      assertRefused(await run("simulate", at("granules")), 1, /granules.*read-only/);
    } finally {
      place.end();
    }
  },
});

Deno.test({
  name: "no space: it is reported, and what is there is no store and no catalog",
  ignore: !mayMount,
  fn: async () => {
    const place = mounted("size=16k")!;
    try {
      const at = (name: string) => path.join(place.folder, name);
      assertRefused(await aggregate("-o", at("s.zarr")), 1, /no space left/);
      assert.equal(fs.existsSync(at("s.zarr/zarr.json")), false);
      fs.rmSync(at("s.zarr"), { recursive: true, force: true });
      fs.rmSync(at("s.zarr.run"), { recursive: true, force: true });
      // Leaves less than a catalog needs.
      fs.writeFileSync(at("filler"), new Uint8Array(12_000));
      const catalog = await run(
        ...["catalog", "build", "--from", "local", "granules", "-o", at("c.parquet")],
      );
      assertRefused(catalog, 1, /no space left/);
      const exported = await run("export", "store.zarr", "-o", at("x.parquet"));
      assertRefused(exported, 1, /x\.parquet: cannot write \(ENOSPC\): no space left/);
      assert.deepEqual(fs.readdirSync(place.folder), ["filler"]);
    } finally {
      place.end();
    }
  },
});

Deno.test({
  name: "a catalog that is merged in place on a full disk stays as it was, and nothing lies beside it",
  ignore: !mayMount,
  fn: async () => {
    const folder = await world();
    const place = mounted("size=64k")!;
    try {
      const file = path.join(place.folder, "c.parquet");
      fs.copyFileSync(path.join(folder, "catalog.parquet"), file);
      const before = fs.readFileSync(file);
      assert.throws(() => fs.writeFileSync(path.join(place.folder, "filler"), new Uint8Array(64 * 1024)));
      assertRefused(await run("catalog", "merge", file, "catalog.parquet", "-o", file), 1, /no space left/);
      assert.deepEqual(fs.readdirSync(place.folder).sort(), ["c.parquet", "filler"]);
      assert.deepEqual(fs.readFileSync(file), before);
    } finally {
      place.end();
    }
  },
});

Deno.test("none of these leaves a store behind", async () => {
  const folder = await world();
  assert.equal(fs.existsSync(path.join(folder, "new.zarr")), false);
});

Deno.test("a driver by which no granule can be read is refused where it was asked for, and no store is made", async () => {
  const folder = temporaryFolder("granary-driver-");
  await granary(["simulate", "granules", "--granules", "2", "--rows", "200"], { cwd: folder });
  await granary(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
  const { stdout } = await granary(["config", "show", "atl06"], { cwd: folder });
  const config = stdout.replace(/^( *)reader: hdf5.*$/m, "$&\n$1driver: s3");
  fs.writeFileSync(path.join(folder, "s3.yaml"), config);
  const line = config.split("\n").findIndex((text) => text.includes("driver: s3")) + 1;
  for (
    const [args, place] of [
      [
        ["-c", "s3.yaml"],
        new RegExp(`s3\\.yaml:${line}:\\d+: no granule of the selection has an address for s3`),
      ],
      [
        ["-c", "atl06", "--driver", "https"],
        /--driver: no granule of the selection has an address for https/,
      ],
    ] as const
  ) {
    const { code, stderr } = await granary(["aggregate", ...args, "--catalog", "c.parquet", "-o", "s.zarr"], {
      cwd: folder,
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, place);
    assert.ok(!fs.existsSync(path.join(folder, "s.zarr")));
  }
});
