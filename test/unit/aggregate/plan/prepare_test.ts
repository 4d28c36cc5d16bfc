import assert from "node:assert/strict";
import path from "node:path";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import type { Pipeline } from "../../../../aggregate/pipeline.ts";
import type { PrepareOptions } from "../../../../aggregate/plan/asked.ts";
import { prepareRun } from "../../../../aggregate/plan/prepare.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { resumeDifferences } from "../../../../aggregate/plan/resumable.ts";
import { scratchFolder } from "../engine/granules.ts";
import { granuleRow } from "../engine/sample_run.ts";

/** A granule in cells at order 8, on a day of January 2020. */
const row = (id: string, cells: number[], day: number, changes: Partial<GranuleRow> = {}) =>
  granuleRow(id, {
    cells: BigUint64Array.from(cells, BigInt),
    start_datetime: Date.UTC(2020, 0, day, 12),
    end_datetime: Date.UTC(2020, 0, day, 13),
    ...changes,
  });

async function prepare(
  rows: GranuleRow[],
  changes: (pipeline: Pipeline) => Pipeline = (p) => p,
  options: PrepareOptions = {},
) {
  const file = path.join(scratchFolder(), "catalog.parquet");
  await writeCatalog(file, rows, { cellOrder: 8, queries: [] });
  const catalog = await openCatalog(file);
  try {
    const pipeline = loadPreset("atl06");
    return await prepareRun(
      catalog,
      changes({ ...pipeline, output: { ...pipeline.output, latitude: "authalic" } }),
      options,
    );
  } finally {
    catalog.close();
  }
}

const collections = (...globs: string[]) => (pipeline: Pipeline): Pipeline => ({
  ...pipeline,
  dataSource: { ...pipeline.dataSource, collections: globs },
});

// Order 8 to 6: sixteen cells a parent.
const ROWS = [row("c.h5", [16, 17, 48], 3), row("a.h5", [15, 16], 1), row("b.h5", [48], 2)];

Deno.test("parents ascend, and each granule has the ranks of those that its cells lie in", async () => {
  const { store, granules, ranks } = await prepare(ROWS);
  assert.deepEqual(store.parents, [0, 1, 3]);
  assert.deepEqual(granules.map(({ id }) => id), ["a.h5", "b.h5", "c.h5"]);
  assert.deepEqual(ranks, [[0, 1], [2], [1, 2]]);
});

Deno.test("cells that are named are the parents of the run", async () => {
  const { store, granules, ranks } = await prepare(ROWS, undefined, { cells: [3] });
  assert.deepEqual([store.parents, granules.map(({ id }) => id), ranks], [[3], ["b.h5", "c.h5"], [[0], [0]]]);
});

Deno.test("an end date without a time means all of that day, and flags overrule the config", async () => {
  const dated = (endDate: string) => (pipeline: Pipeline): Pipeline => ({
    ...pipeline,
    bounds: { ...pipeline.bounds, startDate: null, endDate },
  });
  const ids = async (endDate: string, options: PrepareOptions = {}) =>
    (await prepare(ROWS, dated(endDate), options)).granules.map(({ id }) => id);
  assert.deepEqual(await ids("2020-01-02"), ["a.h5", "b.h5"]);
  assert.deepEqual(await ids("2020-01-02T00:00:00Z"), ["a.h5"]);
  assert.deepEqual(await ids("2020-01-02", { filter: { end: Date.UTC(2020, 0, 9), start: undefined } }), [
    "a.h5",
    "b.h5",
    "c.h5",
  ]);
});

Deno.test("collections that the config does not take are left out and reported", async () => {
  const other = row("other.h5", [16], 1, { collection: "ATL08.006" });
  const plan = await prepare([...ROWS, other]);
  assert.deepEqual(plan.leftOut, [{ what: "collection ATL08.006", granules: 1 }]);
  assert.equal(plan.granules.length, 3);
  await assert.rejects(prepare([other]), /no granule fits the config .*the catalog has ATL08.006/);
});

Deno.test("two versions of which the selection leaves one are no mixture", async () => {
  const older = row("old.h5", [16], 20, { collection: "ATL06.005" });
  const early = { filter: { end: Date.UTC(2020, 0, 10) } };
  const { granules } = await prepare([...ROWS, older], undefined, early);
  assert.deepEqual(granules.map(({ id }) => id), ["a.h5", "b.h5", "c.h5"]);
  await assert.rejects(prepare([...ROWS, older]), /2 versions of ATL06/);
});

Deno.test("two versions of one product are refused unless both are named", async () => {
  const older = row("a.h5", [16], 1, { collection: "ATL06.005" });
  await assert.rejects(prepare([...ROWS, older]), /2 versions of ATL06 fit the config: ATL06.005, ATL06.006/);
  const named = await prepare([...ROWS, older], collections("ATL06.005", "ATL06.006"));
  assert.equal(named.granules.length, 4);
  assert.equal((await prepare([...ROWS, older], collections("ATL06.005"))).granules.length, 1);
});

Deno.test("granules of unknown extent are left out and reported, or taken for every parent when asked", async () => {
  const unknown = row("u.h5", [], 1, { geometry: null });
  const plan = await prepare([...ROWS, unknown]);
  assert.deepEqual(plan.leftOut, [{ what: "granules of unknown extent", granules: 1 }]);
  const taken = await prepare([...ROWS, unknown], undefined, { unknownExtent: true });
  assert.deepEqual([taken.leftOut, taken.ranks.at(-1)], [[], [0, 1, 2]]);
});

const FIRST = "ATL06_20200102000000_00690611_006_01.h5", SECOND = "ATL06_20200102000000_00690611_006_02.h5";
const PROCESSINGS = [row(FIRST, [15, 300], 2), row(SECOND, [15, 48], 2), row("a.h5", [16], 1)];

Deno.test("of granules with the same observations one is taken, and cells that only the others touch go", async () => {
  const plan = await prepare(PROCESSINGS);
  assert.deepEqual(plan.granules.map(({ id }) => id), [SECOND, "a.h5"]);
  assert.deepEqual([plan.store.parents, plan.ranks], [[0, 1, 3], [[0, 2], [1]]]);
  assert.deepEqual(plan.leftOut, [
    { what: `${FIRST} is an earlier processing of ${SECOND}`, granules: 1 },
  ]);
});

Deno.test("duplicates are kept or refused where that is asked for", async () => {
  const kept = await prepare(PROCESSINGS, undefined, { duplicates: "keep" });
  assert.deepEqual([kept.granules.length, kept.leftOut], [3, []]);
  await assert.rejects(
    prepare(PROCESSINGS, undefined, { duplicates: "refuse" }),
    /1 of the selected granules hold observations that others hold too: .*_01.h5 is an earlier processing of/,
  );
  assert.equal((await prepare(ROWS, undefined, { duplicates: "refuse" })).granules.length, 3);
});

Deno.test("a later processing may take its earlier one's place in a run that goes on", async () => {
  const before = await prepare([PROCESSINGS[0], PROCESSINGS[2]]);
  const after = await prepare([row(FIRST, [15, 300], 2), row(SECOND, [15, 300], 2), PROCESSINGS[2]]);
  assert.deepEqual(resumeDifferences(before, after), []);
  const without = await prepare([row(SECOND, [15, 300], 2), PROCESSINGS[2]]);
  assert.match(resumeDifferences(before, without)[0], /1 granule of that run are not selected/);
});
