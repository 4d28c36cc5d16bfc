/** Aggregation of real granules by the binary: what is accepted, chosen, left out and reported. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { buildCatalogOf, greenlandGranules, succeed, treeDigest } from "../support/real_granules.ts";
import { readArray, readCells } from "../support/read_zarr.ts";

/** Rows of the golden by parent cell at order 6: sums of its counts. */
const GREENLAND: Readonly<Record<string, number>> = {
  "16138": 5,
  "16139": 4165,
  "16160": 5,
  "16161": 884,
  "16163": 16,
  "16164": 17209,
};

let made: Promise<string> | undefined;

/** A folder with catalogs of the Greenland granules and of every product there is, made once. */
function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-real-");
    await buildCatalogOf(folder, "catalog.parquet", "atl06", greenlandGranules());
    await buildCatalogOf(folder, "atl06.parquet", "atl06", [sharedData("atl06")]);
    await buildCatalogOf(folder, "atl08.parquet", "atl08", [sharedData("atl08")]);
    await buildCatalogOf(folder, "gedi.parquet", "gedi_l2a", [sharedData("gedi")]);
    await succeed(
      folder,
      ...["catalog", "merge", "catalog.parquet", "atl08.parquet", "gedi.parquet", "-o", "mixed.parquet"],
    );
    return folder;
  })();
  return made;
}

interface Report {
  granules: { total: number; read: number; failed: { id: string; reason: string }[] };
  observations: Record<string, number>;
  groups: Record<string, number>;
  cells: Record<string, number>;
  parents: number;
  spilled_bytes: number;
  incomplete_parents: number[];
}

async function report(...args: string[]): Promise<Report> {
  const { stdout } = await succeed(await world(), "aggregate", ...args, "--json", "--quiet");
  return JSON.parse(stdout);
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasSharedData, fn });
}

/** Observations by parent cell of a store at order 12. */
async function countsByParent(store: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [cell, { count }] of await readCells(path.join(await world(), store), 12, ["count"])) {
    const parent = String(Math.floor(cell / 4096));
    sums[parent] = (sums[parent] ?? 0) + count;
  }
  return sums;
}

test("every ATL06 file is accepted: beams missing, without segments, or of fill alone", async () => {
  const all = "ATL06.001,ATL06.002,ATL06.003,ATL06.006";
  const done = await report(
    ...["-c", "atl06", "--catalog", "atl06.parquet", "-o", "all.zarr", "--collection", all],
  );
  assert.deepEqual([done.granules.read, done.granules.total, done.granules.failed], [11, 11, []]);
  // Counted with h5py: rows of the groups that have segments, and those of quality 0 with a height.
  assert.equal(done.observations.rows, 47_994);
  assert.equal(done.observations.kept, 29_954);
  // Two beams of one file have no land_ice_segments, two of another are not there.
  assert.deepEqual(done.groups, { present: 62, empty: 2, missing: 2 });
});

test("the ATL08 preset runs on its file", async () => {
  const done = await report("-c", "atl08", "--catalog", "atl08.parquet", "-o", "atl08.zarr");
  assert.deepEqual([done.granules.read, done.granules.failed], [1, []]);
  // h5py: gt1l 14, gt1r 8, gt2l 8, gt2r 5 segments.
  assert.equal(done.observations.rows, 35);
  assert.ok(done.cells["12"] > 0);
});

test("the GEDI preset runs on its files, whose names do not tell a version", async () => {
  const done = await report(
    ...["-c", "gedi_l2a", "--catalog", "gedi.parquet", "-o", "gedi.zarr", "--collection", "GEDI02_A"],
  );
  assert.deepEqual([done.granules.read, done.granules.failed], [2, []]);
  // h5py: 8 beams of 20 footprints in each file, 15 of them of good quality.
  assert.equal(done.observations.rows, 320);
  assert.equal(done.observations.kept, 240);
});

