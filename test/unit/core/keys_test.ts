import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, keyOf, keyOfText, keysUnder } from "../../../core/keys.ts";

/** As its rule says: every object's keys in order, what is undefined left out, element by element. */
function byRule(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(byRule).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).sort();
    const record = value as Record<string, unknown>;
    const parts = keys.filter((key) => record[key] !== undefined).map((key) =>
      `${JSON.stringify(key)}:${byRule(record[key])}`
    );
    return `{${parts.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

Deno.test("any value has the text of the rule, whatever lists and objects stand in each other", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(undefined, null, NaN, Infinity, -0, true),
      fc.double(),
      fc.string(),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  fc.assert(fc.property(value, (given) => assert.equal(canonicalJson(given), byRule(given))), {
    numRuns: 300,
  });
});

Deno.test("the order of an object's keys does not matter, that of a list does", () => {
  assert.equal(keyOf([{ a: 1, b: [2, { d: 3, c: 4 }] }]), keyOf([{ b: [2, { c: 4, d: 3 }], a: 1 }]));
  assert.notEqual(keyOf([1, 2]), keyOf([2, 1]));
});

Deno.test("a key is the head of the text's SHA-256", () => {
  // printf '{"a":[1,2],"b":"x"}' | sha256sum
  assert.equal(keyOf({ b: "x", a: [1, 2], c: undefined }), "d0f56dda38d34376527524ddd98f7ec1");
});

Deno.test("keys of lists that begin alike are the keys of the whole lists", () => {
  const base = { b: [1, 2], a: { d: null, c: "x" } };
  const under = keysUnder(base);
  const lists: unknown[][] = [[], [1], [[["g", [3, 4]]], undefined], [{ z: 1, y: [2] }, "é"]];
  for (const values of lists) assert.equal(under(...values.map(canonicalJson)), keyOf([base, ...values]));
  assert.equal(under("1", new TextEncoder().encode("[2]"), "3"), keyOf([base, 1, [2], 3]));
  assert.equal(keyOfText(canonicalJson(base)), keyOf(base));
});
