import assert from "node:assert/strict";
import fc from "fast-check";
import { numbersAtRanks } from "../../../core/select_ranks.ts";

Deno.test("numbers at ranks are those of the sorted whole, however little is held at once", async () => {
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: -3, max: 3 }).map((n) => n / 2),
    fc.constantFrom(-Infinity, Infinity, 0, 5e-324, -5e-324, 1 + 2 ** -52),
  );
  await fc.assert(fc.asyncProperty(
    fc.array(number, { minLength: 1, maxLength: 200 }),
    fc.integer({ min: 1, max: 250 }),
    fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 1, max: 50 }),
    async (numbers, held, picks, chunk) => {
      const ranks = picks.map((pick) => pick % numbers.length);
      const sorted = Float64Array.from(numbers).sort();
      async function* passes() {
        for (let at = 0; at < numbers.length; at += chunk) {
          yield await Promise.resolve(Float64Array.from(numbers.slice(at, at + chunk)));
        }
      }
      const found = await numbersAtRanks(passes, numbers.length, ranks, held);
      assert.deepEqual([...found], ranks.map((rank) => sorted[rank]));
    },
  ));
});
