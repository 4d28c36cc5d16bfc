import assert from "node:assert/strict";
import fc from "fast-check";
import {
  readThrift,
  THRIFT,
  type ThriftStruct,
  writeThrift,
} from "../../../../core/tables/thrift_compact.ts";

Deno.test("structs are read as the compact protocol lays them out", () => {
  // By the protocol's text: i32 1 as member 1, "ab" as 2, true as 20 (told in full), two i64 in a list as 21.
  const bytes = Uint8Array.of(0x15, 2, 0x18, 2, 0x61, 0x62, 0x01, 40, 0x19, 0x26, 0x01, 0xac, 2, 0);
  const struct = readThrift(bytes);
  assert.deepEqual(
    struct,
    new Map<number, unknown>([
      [1, { type: THRIFT.i32, value: 1n }],
      [2, { type: THRIFT.binary, value: Uint8Array.of(0x61, 0x62) }],
      [20, { type: THRIFT.true, value: true }],
      [21, { type: THRIFT.list, value: { type: THRIFT.i64, values: [-1n, 150n] } }],
    ]),
  );
  assert.deepEqual(writeThrift(struct), bytes);
});

Deno.test("integers of any size, and long lists, come back as they were written", () => {
  const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(fc.array(int), fc.integer({ min: 1, max: 32_000 }), fc.uint8Array(), (values, at, bytes) => {
      const struct: ThriftStruct = new Map([
        [at, { type: THRIFT.list, value: { type: THRIFT.i64, values } }],
        [at + 1, { type: THRIFT.binary, value: bytes }],
      ]);
      assert.deepEqual(readThrift(writeThrift(struct)), struct);
    }),
  );
});

Deno.test("bytes that are no struct are refused before memory is taken for them", () => {
  const hostile = {
    "a list of 2^60 values": [0x19, 0xf6, ...Array(8).fill(0xff), 0x0f],
    "a text beyond the end": [0x18, 0x7f, 1, 2],
    "a number without end": [0x16, ...Array(30).fill(0xff)],
    "an unknown type": [0x1b, 0],
    "nothing": [],
    "structs without end": Array(2000).fill(0x1c),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    assert.throws(() => readThrift(Uint8Array.from(bytes)), RangeError, what);
  }
});
