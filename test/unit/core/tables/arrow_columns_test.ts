import assert from "node:assert/strict";
import { makeVector } from "apache-arrow";
import fc from "fast-check";
import { uint32ListColumn, utf8Column } from "../../../../core/tables/arrow_columns.ts";

/** What stands in UTF-8 for a string: halves of pairs that are alone become U+FFFD. */
const asUtf8 = (text: string) => new TextDecoder().decode(new TextEncoder().encode(text));

const texts = fc.array(
  fc.option(fc.oneof(fc.string({ unit: "grapheme-ascii" }), fc.string({ unit: "binary" }))),
);

Deno.test("a column of text holds each string as UTF-8, whatever its characters are", () => {
  fc.assert(fc.property(texts, (values) => {
    const column = makeVector(utf8Column(values));
    assert.deepEqual([...column], values.map((text) => text === null ? null : asUtf8(text)));
  }));
});

Deno.test("two halves of a pair in strings side by side do not become one character", () => {
  assert.deepEqual([...makeVector(utf8Column(["a\ud83d", null, "\ude00b"]))], ["a\ufffd", null, "\ufffdb"]);
});

Deno.test("lists of numbers below 2^32 come out of their column as they went in, and null is no empty list", () => {
  const lists = fc.array(fc.option(fc.bigUint64Array({ max: 2n ** 32n - 1n })));
  fc.assert(fc.property(lists, (values) => {
    const found = [...makeVector(uint32ListColumn(values))].map((list) =>
      list && Array.from(list, (value) => BigInt(value!))
    );
    assert.deepEqual(found, values.map((list) => list && [...list]));
  }));
});
