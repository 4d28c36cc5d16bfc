import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";

/** The listed values as float64, and whether the kernel calls all of them finite. */
function taken(column: Float32Array | Float64Array, order: readonly number[]): [number[], boolean] {
  const memory = takeMemory(column.byteLength + 12 * order.length + 64);
  try {
    const { buffer, kernels } = memory;
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    const from = memory.place(bytes.length), list = memory.place(4 * order.length);
    const to = memory.place(8 * order.length);
    new Uint8Array(buffer, from, bytes.length).set(bytes);
    new Uint32Array(buffer, list, order.length).set(order);
    const take = column instanceof Float32Array ? kernels.takeFloat32 : kernels.takeFloat64;
    const isFinite = take(from, list, order.length, to) !== 0;
    return [[...new Float64Array(buffer, to, order.length)], isFinite];
  } finally {
    giveBack(memory);
  }
}

Deno.test("listed rows of a column come as float64 to the bit, and one that is not finite is told", () => {
  const value = fc.oneof(
    { weight: 60, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
  );
  // Rows that follow each other, as along a track, between others.
  const run = fc.record({ first: fc.nat(40), length: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 50, maxLength: 60 }),
      fc.array(run, { maxLength: 8 }),
      (values, runs) => {
        const order = runs.flatMap(({ first, length }) => Array.from({ length }, (_, i) => first + i));
        const wanted = order.map((row) => values[row]);
        for (const column of [Float32Array.from(values), Float64Array.from(values)]) {
          assert.deepEqual(taken(column, order), [wanted, wanted.every(Number.isFinite)]);
        }
      },
    ),
    { seed: 21, numRuns: 500 },
  );
});

Deno.test("float64 keeps what no float32 has", () => {
  const column = Float64Array.of(0.1, -0, 1e300, 2 ** 53 + 2);
  assert.deepEqual(taken(column, [3, 1, 0, 2]), [[2 ** 53 + 2, -0, 0.1, 1e300], true]);
});
