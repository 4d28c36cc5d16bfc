import assert from "node:assert/strict";
import fc from "fast-check";
import { RowLists } from "../../../../catalog/cell_index/row_lists.ts";

Deno.test("lists that grow side by side come back as they were, over blocks and wide gaps", () => {
  const gap = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 4 },
    fc.integer({ min: 1, max: 3_000_000 }),
  );
  const step = fc.tuple(fc.nat(7), gap);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const lists = new RowLists();
      const expected = new Map<number, number[]>();
      let row = 0;
      for (const [list, gap] of steps) {
        row += gap;
        const known = [...expected.keys()][list];
        if (known === undefined) expected.set(lists.add(row), [row]);
        else {
          lists.append(known, row);
          lists.append(known, row);
          expected.get(known)!.push(row);
        }
      }
      assert.equal(lists.size, expected.size);
      for (const [list, rows] of expected) {
        const read = new Uint32Array(lists.length(list) + 2);
        lists.read(list, read, 1);
        assert.deepEqual([...read], [0, ...rows, 0]);
      }
    }),
    { numRuns: 60 },
  );
});
