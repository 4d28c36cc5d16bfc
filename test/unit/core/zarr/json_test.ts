import assert from "node:assert/strict";
import { stringifyJson } from "../../../../core/zarr/json.ts";

Deno.test("bigints keep all their digits, and no text is taken for one", () => {
  const text = stringifyJson({ a: 18446744073709551615n, b: "\uE0000\uE000", c: [1n, -2n], d: 1.5 });
  assert.match(text, /"a": 18446744073709551615,/);
  const parsed = JSON.parse(text);
  assert.deepEqual(parsed.c, [1, -2]);
  assert.equal(typeof parsed.b, "string");
  assert.equal(parsed.d, 1.5);
  assert.ok(text.endsWith("}\n"));
});
