/** Numbers packed by their differences: the format's examples, and what another writer packs. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { Field, makeData, RecordBatch, Schema, Struct, Uint32, Uint64 } from "apache-arrow";
import fc from "fast-check";
import { writeRecordBatches } from "../../../../catalog/write/parquet_stream.ts";
import { readDeltas } from "../../../../core/tables/delta_packed.ts";
import { deltaPages, NotPlainError } from "../../../../core/tables/parquet_columns.ts";
import { parquetParts } from "../../../../core/tables/parquet_row_groups.ts";
import { withFolder } from "../../catalog/sample.ts";

Deno.test("the format's own examples are read", () => {
  // Blocks of 128 values in 4 parts; counts, first values and least differences as in "Delta Encoding".
  const ofOnes = Uint8Array.of(0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0);
  const ones = new Uint32Array(5);
  readDeltas(ofOnes, 0, ones);
  assert.deepEqual([...ones], [1, 2, 3, 4, 5]);
  const ofOthers = Uint8Array.of(0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b11000000, 0b00111111, 0, 0, 0, 0, 0, 0);
  const others = new Float64Array(8);
  readDeltas(ofOthers, 0, others);
  assert.deepEqual([...others], [7, 5, 3, 1, 2, 3, 4, 5]);
});

/** The page of values as parquet-wasm writes it, unpacked. */
async function packed(values: Uint32Array | BigUint64Array): Promise<Uint8Array> {
  return await withFolder(async (folder) => {
    const type = values instanceof Uint32Array ? new Uint32() : new Uint64();
    const fields = [new Field("value", type, false)];
    const { length } = values;
    const children = [makeData({ type: type as Uint32, length, data: values as Uint32Array })];
    const data = makeData({ type: new Struct(fields), length, children, nullCount: 0 });
    const file = path.join(folder, "values.parquet");
    const batches = [new RecordBatch(new Schema(fields), data)];
    async function* all() {
      yield* await Promise.resolve(batches);
    }
    await writeRecordBatches(file, all(), new Map(), { packing: "integers" });
    const [{ begin, end }] = parquetParts(file).groups;
    const [page, ...others] = deltaPages(fs.readFileSync(file).subarray(begin, end), 1e6);
    assert.equal(page.values, length);
    assert.equal(others.length, 0);
    return page.bytes;
  });
}

const SIZES = { minLength: 1, maxLength: 700 };

Deno.test("numbers of 32 bits are what another writer packed", async () => {
  const near = fc.array(fc.nat(300), SIZES).map((steps) => {
    let value = 0;
    return steps.map((step) => value += step);
  });
  const numbers = fc.oneof(fc.array(fc.nat(2 ** 31 - 1), SIZES), fc.array(fc.nat(4000), SIZES), near);
  await fc.assert(
    fc.asyncProperty(numbers, async (values) => {
      const found = new Uint32Array(values.length);
      readDeltas(await packed(Uint32Array.from(values)), 0, found);
      assert.deepEqual([...found], values);
    }),
    { numRuns: 40 },
  );
});

Deno.test("numbers of 64 bits that are exact are what another writer packed", async () => {
  const numbers = fc.array(fc.nat(2 ** 50), SIZES).map((values) => values.sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(numbers, async (values) => {
      const found = new Float64Array(values.length);
      readDeltas(await packed(BigUint64Array.from(values, BigInt)), 0, found);
      assert.deepEqual([...found], values);
    }),
    { numRuns: 40 },
  );
});

Deno.test("bytes that end too early, or are of another count, are refused", async () => {
  const values = Uint32Array.from({ length: 300 }, (_, i) => i * i % 1000);
  const bytes = await packed(values);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readDeltas(bytes.subarray(0, length), 0, new Uint32Array(300)), NotPlainError);
  }
  assert.throws(() => readDeltas(bytes, 0, new Uint32Array(299)), NotPlainError);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
    try {
      readDeltas(noise, 0, new Uint32Array(5));
    } catch (error) {
      assert.ok(error instanceof NotPlainError);
    }
  }));
});
