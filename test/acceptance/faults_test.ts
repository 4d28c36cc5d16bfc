/** Every shared input of faults that other programs had, walked: each gives what is asserted here, and none is forgotten. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, type RunResult, temporaryFolder } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

const FAULTS = sharedData("../faults");
const folder = temporaryFolder("granary-faults-");
const at = (name: string) => path.join(FAULTS, name);

// deno-lint-ignore no-explicit-any
type Json = any;

/** Runs a config over one file or folder; the numbers of the store over all cells. */
async function aggregated(
  input: string,
  config: string,
  collection = "ATL06.006",
): Promise<{ stderr: string; count: number; least: number; greatest: number }> {
  const catalog = `${input}.${config}.parquet`, store = `${input}.${config}.zarr`;
  const built = await granary(
    [
      "catalog",
      "build",
      "--from",
      "local",
      at(input),
      "-c",
      at(config),
      "--collection",
      collection,
      "-o",
      catalog,
    ],
    { cwd: folder },
  );
  assert.equal(built.code, 0, built.stderr);
  const run = await granary(["aggregate", "-c", at(config), "--catalog", catalog, "-o", store], {
    cwd: folder,
  });
  assert.equal(run.code, 0, run.stderr);
  const query = "select sum(count) as n, min(v_min) as lo, max(v_max) as hi from cells where count > 0";
  const [row] = await cells(store, query);
  return {
    stderr: built.stderr + run.stderr,
    count: Number(row.n ?? 0),
    least: Number(row.lo),
    greatest: Number(row.hi),
  };
}

async function cells(store: string, query: string): Promise<Json[]> {
  return JSON.parse(await ok(["sql", store, query, "--format", "json"], { cwd: folder }));
}

/** Rows of a catalog that `args` write. */
async function catalogOf(
  args: readonly string[],
  columns: string,
): Promise<{ rows: Json[]; reported: RunResult }> {
  const catalog = `${path.basename(args.at(-1)!)}.parquet`;
  const reported = await granary([...args, "-o", catalog], { cwd: folder });
  assert.equal(reported.code, 0, reported.stderr);
  const text = await ok([
    "catalog",
    "sql",
    catalog,
    `select ${columns} from granules order by id`,
    "--format",
    "json",
  ], {
    cwd: folder,
  });
  return { rows: JSON.parse(text), reported };
}

const fromStac = (name: string) => ["catalog", "build", "--from", "stac", at(name)];
const EXTENT = "id, bbox.xmin as w, bbox.ymin as s, bbox.xmax as e, bbox.ymax as n";

const PACKED = "bug_packed.yaml", STD = "bug_std.yaml";

/** Observations, least and greatest value of a granule under a config; what is reported. */
function gives(config: string, count: number, least: number, greatest: number, reported = /^/) {
  return async (name: string) => {
    const found = await aggregated(name, config);
    assert.deepEqual([found.count, found.stderr.match(reported) !== null], [count, true], found.stderr);
    assert.ok(
      Math.abs(found.least - least) < 1e-3 && Math.abs(found.greatest - greatest) < 1e-3,
      JSON.stringify(found),
    );
  };
}

/** Boxes of a catalog of another tool. */
function imports(boxes: readonly (readonly number[])[]) {
  return async (name: string) => {
    const { rows } = await catalogOf(["catalog", "import", at(name)], EXTENT);
    assert.equal(rows.length, boxes.length);
    rows.forEach(({ w, s, e, n }, i) => {
      [w, s, e, n].forEach((edge: number, k) => assert.ok(Math.abs(edge - boxes[i][k]) < 1e-3, `${edge}`));
    });
  };
}

/** An export that comes back as the same granules. */
async function comesBack(name: string): Promise<void> {
  const { rows } = await catalogOf(fromStac(name), "id, collection, start_datetime, properties");
  const catalog = `${name}.parquet`;
  await ok(["catalog", "export", catalog, "--stac-geoparquet", "-o", `${name}.items.parquet`], {
    cwd: folder,
  });
  const back = await catalogOf(
    ["catalog", "import", path.join(folder, `${name}.items.parquet`)],
    "id, collection, start_datetime, properties",
  );
  assert.ok(rows.length > 0);
  assert.deepEqual(back.rows, rows);
}

/** Inputs beside others, which say what they are for. */
const HELPERS = /^(README\.md|.*\.yaml|truth_make\.py|bug_virtual_source\.h5)$/;