test("a run of one GEDI file without the quality datasets ends by their names, and nothing is written", async () => {
  const folder = await world();
  const { code, stderr } = await granary(
    ["aggregate", "-c", "gedi_l2a", "--catalog", "gedi.parquet", "-o", "lacking.zarr", "--json"]
      .concat("--collection", "GEDI02_A.002"),
    { cwd: folder },
  );
  assert.equal(code, 2, stderr);
  assert.match(
    stderr,
    /the only granule fails; nothing was written.*has no dataset \/BEAM0000\/quality_flag/,
  );
  assert.ok(!fs.existsSync(path.join(folder, "lacking.zarr", "zarr.json")));
});

test("the store's bytes depend neither on workers nor on memory nor on the order of granules", async () => {
  const folder = await world();
  const digests = new Set<string>();
  for (const workers of [1, 2, 5]) {
    await report(
      ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", `w${workers}.zarr`],
      ...["--workers", String(workers)],
    );
    digests.add(treeDigest(path.join(folder, `w${workers}.zarr`)));
  }
  const spilled = await report(
    ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", "spilled.zarr"],
    ...["--workers", "1", "--memory", "290MB", "--checkpoint", "0"],
  );
  assert.ok(spilled.spilled_bytes > 0);
  digests.add(treeDigest(path.join(folder, "spilled.zarr")));
  await buildCatalogOf(folder, "reversed.parquet", "atl06", greenlandGranules().reverse());
  await report("-c", "atl06", "--catalog", "reversed.parquet", "-o", "reversed.zarr");
  digests.add(treeDigest(path.join(folder, "reversed.zarr")));
  assert.equal(digests.size, 1);
});

test("parent cells are chosen by either name, and only their observations are kept", async () => {
  await report(
    ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", "nested.zarr", "--cells", "6/16139,6/16161"],
  );
  await report(
    ...["-c", "atl06", "--catalog", "catalog.parquet", "-o", "morton.zarr", "--cells", "4441134,4441312"],
  );
  const expected = { "16139": GREENLAND["16139"], "16161": GREENLAND["16161"] };
  assert.deepEqual(await countsByParent("nested.zarr"), expected);
  assert.deepEqual(await countsByParent("morton.zarr"), expected);
});

test("cells, areas and conditions narrow a run to their part of the whole", async () => {
  const folder = await world();
  const run = (store: string, ...flags: string[]) =>
    report("-c", "atl06", "--catalog", "catalog.parquet", "-o", store, ...flags);

  assert.equal((await run("max.zarr", "--max-cells", "2")).parents, 2);
  assert.deepEqual(await countsByParent("max.zarr"), {
    "16138": GREENLAND["16138"],
    "16139": GREENLAND["16139"],
  });

  await run("region.zarr", "--region", "greenland");
  assert.deepEqual(await countsByParent("region.zarr"), GREENLAND);

  // A box and the same box as a polygon, in the south of the tracks.
  await run("box.zarr", "--bbox=-51,69.9,-49,70.5");
  const ring = [[-51, 69.9], [-49, 69.9], [-49, 70.5], [-51, 70.5], [-51, 69.9]];
  fs.writeFileSync(
    path.join(folder, "box.geojson"),
    JSON.stringify({ type: "Polygon", coordinates: [ring] }),
  );
  await run("polygon.zarr", "--polygon", "box.geojson");
  const inBox = await countsByParent("box.zarr");
  assert.deepEqual(await countsByParent("polygon.zarr"), inBox);
  assert.ok(Object.keys(inBox).length > 0 && Object.keys(inBox).length < Object.keys(GREENLAND).length);

  // h5py: 17,058 rows of this granule are of quality 0 and have a height.
  const one = await run("where.zarr", "--where", "id like '%20190613065109%'");
  assert.deepEqual([one.granules.total, one.observations.kept], [1, 17_058]);

  const nowhere = await granary(
    ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "none.zarr", "--region", "antarctica"],
    { cwd: folder },
  );
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /nothing to aggregate/);
});

