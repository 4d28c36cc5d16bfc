/** Axes of equal steps: the numbers that writers meant, and the first place where steps are not equal. */
import assert from "node:assert/strict";
import { evenBounds, evenSpacing, isSpacing } from "../../../../core/grids/spacing.ts";
import { steps } from "./grid_files.ts";

function single(values: number[]): Float64Array {
  return Float64Array.from(Float32Array.from(values));
}

Deno.test("float32 centres give the steps and edges that were meant, exactly", () => {
  const cases: [number, number, number, number, number][] = [
    // cells, first centre, step; edge and step that are found
    [18000, -179.99, 0.02, -180, 0.02],
    [9000, 89.99, -0.02, 90, -0.02],
    [36000, -179.995, 0.01, -180, 0.01],
    [43200, -180 + 1 / 240, 1 / 120, -180, 1 / 120],
    [86400, -180 + 1 / 480, 1 / 240, -180, 1 / 240],
    [1440, 0.125, 0.25, 0, 0.25],
    [721, 90, -0.25, 90.125, -0.25],
    [128, 0, 2.8125, -1.40625, 2.8125],
    [360, -179.5, 1, -180, 1],
  ];
  for (const [cells, first, step, edge, meant] of cases) {
    const found = evenSpacing(single(steps(first, step, cells)), true, true);
    assert.deepEqual(found, { edge, step: meant });
  }
});

Deno.test("metres in double precision are kept as they are", () => {
  const found = evenSpacing(steps(-6756041.40761071, 36032.22084058, 162), false, false);
  assert.ok(isSpacing(found));
  assert.ok(Math.abs(found.step - 36032.22084058) < 1e-6);
  assert.ok(Math.abs(found.edge + 6774057.518031) < 1e-5);
});

Deno.test("a step that differs, a missing number and equal numbers are identified by their index", () => {
  const gap = steps(0, 1, 20);
  gap[13] += 0.01;
  assert.deepEqual(evenSpacing(gap, false, true), { index: 13, found: 1.0099999999999998, wanted: 1 });
  const hole = steps(0, 1, 20);
  hole[4] = NaN;
  const found = evenSpacing(hole, false, true);
  assert.ok(!isSpacing(found) && found.index === 4);
  const same = evenSpacing([3, 3, 3], false, true);
  assert.ok(!isSpacing(same) && Number.isNaN(same.wanted));
  const gaussian = [88.57, 85.76, 82.97, 80.18, 77.39];
  assert.ok(!isSpacing(evenSpacing(gaussian, false, true)));
});

Deno.test("a thousandth of a step may differ, as in rounded coordinates", () => {
  const rounded = steps(0.0625, 0.125, 100).map((value) => Number(value.toFixed(4)));
  assert.deepEqual(evenSpacing(rounded, false, true), { edge: 0, step: 0.125 });
});

Deno.test("bounds in either order and direction give edges; cells must touch", () => {
  const lower = steps(10, 0.5, 8);
  const upper = lower.map((edge) => edge + 0.5);
  assert.deepEqual(evenBounds(lower, upper, false, true), { edge: 10, step: 0.5 });
  assert.deepEqual(evenBounds(upper, lower, false, true), { edge: 10, step: 0.5 });
  const falling = lower.toReversed();
  assert.deepEqual(evenBounds(falling, upper.toReversed(), false, true), { edge: 14, step: -0.5 });
  assert.deepEqual(evenBounds(upper.toReversed(), falling, false, true), { edge: 14, step: -0.5 });
  assert.deepEqual(evenBounds([9.5], [10.5], false, true), { edge: 9.5, step: 1 });
  const apart = upper.with(3, 11.9);
  const found = evenBounds(lower, apart, false, true);
  assert.ok(!isSpacing(found) && found.index >= 3);
});
