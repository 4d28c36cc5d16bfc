import assert from "node:assert/strict";
import fc from "fast-check";
import { GranaryError } from "../../../../core/errors.ts";
import { parseLevels } from "../../../../aggregate/plan/levels.ts";

Deno.test("levels are written as ranges, lists and both, in any order", () => {
  assert.deepEqual(parseLevels("6-12"), [12, 11, 10, 9, 8, 7, 6]);
  assert.deepEqual(parseLevels("12-6"), [12, 11, 10, 9, 8, 7, 6]);
  assert.deepEqual(parseLevels("12,9,6"), [12, 9, 6]);
  assert.deepEqual(parseLevels(" 6 , 12 , 8 - 9, 9"), [12, 9, 8, 6]);
  assert.deepEqual(parseLevels("0"), [0]);
  assert.deepEqual(parseLevels("29"), [29]);
});

Deno.test("any list of orders comes back, each once, finest first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 29 }), { minLength: 1 }), (orders) => {
      assert.deepEqual(parseLevels(orders.join(",")), [...new Set(orders)].sort((a, b) => b - a));
    }),
    { seed: 30 },
  );
});

Deno.test("anything else is refused by name", () => {
  for (
    const text of ["", ",", "6-", "-6", "a", "6..12", "30", "6-30", "1.5", "6-12-14", "999", "6,,7", "1e1"]
  ) {
    assert.throws(
      () => parseLevels(text),
      (error: unknown) =>
        error instanceof GranaryError && error.tag === "input" && error.message.includes(`"${text}"`),
      text,
    );
  }
});