const PYTHON_CONFIG = `
data_source:
  reader: h5coro
  driver: local
  shard_workers: 4
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates:
    latitude: "/{group}/land_ice_segments/latitude"
    longitude: "/{group}/land_ice_segments/longitude"
  variables:
    h_li: "/{group}/land_ice_segments/h_li"
    s_li: "/{group}/land_ice_segments/h_li_sigma"
  quality_filter:
    dataset: "/{group}/land_ice_segments/atl06_quality_summary"
    value: 0
aggregation:
  handoff: arrow
  coordinates:
    cell_ids: {dtype: uint64, fill_value: 0}
    morton: {dtype: MORTON, fill_value: 0}
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_min: {function: min, source: h_li, dtype: float32, fill_value: NaN}
    h_max: {function: np.max, source: h_li, dtype: float32, fill_value: NaN}
    h_mean:
      function: np.average
      source: h_li
      params: {weights: "1.0 / s_li**2"}
      dtype: float32
      fill_value: NaN
output:
  grid:
    type: healpix
    indexing_scheme: nested
    child_order: 12
worker: {memory: 2048}
`;

for (const dtype of ["int64", "uint64"] as const) {
  test(`a config of the Python tools runs as it is, with ${dtype} morton ids`, async () => {
    const folder = await world();
    fs.writeFileSync(path.join(folder, `python-${dtype}.yaml`), PYTHON_CONFIG.replace("MORTON", dtype));
    const { stderr } = await succeed(
      folder,
      ...["aggregate", "-c", `python-${dtype}.yaml`, "--catalog", "catalog.parquet", "-o", `${dtype}.zarr`],
    );
    for (const key of ["shard_workers", "handoff", "worker"]) {
      assert.match(stderr, new RegExp(`warning: .*${key}`));
    }
    assert.deepEqual(await countsByParent(`${dtype}.zarr`), GREENLAND);
    const store = path.join(folder, `${dtype}.zarr`);
    const ids = await readArray(store, "12/cell_ids"), count = await readArray(store, "12/count");
    const morton = await readArray(store, "12/morton");
    for (let i = 0; i < ids.length; i++) {
      if (Number(count[i]) === 0) continue;
      const nested = BigInt(ids[i]), base = nested >> 24n, rest = nested & 0xffffffn;
      const digits = [...rest.toString(4).padStart(12, "0")].map((digit) => Number(digit) + 1).join("");
      const expected = dtype === "uint64"
        ? ((base + 1n) << 60n) | (rest << 36n) | 12n
        : base < 6n
        ? BigInt(`${base + 1n}${digits}`)
        : -BigInt(`${base - 5n}${digits}`);
      assert.equal(BigInt(morton[i]), expected);
    }
  });
}

test("a mixed catalog runs with the config's collections and says what it left out", async () => {
  const { stdout, stderr } = await succeed(
    await world(),
    ...["aggregate", "-c", "atl06", "--catalog", "mixed.parquet", "-o", "mixed.zarr", "--json"],
  );
  assert.equal(JSON.parse(stdout).granules.total, 8);
  assert.match(stderr, /left out: collection ATL08\.004 \(1 granule\)/);
  assert.match(stderr, /left out: collection GEDI02_A \(2 granules\)/);
  assert.deepEqual(await countsByParent("mixed.zarr"), GREENLAND);
});

test("two versions of one product are refused unless named", async () => {
  const { code, stderr } = await granary(
    ["aggregate", "-c", "atl06", "--catalog", "atl06.parquet", "-o", "versions.zarr"],
    { cwd: await world() },
  );
  assert.equal(code, 2);
  assert.match(stderr, /4 versions of ATL06 fit the config.*--collection ATL06\.006/);
  const one = await report(
    ...["-c", "atl06", "--catalog", "atl06.parquet", "-o", "v6.zarr", "--collection", "ATL06.006"],
  );
  // h5py: 3,970 rows of quality 0 with a height.
  assert.deepEqual([one.granules.total, one.observations.kept], [1, 3970]);
});

test("a dry run prints the plan, whole as JSON, and makes nothing", async () => {
  const folder = await world();
  const args = ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "dry.zarr", "--dry-run"];
  const before = fs.readdirSync(folder).sort();
  const { stdout } = await succeed(folder, ...args, "--json");
  const plan = JSON.parse(stdout);
  assert.equal(plan.granules.length, 8);
  assert.equal(plan.store.parents.length, 7);
  assert.equal(plan.batches.flatMap((batch: { granules: number[] }) => batch.granules).length, 8);
  const table = await succeed(folder, ...args);
  assert.match(table.stdout, /parent cells +7 of order 6/);
  assert.deepEqual(fs.readdirSync(folder).sort(), before);
});
