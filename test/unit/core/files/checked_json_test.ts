import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  decodeCheckedJson,
  encodeCheckedJson,
  encodeCheckedParts,
} from "../../../../core/files/checked_json.ts";

Deno.test("a text that comes in parts has the bytes of the whole, also where it is longer than a chunk", () => {
  const long = JSON.stringify({ a: "é".repeat(1_500_000), b: [1, 2] });
  for (const [text, size] of [['{"a":1}', 1], ['{"a":1}', 3], [long, 700_001]] as const) {
    const parts = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, i) => text.slice(i * size, (i + 1) * size),
    );
    const chunks = encodeCheckedParts(parts);
    assert.equal(Buffer.compare(Buffer.concat(chunks), encodeCheckedJson(text)), 0);
    assert.deepEqual(decodeCheckedJson(Buffer.concat(chunks)), JSON.parse(text));
  }
  assert.ok(encodeCheckedParts([long.slice(0, 1_200_000), long.slice(1_200_000)]).length > 2);
});

Deno.test("a changed byte, and a text without its checksum, are told", () => {
  const bytes = encodeCheckedJson('{"a":"é"}');
  assert.deepEqual(decodeCheckedJson(bytes), { a: "é" });
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    assert.throws(() => decodeCheckedJson(changed), SyntaxError);
  }
  assert.throws(() => decodeCheckedJson(new TextEncoder().encode('{"a":1}')), /checksum is missing/);
});