/** What each input must give. */
const INPUTS: Readonly<Record<string, (name: string) => Promise<void>>> = {
  "bug_unsigned16.h5": gives(PACKED, 35, 1, 500),
  "bug_unsigned8_filter.h5": async (name) => {
    assert.equal((await aggregated(name, "bug_class.yaml")).count, 20);
  },
  "bug_text_packing.h5": gives(PACKED, 35, 0, 0.34),
  "bug_virtual.h5": async (name) => {
    const run = await granary(["config", "check", at(STD), "--granule", at(name)], { cwd: folder });
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, /h_li lie in bug_virtual_source\.h5:h \(a virtual dataset/);
  },
  "bug_external_beam.h5": gives(STD, 40, 100, 139, /\/gt1r is a link to \/gt1l in the file not_here\.h5/),
  "bug_lengths4.h5": gives(STD, 40, 100, 139),
  "bug_float16.h5": gives(STD, 40, 100, 139),
  "bug_zstd.h5": gives(STD, 40, 100, 139),
  "bug_default_fill.h5": gives(STD, 30, 100, 129),
  "bug_reprocessed": gives(STD, 40, 100.02, 139.02, /_01\.h5 is an earlier processing of .*_02\.h5/),
  "bug_bowtie.json": async (name) => {
    const { rows: [row] } = await catalogOf(fromStac(name), EXTENT);
    assert.deepEqual([row.w, row.s, row.e, row.n], [10, 50, 20, 60]);
  },
  "bug_export_created.json": comesBack,
  "bug_export_projgeometry.json": comesBack,
  "bug_polar_frame.json": async (name) => {
    const { rows: [row] } = await catalogOf(
      ["catalog", "build", "--from", "cmr-json", at(name)],
      `${EXTENT}, len(cells) as cells, cell_order`,
    );
    assert.ok(row.n === 90);
    assert.equal(row.cell_order, 8);
    assert.ok(row.cells >= 2291 && row.cells < 2700, `${row.cells} cells`);
  },
  "bug_polar_km.parquet": async (name) => {
    const { rows } = await catalogOf(["catalog", "import", at(name)], EXTENT);
    assert.ok(rows.length > 0);
    for (const { s, n } of rows) assert.ok(s > 89.2 && n <= 90, `${s} to ${n}`);
  },
  "bug_epsg3413.parquet": imports([[-45, 70, -44, 71], [-44, 70, -43, 71]]),
  "bug_geometry_named_footprint.parquet": imports([[-45, 70, -44, 71], [-44, 70, -43, 71]]),
  "truth_int64.h5": async (name) => {
    const config = at("truth_int64.yaml");
    const build = ["catalog", "build", "--from", "local", at(name), "-c", config, "--collection", "SHOT.001"];
    await ok([...build, "-o", "int64.parquet"], { cwd: folder });
    const run = await granary(["aggregate", "-c", config, "--catalog", "int64.parquet", "-o", "int64.zarr"], {
      cwd: folder,
    });
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, /shot holds the integer 19640002300000331, which .* round to 19640002300000332/);
  },
  "truth_past_180.stac.json": async (name) => {
    const { rows } = await catalogOf(fromStac(name), EXTENT);
    const sides = rows.filter(({ id }) => /^(west|east)/.test(id));
    assert.deepEqual(sides.map(({ w, e }) => [w, e]), [[-180, 180], [-180, 180]]);
    const urls = (box: string) =>
      ok(["catalog", "urls", `${name}.parquet`, `--bbox=${box}`], { cwd: folder });
    assert.match(await urls("-180,9,-179.6,12"), /west/);
    assert.equal(await urls("0,9,20,12"), "");
  },
  "truth_microseconds.stac.json": async (name) => {
    const { rows: [row] } = await catalogOf(
      fromStac(name),
      "epoch_us(start_datetime) % 1000000 as s, epoch_us(datetime) % 1000000 as d, epoch_us(end_datetime) % 1000000 as e",
    );
    assert.deepEqual([row.s, row.d, row.e].map(Number), [256207, 200811, 145999]);
  },
  "truth_cmr_collections.json": async (name) => {
    const run = await granary(["catalog", "build", "--from", "cmr-json", at(name), "-o", "none.parquet"], {
      cwd: folder,
    });
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, /collection/);
    assert.ok(!fs.existsSync(path.join(folder, "none.parquet")));
  },
};

if (hasSharedData) {
  Deno.test("every input of the folder of faults is walked here, and stands in its README", () => {
    const found = fs.readdirSync(FAULTS).filter((name) => !HELPERS.test(name)).sort();
    assert.deepEqual(found, Object.keys(INPUTS).sort());
    const readme = fs.readFileSync(at("README.md"), "utf8");
    for (const name of found) assert.ok(readme.includes(name), name);
  });
  for (const [name, check] of Object.entries(INPUTS)) {
    Deno.test(`${name} gives what its README says`, () => check(name));
  }
} else {
  Deno.test.ignore("every input of the folder of faults is walked here", () => {});
}
