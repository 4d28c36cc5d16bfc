import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeRuns, spansOf } from "../../../../core/observations/row_runs.ts";

/** Cells of rows along a track: stretches of one cell, some without a place. */
const cells = fc.array(fc.tuple(fc.integer({ min: -1, max: 5 }), fc.integer({ min: 1, max: 9 })), {
  maxLength: 30,
})
  .map((stretches) =>
    Float64Array.from(stretches.flatMap(([cell, rows]) => new Array<number>(rows).fill(cell)))
  );

Deno.test("every row with a place is in exactly one run, of its cell; rows without one are in none", () => {
  fc.assert(
    fc.property(cells, (rows) => {
      const runs = encodeRuns("gt1l", rows);
      const decoded = new Float64Array(rows.length).fill(-1);
      runs.cell.forEach((cell, i) => {
        for (let row = runs.first[i]; row < runs.first[i] + runs.rows[i]; row++) {
          assert.equal(decoded[row], -1, "in one run only");
          decoded[row] = cell;
        }
      });
      assert.deepEqual(decoded, rows);
      assert.ok(runs.first.every((first, i) => i === 0 || first >= runs.first[i - 1] + runs.rows[i - 1]));
      assert.ok(runs.rows.every((count) => count > 0));
      // As few as can be: neighbours differ in cell or do not touch.
      for (let i = 1; i < runs.cell.length; i++) {
        assert.ok(runs.cell[i] !== runs.cell[i - 1] || runs.first[i] > runs.first[i - 1] + runs.rows[i - 1]);
      }
    }),
    { seed: 50 },
  );
});

Deno.test("spans hold every run, ascend, and lie further apart than the gap, in whatever order the runs come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 20 })), { maxLength: 30 }),
      fc.nat(30),
      (list, gap) => {
        const runs = {
          first: Uint32Array.from(list, ([f]) => f),
          rows: Uint32Array.from(list, ([, n]) => n),
        };
        const spans = spansOf(runs, gap);
        spans.forEach(({ start, count }, i) => {
          assert.ok(i === 0 || start > spans[i - 1].start + spans[i - 1].count + gap);
          assert.ok(list.some(([first]) => first === start), "begins with a run");
          assert.ok(list.some(([first, rows]) => first + rows === start + count), "ends with a run");
        });
        for (const [first, rows] of list) {
          assert.ok(spans.some(({ start, count }) => start <= first && first + rows <= start + count));
        }
        // What is read along lies between runs that are no further apart than the gap.
        const wanted = new Set(
          list.flatMap(([first, rows]) => Array.from({ length: rows }, (_, i) => first + i)),
        );
        for (const { start, count } of spans) {
          let idle = 0;
          for (let row = start; row < start + count; row++) {
            idle = wanted.has(row) ? 0 : idle + 1;
            assert.ok(idle <= gap);
          }
        }
      },
    ),
    { seed: 51 },
  );
});
