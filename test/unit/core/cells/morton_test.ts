import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { cellName, mortonName, parseCellAt, parseCellName } from "../../../../core/cells/cell_name.ts";
import {
  decimalFromNested,
  nestedFromDecimal,
  nestedFromPacked,
  packedFromNested,
} from "../../../../core/cells/morton.ts";
import { hasSharedData } from "../../../shared_data.ts";
import { readExactJson } from "./healpix_tables.ts";

Deno.test(
  "all 1,080 published packed words and their decimals, both ways",
  { ignore: !hasSharedData },
  () => {
    const { records } = readExactJson("healpix/packed_u64_golden.json");
    assert.equal(records.length, 1080);
    for (const record of records) {
      const nested = BigInt(record.nested);
      const word = BigInt(record.word);
      assert.equal(packedFromNested(nested, record.order), word);
      assert.deepEqual(nestedFromPacked(word), { order: record.order, nested });
      if (record.order <= 18) {
        assert.equal(String(decimalFromNested(nested, record.order)), record.decimal_repr);
        assert.deepEqual(nestedFromDecimal(BigInt(record.decimal_repr)), { order: record.order, nested });
      }
    }
  },
);

Deno.test("words that no cell has are refused", () => {
  for (const word of [0n, 1n, 13n << 60n, 1n << 60n | 1n << 6n | 3n, -1n, 1n << 64n]) {
    assert.throws(() => nestedFromPacked(word), GranaryError, String(word));
  }
  for (const id of [0n, 7n, -7n, 15n, 10n, 11111111111111111111n]) {
    assert.throws(() => nestedFromDecimal(id), GranaryError, String(id));
  }
  assert.throws(() => decimalFromNested(0n, 19), RangeError);
  assert.throws(() => packedFromNested(12n, 0), RangeError);
});

Deno.test("cells are read and written by nested id and by morton id", () => {
  assert.deepEqual(parseCellName("6/45763"), { order: 6, nested: 45763n });
  assert.deepEqual(parseCellName(" -6134114 "), { order: 6, nested: 45763n });
  assert.deepEqual(parseCellName("3111111"), { order: 6, nested: 8192n });
  assert.deepEqual(parseCellName("29/3458764513820540927"), { order: 29, nested: 3458764513820540927n });
  assert.equal(cellName(45763, 6), "6/45763");
  assert.equal(mortonName(45763n, 6), "-6134114");
  assert.equal(mortonName(5n, 19), "19/5");
  assert.equal(parseCellAt("6/45763", 6), 45763n);
});

Deno.test("a name that is no cell is refused with what a cell looks like", () => {
  const cases: [string, RegExp][] = [
    ["6/49152", /order 6 has the cells 6\/0 to 6\/49151/],
    ["30/1", /order 30 is beyond the deepest order, 29/],
    ["45763", /6\/45763/],
    ["7111", /first digit is 1 to 6/],
    ["11111111111111111111", /morton ids go to order 18 \(19 digits\), this one has 20 digits/],
    ["north", /neither order\/nested, such as 6\/45763, nor a morton id/],
    ["6/-1", /neither/],
    ["", /neither/],
    ["6/1.5", /neither/],
  ];
  for (const [name, message] of cases) {
    assert.throws(() => parseCellName(name), (error: Error) => {
      assert.ok(error instanceof GranaryError && error.tag === "input");
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => parseCellAt("7/183052", 6), /order 7 \(wanted order 6; it lies in 6\/45763\)/);
  assert.throws(() => parseCellAt("5/3", 6), /it has 4 cells of that order, from 6\/12/);
});
