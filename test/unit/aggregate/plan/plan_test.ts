import assert from "node:assert/strict";
import fc from "fast-check";
import { shardOfRank } from "../../../../aggregate/plan/shards.ts";
import { planJson } from "../../../../aggregate/run_directory/plan_document.ts";
import { type Plan, planRun } from "../../../../aggregate/plan/plan.ts";
import type { Pipeline } from "../../../../aggregate/pipeline.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { storeMetadata } from "../../../../core/store/metadata.ts";
import { granuleRow, samplePipeline, selectionOf } from "../engine/sample_run.ts";

/** Parents at order 6, and granules that need some of them. */
const selections = fc.record({
  parents: fc.uniqueArray(fc.integer({ min: 0, max: 12 * 4 ** 6 - 1 }), { minLength: 1, maxLength: 60 })
    .map((ids) => ids.sort((a, b) => a - b)),
  sizes: fc.array(fc.option(fc.integer({ min: 0, max: 3e9 }), { nil: null }), {
    minLength: 1,
    maxLength: 30,
  }),
  picks: fc.infiniteStream(fc.nat()),
  layout: fc.constantFrom<"compact" | "sphere">("compact", "sphere"),
  shard: fc.option(fc.constantFrom(1, 4, 16, 64, 256), { nil: null }),
  batches: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
}).map(({ parents, sizes, picks, layout, shard, batches }) => ({
  parents,
  granules: sizes.map((size_bytes, i) => ({
    row: granuleRow(`g${String(i).padStart(3, "0")}.h5`, { size_bytes }),
    ranks: parents.map((_, rank) => rank).filter(() => picks.next().value % 3 === 0),
  })),
  pipeline: samplePipeline({ layout, shard }),
  options: { batches },
}));

Deno.test("shards and batches partition parents and granules, and every need is in a shard", () => {
  fc.assert(
    fc.property(selections, ({ parents, granules, pipeline, options }) => {
      const plan = planRun(selectionOf(parents, granules), pipeline, options);
      const shardOf = shardOfRank(plan.store);
      const ranks = plan.shards.flatMap(({ firstRank, endRank, index }) => {
        assert.ok(endRank - firstRank <= plan.store.parentsPerShard);
        const own = Array.from({ length: endRank - firstRank }, (_, i) => firstRank + i);
        assert.ok(own.every((rank) => shardOf(rank) === index));
        return own;
      });
      assert.deepEqual(ranks, parents.map((_, rank) => rank));
      if (pipeline.output.layout === "sphere") {
        // A place in a sphere follows from the id alone.
        for (const { index, firstRank } of plan.shards) {
          assert.equal(index, Math.floor(parents[firstRank] / plan.store.parentsPerShard));
        }
      }
      for (const { index, granules: needed } of plan.shards) {
        assert.deepEqual(
          needed,
          plan.granules.map((_, g) => g).filter((g) => plan.ranks[g].some((rank) => shardOf(rank) === index)),
        );
      }
      const batched = plan.batches.flatMap(({ granules }) => granules);
      assert.deepEqual(batched, plan.granules.map((_, g) => g));
      assert.ok(plan.batches.every(({ granules }) => granules.length > 0));
      if (options.batches !== undefined) {
        assert.equal(plan.batches.length, Math.min(options.batches, granules.length));
      }
      for (const list of [plan.shards, plan.batches]) {
        assert.equal(new Set(list.map(({ key }) => key)).size, list.length, "keys differ");
      }
    }),
    { seed: 20, numRuns: 60 },
  );
});

Deno.test("the order of the selection's granules does not matter", () => {
  fc.assert(
    fc.property(selections, fc.infiniteStream(fc.nat()), ({ parents, granules, pipeline, options }, keys) => {
      const shuffled = granules.map((granule) => ({ granule, key: keys.next().value }))
        .sort((a, b) => a.key - b.key).map(({ granule }) => granule);
      assert.equal(
        planJson(planRun(selectionOf(parents, shuffled), pipeline, options)),
        planJson(planRun(selectionOf(parents, granules), pipeline, options)),
      );
    }),
    { seed: 21, numRuns: 40 },
  );
});

Deno.test("a plan is data: it comes back from JSON as it was", () => {
  const plan = plannedWith();
  const back = JSON.parse(planJson(plan)) as Plan;
  for (const part of ["key", "store", "ranks", "shards", "batches", "pipeline", "leftOut"] as const) {
    assert.deepEqual(back[part], JSON.parse(JSON.stringify(plan[part])), part);
  }
});

const PARENTS = [10, 11, 12, 13, 500, 501, 502, 503];

interface Change {
  pipeline?: (pipeline: Pipeline) => Pipeline;
  row?: Partial<GranuleRow>;
  ranks?: number[];
  parents?: number[];
  levels?: number[];
  batches?: number;
}

/** Two shards of four parents; granule a in both, b in the second only. Changes are made to b. */
function plannedWith({ pipeline, row, ranks, parents, levels, batches }: Change = {}): Plan {
  const selection = selectionOf(parents ?? PARENTS, [
    { row: granuleRow("a.h5"), ranks: [0, 1, 5] },
    { row: granuleRow("b.h5", row), ranks: ranks ?? [5, 6] },
  ]);
  return planRun(selection, (pipeline ?? ((same) => same))(samplePipeline({ shard: 4 })), {
    levels,
    batches: batches ?? 2,
  });
}

const dataSource = (changes: Partial<Pipeline["dataSource"]>) => (pipeline: Pipeline): Pipeline => ({
  ...pipeline,
  dataSource: { ...pipeline.dataSource, ...changes },
});
const output = (changes: Partial<Pipeline["output"]>) => (pipeline: Pipeline): Pipeline => ({
  ...pipeline,
  output: { ...pipeline.output, ...changes },
});

