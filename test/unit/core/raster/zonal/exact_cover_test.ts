import assert from "node:assert/strict";
import fc from "fast-check";
import { ExactCover } from "../../../../../core/raster/zonal/exact_cover.ts";

/** The covered parts of an image, row by row. */
function partsOf(ring: Float64Array, width: number, height: number): Float64Array {
  const parts = new Float64Array(width * height);
  new ExactCover().of(ring, width, height, (column, row, part) => parts[row * width + column] += part);
  return parts;
}

/** A convex ring: points of an ellipse, in order of their angle. */
const convex = fc.record({
  x: fc.double({ min: -4, max: 20, noNaN: true }),
  y: fc.double({ min: -4, max: 16, noNaN: true }),
  a: fc.double({ min: 0.05, max: 9, noNaN: true }),
  b: fc.double({ min: 0.05, max: 9, noNaN: true }),
  angles: fc.array(fc.double({ min: 0, max: 6.28, noNaN: true }), { minLength: 3, maxLength: 9 }),
  turned: fc.boolean(),
}).map(({ x, y, a, b, angles, turned }) => {
  const points = [...angles].sort((p, q) => p - q).map((t) => [x + a * Math.cos(t), y + b * Math.sin(t)]);
  return Float64Array.from((turned ? points.reverse() : points).flat());
});

function shoelace(ring: Float64Array): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    twice += ring[i] * ring[next + 1] - ring[next] * ring[i + 1];
  }
  return Math.abs(twice) / 2;
}

Deno.test("properties: parts of pixels sum to the polygon's area, and an image is a window of a larger one", () => {
  fc.assert(
    fc.property(convex, (ring) => {
      const shifted = ring.map((value) => value + 20);
      const whole = partsOf(shifted, 60, 60);
      const area = shoelace(ring);
      assert.ok(Math.abs(whole.reduce((sum, part) => sum + part, 0) - area) <= 1e-9 * (1 + area) * 60);
      assert.ok(whole.every((part) => part >= 0 && part <= 1));
      const window = partsOf(ring, 16, 12);
      window.forEach((part, i) => {
        const same = whole[(20 + Math.floor(i / 16)) * 60 + 20 + i % 16];
        assert.ok(Math.abs(part - same) < 1e-9, `pixel ${i}: ${part} and ${same}`);
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("a square on the borders of pixels covers these whole, and half a pixel is half", () => {
  assert.deepEqual([...partsOf(Float64Array.of(1, 1, 3, 1, 3, 2, 1, 2), 4, 3)], [
    0,
    0,
    0,
    0,
    0,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
  ]);
  assert.deepEqual([...partsOf(Float64Array.of(0, 0, 1, 1, 0, 1), 1, 1)], [0.5]);
});
