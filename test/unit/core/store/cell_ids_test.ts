import assert from "node:assert/strict";
import fs from "node:fs";
import fc from "fast-check";
import { checkMortonOrder, writeCellIds, writeMortonIds } from "../../../../core/store/cell_ids.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

/** The nested ids of a parent's descendants. */
function cellIdsChunk(parent: bigint, parentOrder: number, order: number): BigUint64Array {
  const count = 4 ** (order - parentOrder);
  const ids = new BigUint64Array(count);
  writeCellIds(ids, 0, count, parent * BigInt(count));
  return ids;
}

/** The morton ids of a parent's descendants, in nested order. */
function mortonChunk(parent: bigint, parentOrder: number, order: number, dtype: "int64" | "uint64") {
  checkMortonOrder(dtype, order);
  const depth = order - parentOrder;
  const ids = dtype === "int64" ? new BigInt64Array(4 ** depth) : new BigUint64Array(4 ** depth);
  writeMortonIds(ids, 0, depth, parent << BigInt(2 * depth), order);
  return ids;
}

/** A parent order, a deeper order, and a parent anywhere on the sphere. */
const parents = (deepest: number) =>
  fc.tuple(
    fc.integer({ min: 0, max: deepest }),
    fc.integer({ min: 0, max: 5 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
    .map(([order, depth, place]) => {
      const parentOrder = Math.max(0, order - depth);
      const cells = 12n * 4n ** BigInt(parentOrder);
      const parent = BigInt(Math.floor(place * 1e6)) * (cells - 1n) / 1000000n;
      return { parentOrder, order, parent };
    });

Deno.test("the cells of a parent are consecutive nested ids, exact at every order", () => {
  fc.assert(fc.property(parents(29), ({ parentOrder, order, parent }) => {
    const ids = cellIdsChunk(parent, parentOrder, order);
    const first = parent * 4n ** BigInt(order - parentOrder);
    ids.forEach((id, i) => assert.equal(id, first + BigInt(i)));
  }));
});

/** The definition of the signed decimal id, digit by digit. */
function decimalMorton(nested: bigint, order: number): bigint {
  const base = Number(nested / 4n ** BigInt(order));
  let text = String(base < 6 ? base + 1 : base - 5);
  for (let digit = order - 1; digit >= 0; digit--) {
    text += String(Number(nested >> BigInt(2 * digit) & 3n) + 1);
  }
  return BigInt(base < 6 ? text : `-${text}`);
}

Deno.test("signed decimal morton ids follow their definition at orders 0 to 18", () => {
  fc.assert(fc.property(parents(18), ({ parentOrder, order, parent }) => {
    const ids = mortonChunk(parent, parentOrder, order, "int64");
    const first = parent * 4n ** BigInt(order - parentOrder);
    ids.forEach((id, i) => assert.equal(id, decimalMorton(first + BigInt(i), order)));
  }));
  assert.deepEqual([...mortonChunk(45763n, 6, 6, "int64")], [-6134114n]);
  assert.deepEqual([...mortonChunk(8192n, 6, 6, "int64")], [3111111n]);
});

Deno.test("the signed decimal id is refused past order 18", () => {
  assert.throws(() => mortonChunk(0n, 13, 19, "int64"), /ends at order 18 .* use dtype uint64/);
});

Deno.test({
  name: "packed morton ids are those of the published records, alone and among their siblings",
  ignore: !hasSharedData,
  fn() {
    const text = fs.readFileSync(sharedData("healpix/packed_u64_golden.json"), "utf8");
    // Words pass 2^53: keep their digits.
    const records: { order: number; nested: string; word: string }[] = JSON.parse(
      text.replace(/"(nested|word)": (\d+)/g, '"$1": "$2"'),
    ).records;
    assert.equal(records.length, 1080);
    for (const { order, nested, word } of records) {
      for (const depth of [0, 1, 3]) {
        if (order < depth) continue;
        const parent = BigInt(nested) >> BigInt(2 * depth);
        const ids = mortonChunk(parent, order - depth, order, "uint64");
        assert.equal(ids[Number(BigInt(nested) - (parent << BigInt(2 * depth)))], BigInt(word));
      }
    }
  },
});
