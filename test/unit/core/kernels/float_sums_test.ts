import assert from "node:assert/strict";
import fc from "fast-check";
import { countFloats } from "../../../../core/kernels/float_counts.ts";
import { sumFloats } from "../../../../core/kernels/float_sums.ts";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";

const NODATA = -9;
const values = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.float({ noNaN: true }) }, fc.constantFrom(NODATA, NaN, 0, -0, 7.5)),
  { maxLength: 70 },
).map((cells) => Float32Array.from(cells));

/** As the docstring says it: cell i goes to the sum number i % 4. */
function plainSums(cells: Float32Array, nodata: number, about: number) {
  const sums = [0, 0, 0, 0], squares = [0, 0, 0, 0];
  let count = 0, nan = 0, minimum = Infinity, maximum = -Infinity;
  cells.forEach((cell, i) => {
    if (Number.isNaN(cell)) nan++;
    if (Number.isNaN(cell) || cell === nodata) return;
    count++;
    sums[i % 4] += cell;
    squares[i % 4] += (cell - about) ** 2;
    if (cell < minimum) minimum = cell;
    if (cell > maximum) maximum = cell;
  });
  const total = ([a, b, c, d]: number[]) => a + b + (c + d);
  return { count, nan, sum: total(sums), squares: total(squares), minimum, maximum };
}

Deno.test("sums of floats are those of the plain loop in the same order, bit for bit", () => {
  fc.assert(
    fc.property(
      values,
      fc.constantFrom(NODATA, NaN, 7.5),
      fc.float({ noNaN: true }),
      (cells, nodata, about) => {
        // Zeros of both signs are one minimum.
        const withoutSign = (found: object) => JSON.parse(JSON.stringify(found));
        assert.deepEqual(
          withoutSign(sumFloats(cells, nodata, about)),
          withoutSign(plainSums(cells, nodata, about)),
        );
      },
    ),
  );
});

Deno.test("sums are the same wherever the floats lie, in parts or whole", () => {
  const cells = Float32Array.from({ length: 40_003 }, (_, i) => i % 97 === 0 ? NODATA : Math.sin(i) * 1e3);
  const memory = takeMemory(cells.byteLength);
  const here = new Float32Array(memory.buffer, memory.place(cells.byteLength), cells.length);
  here.set(cells);
  assert.deepEqual(sumFloats(here, NODATA, 3), sumFloats(cells, NODATA, 3));
  assert.deepEqual(sumFloats(cells, NODATA, 3), plainSums(cells, NODATA, 3));
  giveBack(memory);
});

Deno.test("a nodata value that no float32 has equals no cell", () => {
  assert.equal(sumFloats(Float32Array.of(0.1, 1), 0.1, 0).count, 2);
  assert.equal(countFloats(Float32Array.of(0.1, 1), new Float32Array(9), 0.1).nodata, 0);
});

Deno.test("floats at or above limits are counted, with nodata and without NaN", () => {
  const limits = fc.array(fc.float({ noNaN: true }), { minLength: 9, maxLength: 9 });
  fc.assert(fc.property(values, limits, (cells, at) => {
    const limits = Float32Array.from(at);
    const found = countFloats(cells, limits, NODATA);
    assert.deepEqual(
      [...found.atLeast],
      [...limits].map((limit) => cells.filter((cell) => cell >= limit).length),
    );
    assert.equal(found.nodata, cells.filter((cell) => cell === NODATA).length);
    assert.equal(found.numbers, cells.filter((cell) => !Number.isNaN(cell)).length);
  }));
});