const irrelevant: Record<string, Change> = {
  "the driver": { pipeline: dataSource({ driver: "https" }) },
  "the globs that the config fits": { pipeline: dataSource({ collections: ["ATL0?.*"] }) },
  "the store's place": { pipeline: output({ store: "s3://elsewhere/x.zarr" }) },
  "the config's name": { pipeline: (pipeline) => ({ ...pipeline, name: "mine.yaml" }) },
  "the catalog's place": { pipeline: (pipeline) => ({ ...pipeline, catalog: "other.parquet" }) },
  "bounds that select the same": {
    pipeline: (pipeline) => ({ ...pipeline, bounds: { ...pipeline.bounds, startDate: "2018-10-14" } }),
  },
  "where a granule lies": { row: { local_base: null, https_base: "https://example.org/", path: "d/b.h5" } },
  "a granule's provider and times": { row: { provider: "NSIDC_CPRD", start_datetime: 5, end_datetime: 6 } },
  "a granule's footprint": { row: { cells: BigUint64Array.of(1n, 2n), cell_order: 7 } },
};

for (const [what, change] of Object.entries(irrelevant)) {
  Deno.test(`no key depends on ${what}`, () => {
    const before = plannedWith(), after = plannedWith(change);
    assert.equal(after.key, before.key);
    assert.deepEqual(after.shards.map(({ key }) => key), before.shards.map(({ key }) => key));
    assert.deepEqual(after.batches.map(({ key }) => key), before.batches.map(({ key }) => key));
  });
}

const [statistic, ...others] = samplePipeline().aggregation.statistics;
/** Which keys change: of the plan always; of the shards and of the batches, each as a list. */
const relevant: Record<string, { change: Change; shards: boolean[]; batches: boolean[] }> = {
  "a statistic's parameter": {
    change: {
      pipeline: (pipeline) => ({
        ...pipeline,
        aggregation: {
          ...pipeline.aggregation,
          statistics: [{ ...statistic, params: { ...statistic.params, ddof: 1 } }, ...others],
        },
      }),
    },
    shards: [true, true],
    batches: [true, true],
  },
  "a filter": {
    change: { pipeline: dataSource({ filters: [] }) },
    shards: [true, true],
    batches: [true, true],
  },
  "the groups": {
    change: { pipeline: dataSource({ groups: ["gt1l"] }) },
    shards: [true, true],
    batches: [true, true],
  },
  "the latitude convention": {
    change: { pipeline: output({ latitude: "geodetic" }) },
    shards: [true, true],
    batches: [true, true],
  },
  "the child order": {
    change: { pipeline: output({ childOrder: 11 }) },
    shards: [true, true],
    batches: [true, true],
  },
  "the levels": { change: { levels: [12, 9] }, shards: [true, true], batches: [false, false] },
  "one granule's size": { change: { row: { size_bytes: 7 } }, shards: [false, true], batches: [false, true] },
  "one granule's checksum": {
    change: { row: { checksum: "md5:00" } },
    shards: [false, true],
    batches: [false, true],
  },
  "one granule's revision": {
    change: { row: { revision: 2 } },
    shards: [false, true],
    batches: [false, true],
  },
  "the parents that one granule has": {
    change: { ranks: [5, 7] },
    shards: [false, true],
    batches: [false, true],
  },
  "the parents of one shard": {
    change: { parents: [10, 11, 12, 13, 500, 501, 502, 504] },
    shards: [false, true],
    batches: [true, true],
  },
  "the parents a shard": {
    change: { pipeline: output({ shard: 8 }) },
    shards: [true],
    batches: [false, false],
  },
};

for (const [what, { change, shards, batches }] of Object.entries(relevant)) {
  Deno.test(`keys change with ${what}, of the tasks that it concerns`, () => {
    const before = plannedWith(), after = plannedWith(change);
    assert.notEqual(after.key, before.key);
    assert.deepEqual(after.shards.map(({ key }, s) => key !== before.shards[s].key), shards);
    assert.deepEqual(after.batches.map(({ key }, b) => key !== before.batches[b].key), batches);
  });
}

Deno.test("levels come from fine to coarse, the child order among them", () => {
  assert.deepEqual(plannedWith({ levels: [6, 9, 9, 7] }).store.levels, [12, 9, 7, 6]);
  assert.deepEqual(plannedWith().store.levels, [12]);
});

Deno.test("what cannot be planned is refused with what to do", () => {
  const refused = (change: Change, message: RegExp) => assert.throws(() => plannedWith(change), message);
  refused({ pipeline: output({ childOrder: 5 }) }, /child_order 5 is coarser than parent_order 6/);
  refused({ pipeline: output({ parentOrder: 0, childOrder: 13 }) }, /raise parent_order to 1 or more/);
  refused({ levels: [13] }, /level 13 is not between 0 and the child order 12/);
  refused({ levels: [7.5] }, /level 7.5 is not/);
  assert.throws(() => planRun(selectionOf([], []), samplePipeline()), /nothing to aggregate/);
  assert.throws(() => planRun(selectionOf([1], []), samplePipeline()), /nothing to aggregate/);
});

Deno.test("arrays of quantiles above the parents say that ranks, not values, have a bound", () => {
  const { store } = plannedWith({ levels: [12, 5] });
  const documents = storeMetadata(store);
  const attributes = (key: string) => JSON.parse(documents.get(`${key}/zarr.json`)!).attributes;
  assert.match(
    attributes("5/h_q50").rank_error,
    /rank is off by at most 0\.62 % of the values of the cell, and by 0\.02 % more/,
  );
  assert.equal(attributes("12/h_q50").rank_error, undefined);
  assert.equal(attributes("5/h_mean").rank_error, undefined);
});
