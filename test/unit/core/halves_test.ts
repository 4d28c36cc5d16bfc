import assert from "node:assert/strict";
import { readableHalves } from "../../../core/halves.ts";

/** Of each id the remainder by 2^32 and the quotient. */
const expected = (ids: BigUint64Array) =>
  [...ids].flatMap((id) => [Number(id % 2n ** 32n), Number(id / 2n ** 32n)]);

Deno.test("halves of ids are those of the numbers, of arrays short and long and of parts of others", () => {
  for (const length of [0, 1, 3, 4096, 4097, 10_000]) {
    const ids = BigUint64Array.from({ length }, (_, i) => 2n ** 64n - 1n - BigInt(i) * 7_919_000_001n);
    for (const some of [ids, ids.subarray(1), ids.subarray(length >> 1)]) {
      assert.deepEqual([...readableHalves(some).subarray(0, 2 * some.length)], expected(some));
    }
  }
});
