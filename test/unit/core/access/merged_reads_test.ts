import assert from "node:assert/strict";
import fc from "fast-check";
import { readMerged } from "../../../../core/access/merged_reads.ts";
import { countingSource } from "../../../support/memory_source.ts";

const BYTES = Uint8Array.from({ length: 2000 }, (_, i) => (i * 31) & 255);

Deno.test("ranges are read right, wherever they lie and however they are joined", async () => {
  const range = fc.record({ offset: fc.nat(1999), length: fc.nat(400) }).map(({ offset, length }) => ({
    offset,
    length: Math.min(length, BYTES.length - offset),
  }));
  await fc.assert(fc.asyncProperty(
    fc.array(range, { maxLength: 12 }),
    fc.nat(100),
    fc.integer({ min: 1, max: 500 }),
    async (ranges, gapBytes, longestBytes) => {
      const source = countingSource("bytes", BYTES);
      const read = (offset: number, length: number) => source.read(offset, length);
      const parts = await readMerged(read, ranges, { gapBytes, longestBytes });
      assert.deepEqual(parts, ranges.map(({ offset, length }) => BYTES.slice(offset, offset + length)));
      assert.ok(source.log.every(({ length }) => length <= longestBytes));
    },
  ));
});

Deno.test("ranges side by side are one read, and those apart are not", async () => {
  const source = countingSource("bytes", BYTES);
  const read = (offset: number, length: number) => source.read(offset, length);
  const ranges = [0, 100, 200, 301].map((offset) => ({ offset, length: 100 }));
  await readMerged(read, ranges, { gapBytes: 0, longestBytes: 1000 });
  assert.deepEqual(source.log, [{ offset: 0, length: 300 }, { offset: 301, length: 100 }]);
});
