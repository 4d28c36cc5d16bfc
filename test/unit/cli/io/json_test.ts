import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { toJson } from "../../../../cli/io/json.ts";

Deno.test("64-bit ids keep every digit, as decimal strings", () => {
  assert.equal(toJson({ id: 9007199254740993n }, 0), '{"id":"9007199254740993"}');
  assert.equal(toJson(BigUint64Array.of(18446744073709551615n), 0), '["18446744073709551615"]');
});

Deno.test("bytes are hex, typed arrays are lists, maps are objects, sets are lists", () => {
  assert.equal(toJson(Uint8Array.of(0, 15, 255), 0), '"000fff"');
  assert.equal(toJson({ b: Buffer.from([1, 2]) }, 0), '{"b":"0102"}');
  assert.equal(toJson(Float32Array.of(0.5, 2), 0), "[0.5,2]");
  assert.equal(toJson(new Map([["a", 1n]]), 0), '{"a":"1"}');
  assert.equal(toJson(new Set([1, 2]), 0), "[1,2]");
});

Deno.test("what JSON cannot say is null, and times are ISO 8601", () => {
  assert.equal(toJson([NaN, Infinity, null], 0), "[null,null,null]");
  assert.equal(toJson(undefined), "null");
  assert.equal(toJson({ t: new Date(0) }, 0), '{"t":"1970-01-01T00:00:00.000Z"}');
});
