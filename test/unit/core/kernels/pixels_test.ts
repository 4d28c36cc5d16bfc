/** Loops over pixels as kernels, against plain loops of the same definitions, bit for bit. */
import assert from "node:assert/strict";
import { bytesOfRange, cellsOfMesh, scaledNumbers, withOpacity } from "../../../../core/kernels/pixels.ts";

/** Numbers that are always the same (mulberry32), 0 to 1. */
function numbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Of one part, of several, and with rests that no vector fills. */
const LENGTHS = [0, 1, 3, 17, 1000, 65_536, 65_537, 140_003];
const ODD = [NaN, Infinity, -Infinity, 0, -0, 10, 30, 30.000001, 9.999999];

Deno.test("a range becomes bytes as numpy casts them, whatever the type of the values", () => {
  const next = numbers(1);
  for (const length of LENGTHS) {
    const values = Float64Array.from({ length }, (_, i) => i < ODD.length ? ODD[i] : next() * 60 - 10);
    const mask = Uint8Array.from({ length }, (_, i) => i < ODD.length || next() < 0.7 ? 1 : 0);
    for (const [low, high] of [[10, 30], [0, 255], [5, 5], [30, 10], [-0.1, 1e-3]] as const) {
      for (const typed of [values, Float32Array.from(values), Int16Array.from(values, (v) => v * 100)]) {
        const expected = Uint8Array.from(typed, (value, i) => {
          if (mask[i] === 0) return 0;
          const cut = value < low ? low : value > high ? high : value;
          return (cut - low) / (high - low) * 255;
        });
        assert.deepEqual(bytesOfRange(typed, mask, [low, high]), expected, `${length} ${low} ${high}`);
      }
    }
  }
});

Deno.test("values take scale and offset in double precision, and NaN where none is", () => {
  const next = numbers(2);
  for (const length of LENGTHS) {
    const values = Int16Array.from({ length }, () => next() * 65_536 - 32_768);
    const mask = Uint8Array.from({ length }, () => next() < 0.5 ? 1 : 0);
    const expected = Float64Array.from(values, (value, i) => mask[i] === 0 ? NaN : value * 0.001 + 298.15);
    assert.deepEqual(scaledNumbers(values, mask, 0.001, 298.15), expected);
  }
});

Deno.test("bytes and their opacity stand side by side", () => {
  const next = numbers(3);
  for (const length of LENGTHS) {
    const bytes = Uint8Array.from({ length }, () => next() * 256);
    const mask = Uint8Array.from({ length }, () => next() < 0.5 ? 1 : 0);
    const expected = Uint8Array.from(
      { length: 2 * length },
      (_, i) => i % 2 === 0 ? bytes[i / 2] : 255 * mask[i >> 1],
    );
    assert.deepEqual(withOpacity(bytes, mask), expected);
  }
});

Deno.test("pixels lie in cells along the lines of a mesh, on borders to the right and below, beyond in none", () => {
  const next = numbers(4);
  const output = { width: 53, height: 31 };
  const window = { width: 40, height: 23 };
  for (const turns of [false, true]) {
    const patches: number[][] = [];
    for (let y = 0; y < output.height; y += 8) {
      for (let x = 0; x < output.width; x += 20) {
        const size = [Math.min(20, output.width - x), Math.min(7, output.height - y)];
        const steps = Array.from({ length: 6 }, () => next() * 2 - 0.5);
        const start = next() < 0.3 ? [3, 4] : [next() * 50 - 5, next() * 30 - 4];
        // One in three goes along whole cells, whose borders rounding would miss.
        const along = next() < 0.3 ? [0.1, 0, 0, 0.1, 0, 0] : steps;
        patches.push([x, y, ...size, ...start, ...along.map((one, i) => i < 4 ? one : one * 0.01)]);
      }
    }
    const expected = new Int32Array(output.width * output.height).fill(-1);
    for (const [x0, y0, columns, rows, u, v, ux, vx, uy, vy, uxy, vxy] of patches) {
      for (let j = 0; j < rows; j++) {
        for (let i = 0; i < columns; i++) {
          let x = u + j * uy + i * (ux + j * uxy) + 1e-10;
          const y = v + j * vy + i * (vx + j * vxy) + 1e-10;
          if (turns) x = Math.floor(x) - window.width * Math.floor(Math.floor(x) / window.width);
          if (x < 0 || x >= window.width || y < 0 || y >= window.height) continue;
          expected[(y0 + j) * output.width + x0 + i] = Math.floor(y) * window.width + Math.floor(x);
        }
      }
    }
    assert.ok(expected.includes(-1) && expected.some((cell) => cell > 0));
    const mesh = Float64Array.from(patches.flat());
    assert.deepEqual(cellsOfMesh(mesh, 12, output, window, turns), expected);
  }
});
