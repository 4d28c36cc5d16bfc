import assert from "node:assert/strict";
import { planRun } from "../../../../aggregate/plan/plan.ts";
import { type RunProgress, Tally } from "../../../../aggregate/run/tally.ts";
import { granuleRow, samplePipeline, selectionOf } from "../engine/sample_run.ts";

function progressOf(sizes: (number | null)[]): RunProgress {
  const granules = sizes.map((size_bytes, i) => ({
    row: granuleRow(`g${i}.h5`, { size_bytes }),
    ranks: [0],
  }));
  const seen: RunProgress[] = [];
  const tally = new Tally(
    planRun(selectionOf([1], granules), samplePipeline({}), {}),
    (state) => seen.push(state),
  );
  tally.failed({ granule: 0, reason: "gone" });
  return seen[0];
}

Deno.test("progress in bytes is of sizes that the catalog knows, and of none where it does not know one", () => {
  const known = progressOf([10, 20]);
  assert.deepEqual([known.bytes, known.bytesTotal, known.granules], [10, 30, 1]);
  const unknown = progressOf([10, null]);
  assert.deepEqual([unknown.bytes, unknown.bytesTotal, unknown.granules, unknown.granulesTotal], [
    null,
    null,
    1,
    2,
  ]);
});
