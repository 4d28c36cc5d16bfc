import assert from "node:assert/strict";
import { Canvas } from "../../../../core/draw/canvas.ts";
import { colormap, colourAt } from "../../../../core/draw/colormap.ts";
import { paintCells, type PlacedCells, sideOf } from "../../../../aggregate/map/paint_cells.ts";
import { chooseProjection, fitView, toPixels } from "../../../../aggregate/map/view.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { cellCentre } from "../../../../core/cells/place.ts";
import { HealpixCells } from "../../../../core/store/level_cells.ts";

const WHITE = [255, 255, 255] as const;
const RANGE = { low: 0, high: 10 };

function cellsAt(order: number, points: readonly (readonly [number, number, number])[]): PlacedCells {
  const ids = points.map(([longitude, latitude]) => nestedOf(longitude, latitude, order, "authalic"));
  const centres = ids.map((id) => cellCentre(id, order, "authalic"));
  return {
    order,
    cells: new HealpixCells(order, "authalic"),
    ids: Float64Array.from(ids),
    values: Float64Array.from(points, ([, , value]) => value),
    longitudes: Float64Array.from(centres, ([longitude]) => longitude),
    latitudes: Float64Array.from(centres, ([, latitude]) => latitude),
  };
}

function painted(cells: PlacedCells, width: number) {
  const view = fitView(
    cells,
    chooseProjection(cells, "auto"),
    { x: 0, y: 0, width },
    sideOf(cells),
  );
  const canvas = new Canvas(width, view.frame.bottom, WHITE);
  const map = colormap("viridis");
  paintCells(canvas, view, cells, map, RANGE);
  const pixelAt = (longitude: number, latitude: number) => {
    const point = new Float64Array(2);
    view.projection.forward(longitude, latitude, point);
    toPixels(view, point);
    const at = 3 * (Math.floor(point[1]) * width + Math.floor(point[0]));
    return [...canvas.pixels.subarray(at, at + 3)];
  };
  return { canvas, map, view, pixelAt };
}

Deno.test("a cell larger than a pixel has its value's colour at its centre, and ends at its corners", () => {
  const cells = cellsAt(8, [[-50, 70, 2], [-49, 70.5, 8], [-48, 71, 5]]);
  const { map, view, pixelAt, canvas } = painted(cells, 600);
  for (let i = 0; i < 3; i++) {
    const wanted = colourAt(map, cells.values[i] / 10);
    assert.deepEqual(pixelAt(cells.longitudes[i], cells.latitudes[i]), [...wanted]);
  }
  const inked = canvas.pixels.filter((byte, i) => i % 3 === 0 && byte !== 255).length;
  const area = (3 * sideOf(cells) ** 2) / view.metresPerPixel ** 2;
  assert.ok(Math.abs(inked - area) / area < 0.15, `${inked} pixels for an area of ${area}`);
});

Deno.test("a cell far smaller than a pixel still shows as a dot of its colour", () => {
  const cells = cellsAt(14, [[-60, 65, 3], [-30, 80, 9], [-45, 72, 6]]);
  const { canvas } = painted(cells, 300);
  let strong = 0;
  for (let at = 0; at < canvas.pixels.length; at += 3) {
    if (canvas.pixels[at] + canvas.pixels[at + 1] + canvas.pixels[at + 2] < 600) strong += 1;
  }
  assert.ok(strong >= 3 && strong <= 27, `${strong} pixels`);
});

Deno.test("small cells that share a pixel show their mean", () => {
  const cells = cellsAt(16, [[-60, 65, 0], [-60.0005, 65, 10], [-30, 80, 5]]);
  const { canvas, map, view } = painted(cells, 300);
  const point = new Float64Array(2);
  view.projection.forward(-60, 65, point);
  toPixels(view, point);
  // The darkest pixel of the pair's dot is covered most; its colour is the middle one's.
  const wanted = colourAt(map, 0.5);
  const at = 3 * (Math.floor(point[1]) * 300 + Math.floor(point[0]));
  const found = canvas.pixels.subarray(at, at + 3);
  wanted.forEach((value, i) => {
    const share = (255 - found[i]) / (255 - value);
    assert.ok(share > 0.3 && share < 1.1, `${found} is no tint of ${wanted}`);
  });
});

Deno.test("the same cells are drawn alike whether they are few or fill the map", () => {
  const block: [number, number, number][] = [];
  for (let x = -52; x <= -48; x += 0.1) for (let y = 69; y <= 71; y += 0.05) block.push([x, y, 4]);
  const { canvas, map, pixelAt } = painted(cellsAt(9, block), 400);
  assert.deepEqual(pixelAt(-50, 70), [...colourAt(map, 0.4)]);
  assert.ok(canvas.pixels.some((byte) => byte === 255));
});
