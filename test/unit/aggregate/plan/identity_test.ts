import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalJson, keyOf } from "../../../../core/keys.ts";

/** The same value with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reversed(inner)]));
}

Deno.test("equal values give equal text whatever order their keys were set in, and it is their JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(canonicalJson(reversed(value)), canonicalJson(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
    { seed: 12 },
  );
});

Deno.test("different values give different text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      fc.pre(!sameJson(a, b));
      assert.notEqual(canonicalJson(a), canonicalJson(b));
    }),
    { seed: 13 },
  );
});

function sameJson(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) return false;
    throw error;
  }
}

Deno.test("a key is the beginning of the SHA-256 of that text", () => {
  const text = '{"a":[1,null,"é"],"b":true}';
  assert.equal(
    keyOf({ b: true, a: [1, null, "é"], c: undefined }),
    createHash("sha256").update(text).digest("hex").slice(0, 32),
  );
});
