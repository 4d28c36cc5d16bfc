import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../../../aggregate/aggregate.ts";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { InlineExecutor, ThreadExecutor } from "../../../../aggregate/schedule/executor.ts";
import { executePlan } from "../../../../aggregate/run/execute.ts";
import type { RunReport } from "../../../../aggregate/run/whole_run.ts";
import { prepareRun } from "../../../../aggregate/plan/prepare.ts";
import { simulate } from "../../../../products/simulate/simulate.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { hasSharedData } from "../../../shared_data.ts";
import { catalogOf, digests, realGranules, scratchFolder } from "./granules.ts";

/** Runs a catalog's preset; returns the store's bytes and the report. */
async function run(catalog: string, changes: Partial<AggregateRequest> = {}) {
  const store = path.join(scratchFolder(), "a.zarr");
  const { report } = await aggregate({ config: "atl06", catalog, store, workers: 2, ...changes });
  return { bytes: digests(store), report: report! };
}

let simulated: Promise<{ catalog: string; files: string[]; rows: number; bytes: number }> | undefined;

/** A few small granules of Greenland, made once. */
function simulatedGranules() {
  return simulated ??= (async () => {
    const folder = scratchFolder();
    const made = await simulate(path.join(folder, "h5"), {
      granules: 12,
      rows: 900,
      seed: 5,
      sheet: "greenland",
    });
    const files = made.map((file) => file.path);
    const catalog = path.join(folder, "catalog.parquet");
    await catalogOf(files, catalog);
    const total = (of: (file: typeof made[number]) => number) =>
      made.reduce((sum, file) => sum + of(file), 0);
    return { catalog, files, rows: total(({ rows }) => rows), bytes: total(({ bytes }) => bytes) };
  })();
}

/** What must hold of every run's counts. */
function checkCounts(report: RunReport): void {
  const { rows, misplaced, filtered, empty, elsewhere, kept } = report.observations;
  assert.equal(misplaced + filtered + empty + elsewhere + kept, rows);
  assert.equal(report.reads.opens, report.granules.total, "every granule is opened once");
}

const SPILLING = { checkpoint: { seconds: 0, share: 0.1 } };

Deno.test("the store's bytes depend neither on workers nor on spilling, and every granule is opened once", async () => {
  const { catalog, rows, bytes } = await simulatedGranules();
  const first = await run(catalog, { workers: 1 });
  checkCounts(first.report);
  assert.equal(first.report.spilledBytes, 0);
  assert.equal(first.report.observations.rows, rows);
  // Files this small are little more than headers, of which blocks are read along.
  assert.ok(first.report.reads.bytes <= 2 * bytes, `${first.report.reads.bytes} of ${bytes} bytes`);
  for (
    const changes of [{ workers: 2 }, { workers: 5 }, { workers: 1, ...SPILLING }, {
      workers: 2,
      ...SPILLING,
    }]
  ) {
    const again = await run(catalog, changes);
    assert.deepEqual(again.bytes, first.bytes, JSON.stringify(changes));
    checkCounts(again.report);
    assert.deepEqual(again.report.observations, first.report.observations);
    assert.deepEqual(again.report.cells, first.report.cells);
    assert.equal(again.report.reads.bytes, first.report.reads.bytes);
    // Five datasets of 900 rows at most, one chunk each, in every group.
    assert.equal(again.report.reads.chunks, 5 * again.report.groups.present);
    assert.equal(again.report.spilledBytes > 0, "checkpoint" in changes);
  }
});

Deno.test("every level of a sphere is the same spilled and not", async () => {
  const { catalog } = await simulatedGranules();
  const changes = { layout: "sphere" as const, levels: "6-11", childOrder: 11 };
  const whole = await run(catalog, changes);
  const spilled = await run(catalog, { ...changes, ...SPILLING });
  assert.deepEqual(spilled.bytes, whole.bytes);
  assert.deepEqual(Object.keys(whole.report.cells).map(Number).sort((a, b) => a - b), [6, 7, 8, 9, 10, 11]);
});

Deno.test("scratch elsewhere changes nothing, and is empty in the end", async () => {
  const { catalog } = await simulatedGranules();
  const scratch = scratchFolder();
  const here = await run(catalog);
  const there = await run(catalog, { scratch, ...SPILLING });
  assert.deepEqual(there.bytes, here.bytes);
  assert.ok(there.report.spilledBytes > 0);
  const left = fs.readdirSync(scratch, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".runs")
  );
  assert.deepEqual(left, []);
});

Deno.test(
  "the thread of the caller and worker threads write the same bytes",
  { ignore: !hasSharedData },
  async () => {
    const folder = scratchFolder();
    const file = path.join(folder, "real.parquet");
    await catalogOf(realGranules(), file);
    const catalog = await openCatalog(file);
    try {
      const plan = await prepareRun(catalog, loadPreset("atl06"));
      const { local_base } = plan.granules[0];
      const stores = [];
      for (
        const [name, executor] of [["inline", new InlineExecutor()], [
          "threads",
          new ThreadExecutor(2),
        ]] as const
      ) {
        const store = path.join(folder, `${name}.zarr`);
        const report = await executePlan(plan, {
          store,
          executor,
          locate: (granule) => ({ kind: "local", url: path.join(local_base!, plan.granules[granule].path) }),
        });
        checkCounts(report);
        stores.push(digests(store));
      }
      assert.deepEqual(stores[1], stores[0]);
    } finally {
      catalog.close();
    }
  },
);

Deno.test("real granules give the same bytes with any number of workers, spilled or not", {
  ignore: !hasSharedData,
}, async () => {
  const file = path.join(scratchFolder(), "real.parquet");
  await catalogOf(realGranules(), file);
  const [first, ...others] = [
    await run(file, { workers: 1 }),
    await run(file, { workers: 2 }),
    await run(file, { workers: 5, checkpoint: { seconds: 0, share: 0 } }),
  ];
  checkCounts(first.report);
  const size = realGranules().reduce((sum, name) => sum + fs.statSync(name).size, 0);
  // Coordinates, the filter and two columns are a part of each file, and none of it is read twice.
  assert.ok(first.report.reads.bytes <= size / 2, `${first.report.reads.bytes} of ${size} bytes`);
  for (const other of others) {
    assert.equal(other.report.reads.bytes, first.report.reads.bytes);
    checkCounts(other.report);
    assert.deepEqual(other.bytes, first.bytes);
    assert.deepEqual(other.report.observations, first.report.observations);
  }
});

Deno.test("a broken granule is reported by name, and the rest is as if it were not there", async () => {
  const { files } = await simulatedGranules();
  const folder = scratchFolder();
  for (const file of files) fs.copyFileSync(file, path.join(folder, path.basename(file)));
  const copies = files.map((file) => path.join(folder, path.basename(file)));
  const catalog = path.join(folder, "catalog.parquet");
  await catalogOf(copies, catalog);
  fs.writeFileSync(copies[4], fs.readFileSync(copies[4]).fill(0, 0, 64));
  const { report } = await run(catalog);
  assert.deepEqual(report.granules.failed.map(({ id }) => id), [
    path.basename(copies[4]),
  ]);
  assert.equal(report.granules.read, files.length - 1);
  assert.ok(report.incompleteParents.length > 0);
  await assert.rejects(
    run(catalog, { onError: "fail" }),
    (error: unknown) => (error as { tag?: string }).tag === "granule",
  );
});
