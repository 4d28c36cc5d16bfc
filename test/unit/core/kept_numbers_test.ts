import assert from "node:assert/strict";
import { giveNumbers, takeNumbers } from "../../../core/kept_numbers.ts";

Deno.test("arrays that were given back are used again, each by one, those of a length that was asked for", () => {
  const [one, other] = [takeNumbers(65_536), takeNumbers(65_536)];
  assert.notEqual(one, other);
  giveNumbers(one, other);
  assert.equal(takeNumbers(65_535).length, 65_535);
  const again = new Set([takeNumbers(65_536), takeNumbers(65_536), takeNumbers(65_536)]);
  assert.equal(again.size, 3);
  assert.ok(again.has(one) && again.has(other));
});

Deno.test("few arrays are kept, and none that is very long", () => {
  const long = takeNumbers(1 << 20);
  giveNumbers(long);
  assert.notEqual(takeNumbers(1 << 20), long);
  const many: Float64Array[] = Array.from({ length: 20 }, () => new Float64Array(5000));
  giveNumbers(...many);
  const taken = Array.from({ length: 20 }, () => takeNumbers(5000));
  const used = taken.filter((one) => many.includes(one)).length;
  assert.ok(used > 0 && used < 10, `${used} of 20`);
});
