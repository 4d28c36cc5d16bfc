/**
 * Variants of one grid of degrees: rising or falling latitudes, longitudes from 0 or from -180, either order of
 * the dimensions, chunked or in one piece: equal bytes at equal places.
 */
import assert from "node:assert/strict";
import type { GridValues } from "../../../../core/raster/grid.ts";
import { axis, madeGrid, steps, wholeBands } from "./grid_files.ts";

const STEP = 15;
const WIDTH = 360 / STEP;
const HEIGHT = 180 / STEP;

/** The value at a place on the map. */
function valueAt(longitude: number, latitude: number): number {
  return Math.round(longitude * 4) + Math.round(latitude * 4) * 10000;
}

interface Variant {
  falling: boolean;
  from: number;
  order: "yx" | "xy" | "tyx" | "txy";
  chunked: boolean;
  single: boolean;
  eastFirst: boolean;
}

function variants(): Variant[] {
  const found: Variant[] = [];
  for (const falling of [false, true]) {
    for (const from of [-180, 0]) {
      for (const order of ["yx", "xy", "tyx", "txy"] as const) {
        for (const chunked of [false, true]) {
          for (const [single, eastFirst] of [[false, false], [true, false], [false, true]]) {
            found.push({ falling, from, order, chunked, single, eastFirst });
          }
        }
      }
    }
  }
  return found;
}

async function oriented(variant: Variant) {
  const y = steps(-90 + STEP / 2, STEP, HEIGHT);
  const x = steps(variant.from + STEP / 2, STEP, WIDTH);
  if (variant.falling) y.reverse();
  if (variant.eastFirst) x.reverse();
  const type = variant.single ? Float32Array : Float64Array;
  const east = (longitude: number) => longitude > 180 ? longitude - 360 : longitude;
  const xFirst = variant.order.endsWith("xy");
  const [outer, inner] = xFirst ? [x, y] : [y, x];
  const data = Int32Array.from(
    outer.flatMap((a) => inner.map((b) => xFirst ? valueAt(east(a), b) : valueAt(east(b), a))),
  );
  const timed = variant.order.startsWith("t");
  return await madeGrid((file) => {
    axis(file, "lat", y, { units: "degrees_north" }, type);
    axis(file, "lon", x, { units: "degrees_east" }, type);
    const shape = [...(timed ? [1] : []), outer.length, inner.length];
    const chunks = [...(timed ? [1] : []), 5, 7];
    const made = file.create_dataset({
      name: "value",
      data,
      shape,
      ...(variant.chunked ? { chunks, compression: 1 } : {}),
    });
    made.create_attribute("DimensionNames", `${timed ? "time," : ""}${xFirst ? "lon,lat" : "lat,lon"}`);
  });
}

Deno.test("rising and falling latitudes, longitudes from 0 and -180, and both orders give equal bytes", async () => {
  const wanted = Int32Array.from(
    steps(90 - STEP / 2, -STEP, HEIGHT).flatMap((y) =>
      steps(-180 + STEP / 2, STEP, WIDTH).map((x) => valueAt(x, y))
    ),
  );
  for (const variant of variants()) {
    const grid = await oriented(variant);
    const reported = JSON.stringify(variant);
    assert.deepEqual(grid.affine, [STEP, 0, -180, 0, -STEP, 90], reported);
    assert.equal(grid.crs.code, "EPSG:4326");
    assert.deepEqual((await wholeBands(grid))[0], wanted, reported);
  }
});

Deno.test("every window of a rolled, flipped and chunked grid is the cut of the whole", async () => {
  for (const variant of variants().filter(({ chunked, single }) => chunked && !single)) {
    const grid = await oriented(variant);
    const [whole] = await wholeBands(grid);
    for (
      const [x, y, width, height] of [[0, 0, 1, 1], [9, 2, 7, 3], [11, 0, 2, 12], [23, 11, 1, 1], [
        3,
        5,
        20,
        2,
      ], [0, 4, 24, 0]]
    ) {
      const { bands: [found] } = await grid.readWindow({ level: 0, x, y, width, height });
      assert.deepEqual(
        found,
        cut(whole, x, y, width, height),
        JSON.stringify([variant, x, y, width, height]),
      );
    }
  }
});

function cut(whole: GridValues, x: number, y: number, width: number, height: number): Int32Array {
  return Int32Array.from(
    { length: width * height },
    (_, i) => whole[(y + Math.floor(i / width)) * WIDTH + x + i % width],
  );
}

Deno.test("longitudes keep a cell that straddles 180, and regions beyond it move around whole", async () => {
  const cases: [number, number, number, number][] = [
    // first centre, step, cells, western edge
    [0, 0.25, 1440, -180.125],
    [0.125, 0.25, 1440, -180],
    [-180, 0.625, 576, -180.3125],
    [-179.5, 1, 360, -180],
    [190.5, 1, 20, -170],
    [170.5, 1, 20, 170],
    [0.5, 1, 200, 0],
    [-190.5, 1, 5, 169],
  ];
  for (const [first, step, cells, west] of cases) {
    const grid = await madeGrid((file) => {
      axis(file, "lat", [1, 0], { units: "degrees_north" });
      axis(file, "lon", steps(first, step, cells), { units: "degrees_east" });
      const data = Float64Array.from({ length: 2 * cells }, (_, i) => first + step * (i % cells));
      file.create_dataset({ name: "value", data, shape: [2, cells] }).create_attribute(
        "DimensionNames",
        "lat,lon",
      );
    });
    assert.equal(grid.affine[2], west, `from ${first}`);
    const { bands: [row] } = await grid.readWindow({ level: 0, x: 0, y: 0, width: cells, height: 1 });
    row.forEach((longitude, column) => {
      const turns = (longitude - (west + (column + 0.5) * step)) / 360;
      assert.ok(Math.abs(turns - Math.round(turns)) < 1e-9, `${first}: ${longitude} in column ${column}`);
    });
  }
});
