import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonBytes } from "../../../core/json_bytes.ts";

Deno.test("lists of whole numbers are JSON.stringify's bytes, in memory that is used again", () => {
  const json = new JsonBytes();
  const whole = fc.oneof(fc.nat(200), fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(fc.property(fc.array(fc.array(whole, { maxLength: 3000 }), { maxLength: 4 }), (lists) => {
    json.clear();
    json.ascii("[");
    lists.forEach((list, i) => {
      if (i > 0) json.ascii(",");
      json.wholes(list);
    });
    json.ascii("]");
    assert.equal(new TextDecoder().decode(json.view()), JSON.stringify(lists));
  }));
});

Deno.test("a part of a list counts from its own beginning", () => {
  const json = new JsonBytes();
  json.wholes(Uint32Array.of(5, 100, 107, 1100, 9000), 1, 4, 100);
  assert.equal(new TextDecoder().decode(json.view()), "[0,7,1000]");
});
