import assert from "node:assert/strict";
import type { Position } from "../../../core/geometry/geometry.ts";
import { singleParts } from "../../../core/geometry/geometry.ts";
import { HealpixCells } from "../../../core/store/level_cells.ts";
import { PlaneCells } from "../../../core/store/plane_cells.ts";
import { cellOf } from "../../../core/projected/grid.ts";
import { outlineOf } from "../../../results/cell_shapes.ts";

/** The area on the unit sphere that a ring of straight lines in longitude and latitude bounds. */
function areaOf(ring: readonly Position[]): number {
  const sine = (degrees: number) => Math.sin(degrees * Math.PI / 180);
  let sum = 0;
  for (let i = 1; i < ring.length; i++) {
    const [x0, y0] = ring[i - 1], [x1, y1] = ring[i];
    sum -= (x1 - x0) * Math.PI / 180 * (sine(y0) + sine(y1)) / 2;
  }
  return sum;
}

Deno.test("outlines stay between -180 and 180 and bound equal areas, counterclockwise, at poles and the antimeridian, too", () => {
  for (const order of [1, 2, 3]) {
    const count = 12 * 4 ** order;
    const cells = new HealpixCells(order, "geodetic");
    let split = 0;
    for (let id = 0; id < count; id++) {
      const geometry = outlineOf(BigInt(id), cells);
      split += Number(geometry.type === "MultiPolygon");
      let area = 0;
      for (const part of singleParts(geometry)) {
        const [ring] = part.coordinates as Position[][];
        for (const [x, y] of ring) assert.ok(Math.abs(x) <= 180 && Math.abs(y) <= 90, `${order}/${id}`);
        assert.deepEqual(ring[0], ring[ring.length - 1]);
        area += areaOf(ring);
      }
      assert.ok(Math.abs(area / (4 * Math.PI / count) - 1) < 0.02, `${order}/${id}: ${area}`);
    }
    // Cells of the belt that the meridian of 180 degrees runs through.
    assert.equal(split, 2 ** order);
  }
});

Deno.test("outlines of equal-area cells of a plane bound their area, with a pole inside, at a corner and on an edge", () => {
  // EASE-2 of the north: cells of 100 km around the pole, whose middle is a corner of cells, then inside one, then on an edge.
  const square = 1e10 / 6371007.181 ** 2;
  for (const origin of [[0, 0], [50_000, 50_000], [50_000, 0]] as [number, number][]) {
    const cells = new PlaneCells(9, { crs: "EPSG:6931", resolution: 100_000, origin });
    for (let column = 253; column < 260; column++) {
      for (let row = 253; row < 260; row++) {
        const geometry = outlineOf(BigInt(cellOf(column, row)), cells);
        let area = 0;
        for (const part of singleParts(geometry)) {
          const [ring] = part.coordinates as Position[][];
          for (const [x, y] of ring) assert.ok(Math.abs(x) <= 180 && y <= 90, `${column},${row}`);
          assert.deepEqual(ring[0], ring[ring.length - 1]);
          area += areaOf(ring);
        }
        assert.ok(Math.abs(area / square - 1) < 0.02, `${origin}: ${column},${row}: ${area / square}`);
      }
    }
  }
});
