import assert from "node:assert/strict";
import { planRun } from "../../../../aggregate/plan/plan.ts";
import { resumeDifferences } from "../../../../aggregate/plan/resumable.ts";
import { granuleRow, samplePipeline, selectionOf } from "../engine/sample_run.ts";

const granule = (n: number, ranks: number[], size_bytes = n) => ({
  row: granuleRow(`g${n}.h5`, { size_bytes }),
  ranks,
});
const planOf = (parents: number[], granules: ReturnType<typeof granule>[], output = {}) =>
  planRun(selectionOf(parents, granules), samplePipeline(output), {});

Deno.test("a run may be resumed by itself, and by more granules over more parents", () => {
  const then = planOf([1, 2], [granule(1, [0]), granule(2, [1])]);
  assert.deepEqual(resumeDifferences(then, then), []);
  const more = planOf([1, 2, 3], [granule(1, [0]), granule(2, [1]), granule(3, [2])]);
  assert.deepEqual(resumeDifferences(then, more), []);
  assert.match(
    resumeDifferences(more, then).join("; "),
    /1 granule of that run are not selected \(g3/,
  );
});

Deno.test("a granule that has changed may take its parents with it, an unchanged one may not", () => {
  const then = planOf([1, 2], [granule(1, [0]), granule(2, [1])]);
  const changed = planOf([1], [granule(1, [0]), granule(2, [0], 99)]);
  assert.deepEqual(resumeDifferences(then, changed), []);
  const narrowed = planOf([1], [granule(1, [0]), granule(2, [0])]);
  assert.match(resumeDifferences(then, narrowed).join("; "), /1 parent cell of that run/);
});

Deno.test("what differs of the config is named by its path", () => {
  const then = planOf([1], [granule(1, [0])], { childOrder: 10 });
  const now = planOf([1], [granule(1, [0])], { childOrder: 11 });
  assert.match(
    resumeDifferences(then, now).join("; "),
    /config: output\.childOrder; levels 11 instead of 10/,
  );
});
