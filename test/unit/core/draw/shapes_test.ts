import assert from "node:assert/strict";
import fc from "fast-check";
import { fillMask, segmentsOf, strokeMask } from "../../../../core/draw/shapes.ts";

const CLIP = { left: 0, top: 0, right: 60, bottom: 40 };
const total = (coverage: Float32Array) => coverage.reduce((sum, value) => sum + value, 0);

/** Area by the surveyor's formula. */
function areaOf(ring: number[]): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    twice += ring[i] * ring[next + 1] - ring[next] * ring[i + 1];
  }
  return Math.abs(twice) / 2;
}

const coordinate = (most: number) => fc.double({ min: 0, max: most, noNaN: true });

Deno.test("a filled triangle covers exactly its area, wherever its corners lie", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(coordinate(60), coordinate(40)), { minLength: 3, maxLength: 3 }),
    (corners) => {
      const ring = corners.flat();
      assert.ok(Math.abs(total(fillMask([ring], CLIP).coverage) - areaOf(ring)) < 0.02);
    },
  ));
});

Deno.test("a hole of the other turn is left free", () => {
  const outer = [10, 10, 50, 10, 50, 30, 10, 30], hole = [20, 15, 20, 25, 40, 25, 40, 15];
  const { coverage } = fillMask([outer, hole], CLIP);
  assert.equal(coverage[20 * 60 + 30], 0);
  assert.equal(coverage[20 * 60 + 15], 1);
  assert.ok(Math.abs(total(coverage) - (800 - 200)) < 0.01);
});

Deno.test("a shape that reaches out of the picture covers what is inside of it", () => {
  const { coverage } = fillMask([[-1000, -1000, 1000, -1000, 1000, 20, -1000, 20]], CLIP);
  assert.equal(total(coverage), 60 * 20);
});

Deno.test("a stroke covers about its length times its width, at any angle", () => {
  fc.assert(fc.property(
    fc.double({ min: 0, max: Math.PI, noNaN: true }),
    fc.double({ min: 1, max: 5, noNaN: true }),
    (angle, width) => {
      const dx = 15 * Math.cos(angle), dy = 15 * Math.sin(angle);
      const { coverage } = strokeMask([30 - dx, 20 - dy, 30 + dx, 20 + dy], width, CLIP);
      const wanted = 30 * width + Math.PI * (width / 2) ** 2;
      assert.ok(Math.abs(total(coverage) - wanted) < 0.06 * wanted + 1);
    },
  ));
});

Deno.test("a chain of strokes is as dark at its joints as along its lines", () => {
  const { coverage, left, top, right } = strokeMask(segmentsOf([5, 20.5, 30, 20.5, 55, 20.5]), 3, CLIP);
  const row = (20 - top) * (right - left);
  for (const x of [15, 29, 30, 31, 45]) assert.equal(coverage[row + x - left], 1);
});

Deno.test("a stroke outside of the picture covers nothing", () => {
  assert.equal(total(strokeMask([100, 100, 200, 200], 3, CLIP).coverage), 0);
});
