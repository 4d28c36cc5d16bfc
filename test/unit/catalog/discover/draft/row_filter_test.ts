import assert from "node:assert/strict";
import fc from "fast-check";
import { meets } from "../../../../../catalog/discover/draft/row_filter.ts";

Deno.test("lists of cells meet exactly when a cell of one is, holds or lies in a cell of the other", () => {
  const list = (order: number) =>
    fc.uniqueArray(fc.integer({ min: 0, max: Math.min(12 * 4 ** order - 1, 200) }), { maxLength: 12 })
      .map((ids) => ids.sort((a, b) => a - b));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4 }).chain((order) => fc.tuple(fc.constant(order), list(order))),
      fc.integer({ min: 0, max: 4 }).chain((order) => fc.tuple(fc.constant(order), list(order))),
      ([aOrder, a], [bOrder, b]) => {
        // At order 4 every cell is a range of ids.
        const range = (id: number, order: number) =>
          [id * 4 ** (4 - order), (id + 1) * 4 ** (4 - order)] as const;
        const expected = a.some((one) => {
          const [from, to] = range(one, aOrder);
          return b.some((other) => {
            const [otherFrom, otherTo] = range(other, bOrder);
            return from < otherTo && otherFrom < to;
          });
        });
        assert.equal(
          meets(BigUint64Array.from(a, BigInt), aOrder, BigUint64Array.from(b, BigInt), bOrder),
          expected,
        );
      },
    ),
    { numRuns: 500 },
  );
});
