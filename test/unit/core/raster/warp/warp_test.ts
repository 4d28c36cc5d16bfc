import assert from "node:assert/strict";
import fc from "fast-check";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import type { Affine } from "../../../../../core/raster/grid.ts";
import { type OutputGrid, outputOfBox } from "../../../../../core/raster/pixels.ts";
import { outputOfGrid, planWarp } from "../../../../../core/raster/warp/plan.ts";
import { MAX_WINDOW_CELLS, readWarped, windowRequests } from "../../../../../core/raster/warp/read.ts";
import type { Resampling } from "../../../../../core/raster/warp/resampling.ts";
import { levelGrid } from "../../../../support/level_grid.ts";

const WGS84 = crsOfCode("EPSG:4326");
const MERCATOR = crsOfCode("EPSG:3857");
const ARCTIC = crsOfCode("EPSG:3413");

/** A global grid of one degree whose values are their own place: 1000 * row + column. */
function places(columns = 360, rows = 180, left = -180) {
  const values = Int32Array.from(
    { length: columns * rows },
    (_, i) => 1000 * Math.floor(i / columns) + i % columns,
  );
  const affine: Affine = [360 / columns, 0, left, 0, -180 / rows, 90];
  return levelGrid({ crs: WGS84, affine, levels: [{ width: columns, height: rows, bands: [values] }] });
}

const RESAMPLINGS: readonly Resampling[] = [
  "nearest",
  "bilinear",
  "cubic",
  "cubic_spline",
  "lanczos",
  "gauss",
  "average",
  "rms",
  "mode",
  "sum",
  "min",
  "max",
  "q1",
  "med",
  "q3",
];

Deno.test("a grid on its own cells comes back bit by bit, by every method, and reads no more", async () => {
  const values = Float64Array.from({ length: 30 * 20 }, (_, i) => i === 77 ? NaN : Math.sin(i) * 1e3);
  for (const affine of [[30, 0, 499980, 0, -30, 5400000], [1 / 3, 0, -10.1, 0, -1 / 7, 60]] as Affine[]) {
    const crs = affine[0] === 30 ? crsOfCode("EPSG:32615") : WGS84;
    const grid = levelGrid({ crs, affine, levels: [{ width: 30, height: 20, bands: [values] }] });
    for (const resampling of RESAMPLINGS) {
      const pixels = await readWarped(grid, outputOfGrid(grid), { resampling });
      assert.ok(pixels !== undefined);
      // Splines and Gauss smooth by nature; the root of a square has no sign.
      if (["cubic_spline", "gauss"].includes(resampling)) continue;
      const wanted = resampling === "rms" ? values.map(Math.abs) : values;
      const close = ["lanczos", "rms", "sum", "average", "cubic", "bilinear"].includes(resampling) ? 1e-6 : 0;
      pixels.bands[0].forEach((value, i) => {
        if (i === 77) assert.equal(pixels.masks[0][i], 0);
        else {assert.ok(
            Math.abs(value - wanted[i]) <= close * 1e3,
            `${resampling} ${i}: ${value} ${wanted[i]}`,
          );}
      });
    }
    const { window } = planWarp(grid, outputOfGrid(grid)) ?? assert.fail();
    assert.deepEqual(window, { x: 0, y: 0, width: 30, height: 20 });
  }
});

Deno.test("nearest sampling takes the cell that the exact transform names, but for borders of cells", async () => {
  const grid = places();
  const toDegrees = transformer(MERCATOR, WGS84);
  const box = [-9e6, 2e6, 3e6, 14e6] as const;
  const output = outputOfBox(MERCATOR, box, 200, 150);
  const pixels = await readWarped(grid, output) ?? assert.fail();
  for (let y = 0; y < 150; y++) {
    for (let x = 0; x < 200; x++) {
      const [lon, lat] = toDegrees.forward(box[0] + (x + 0.5) * 6e4, box[3] - (y + 0.5) * 8e4);
      const [u, v] = [lon + 180, 90 - lat];
      const found = pixels.bands[0][y * 200 + x];
      const near = [-0.05, 0.05].flatMap((du) =>
        [-0.05, 0.05].map((dv) => 1000 * Math.floor(v + dv) + Math.floor(u + du))
      );
      assert.ok(near.includes(found), `${x},${y}: ${found}, wanted one of ${near}`);
    }
  }
});

Deno.test("an output across the antimeridian joins both ends of a global grid, whose ever its origin", async () => {
  const box = [170, 0, 190, 10] as const;
  for (const left of [-180, 0, -90]) {
    const grid = places(360, 180, left);
    const pixels = await readWarped(grid, outputOfBox(WGS84, box, 20, 10)) ?? assert.fail();
    const column = (x: number) => ((170 + x - left) % 360 + 360) % 360;
    const wanted = Array.from({ length: 200 }, (_, i) => 1000 * (80 + Math.floor(i / 20)) + column(i % 20));
    assert.deepEqual([...pixels.bands[0]], wanted, `origin ${left}`);
    assert.ok(pixels.masks[0].every((mask) => mask === 1));
    const cells = grid.requests.reduce((sum, { width, height }) => sum + width * height, 0);
    assert.equal(cells, 200, "and no more than it shows is read");
  }
});

Deno.test("the whole pole is seen in a polar projection, each direction with its own cells", async () => {
  const output = outputOfBox(ARCTIC, [-1e6, -1e6, 1e6, 1e6], 64, 64);
  const toDegrees = transformer(ARCTIC, WGS84);
  const grid = places(360, 180);
  const pixels = await readWarped(grid, output) ?? assert.fail();
  assert.ok(pixels.masks[0].every((mask) => mask === 1));
  for (let i = 0; i < 64 * 64; i++) {
    const [x, y] = [i % 64 + 0.5, Math.floor(i / 64) + 0.5];
    // The cells of places up to a tenth of a pixel away: all turn about at the pole.
    const near = [-0.1, 0, 0.1].flatMap((dx) =>
      [-0.1, 0, 0.1].map((dy) => {
        const [lon, lat] = toDegrees.forward(-1e6 + (x + dx) * 31250, 1e6 - (y + dy) * 31250);
        return 1000 * Math.floor(90 - lat) + Math.floor(lon + 180);
      })
    );
    assert.ok(near.includes(pixels.bands[0][i]), `${i}: ${pixels.bands[0][i]}, wanted one of ${near}`);
  }
});

Deno.test("a mean over whole cells keeps the mean, a sum the total, whatever the values", () => {
  return fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 144, maxLength: 144 }),
      fc.constantFrom(1, 2, 3, 4, 6, 12),
      async (list, factor) => {
        const grid = levelGrid({
          crs: MERCATOR,
          affine: [10, 0, 500, 0, -10, 700],
          levels: [{ width: 12, height: 12, bands: [Float64Array.from(list)] }],
        });
        const side = 12 / factor;
        const output = outputOfBox(MERCATOR, [500, 580, 620, 700], side, side);
        const mean = await readWarped(grid, output, { resampling: "average" }) ?? assert.fail();
        const sum = await readWarped(grid, output, { resampling: "sum" }) ?? assert.fail();
        const total = list.reduce((a, b) => a + b, 0);
        const near = (a: number, b: number) =>
          Math.abs(a - b) <= 1e-6 * list.reduce((s, x) => s + Math.abs(x), 1);
        assert.ok(near([...mean.bands[0]].reduce((a, b) => a + b, 0) * factor * factor, total));
        assert.ok(near([...sum.bands[0]].reduce((a, b) => a + b, 0), total));
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("extremes, quantiles and modes are those of the covered cells, exact in spite of overviews", async () => {
  const values = Uint8Array.of(1, 2, 9, 9, 3, 4, 9, 8, 5, 5, 0, 0, 5, 6, 0, 7);
  const grid = levelGrid({
    crs: MERCATOR,
    affine: [1, 0, 0, 0, -1, 4],
    levels: [
      { width: 4, height: 4, bands: [values] },
      { width: 2, height: 2, bands: [Uint8Array.of(100, 100, 100, 100)] },
    ],
  });
  const output = outputOfBox(MERCATOR, [0, 0, 4, 4], 2, 2);
  const wanted = {
    min: [1, 8, 5, 0],
    max: [4, 9, 6, 7],
    mode: [1, 9, 5, 0],
    q1: [1, 8, 5, 0],
    med: [2, 9, 5, 0],
    q3: [3, 9, 5, 0],
    sum: [10, 35, 21, 7],
  } as const;
  for (const [resampling, expected] of Object.entries(wanted)) {
    const pixels = await readWarped(grid, output, { resampling: resampling as Resampling }) ??
      assert.fail();
    assert.deepEqual([...pixels.bands[0]], [...expected], resampling);
  }
});

Deno.test("no value is made where the source has none", async () => {
  const values = Float32Array.of(1, 2, -9999, 4, NaN, 6, 7, 8, 9);
  const file = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0);
  const grid = levelGrid({
    crs: MERCATOR,
    affine: [1, 0, 0, 0, -1, 3],
    nodata: -9999,
    levels: [{ width: 3, height: 3, bands: [values], mask: file }],
  });
  // A margin of one pixel around the grid.
  const output = outputOfBox(MERCATOR, [-1, -1, 4, 4], 5, 5);
  for (const resampling of RESAMPLINGS) {
    const { masks, bands } = await readWarped(grid, output, { resampling }) ?? assert.fail();
    const there = [...masks[0]].flatMap((mask, i) => mask === 1 ? [i] : []);
    assert.deepEqual(there, [6, 7, 11, 13, 16, 17], resampling);
    assert.ok(there.every((i) => Number.isFinite(bands[0][i]) && bands[0][i] > 0), resampling);
  }
  const { masks } = await readWarped(grid, output, { nodata: 4 }) ?? assert.fail();
  assert.deepEqual([...masks[0]].flatMap((mask, i) => mask === 1 ? [i] : []), [6, 7, 8, 13, 16, 17]);
});

Deno.test("the overview is the coarsest of at most 1.2 pixels, and the window no more than is seen", () => {
  const level = (factor: number) => ({
    width: 4096 / factor,
    height: 4096 / factor,
    blockWidth: 256,
    blockHeight: 256,
  });
  const grid = {
    width: 4096,
    height: 4096,
    affine: [10, 0, 0, 0, -10, 40960] as Affine,
    crs: MERCATOR,
    nodata: null,
    levels: [1, 2, 4, 8].map(level),
  };
  const plan = (metresPerPixel: number) =>
    planWarp(grid, {
      crs: MERCATOR,
      affine: [metresPerPixel, 0, 10240, 0, -metresPerPixel, 30720],
      width: 64,
      height: 64,
    }) ?? assert.fail();
  assert.deepEqual([5, 10, 16, 17, 33, 34, 66, 67, 500].map((size) => plan(size).level), [
    0,
    0,
    0,
    1,
    1,
    2,
    2,
    3,
    3,
  ]);
  assert.deepEqual(plan(10).window, { x: 1024, y: 1024, width: 64, height: 64 });
  assert.deepEqual(plan(40).window, { x: 256, y: 256, width: 64, height: 64 });
});

Deno.test("an output beside the grid, or off the Earth, is planned as nothing", () => {
  const grid = levelGrid({
    crs: crsOfCode("EPSG:32615"),
    affine: [30, 0, 499980, 0, -30, 5400000],
    levels: [{ width: 100, height: 100, bands: [new Uint8Array(10000)] }],
  });
  assert.equal(planWarp(grid, outputOfBox(WGS84, [10, 10, 11, 11], 64, 64)), undefined);
  assert.equal(planWarp(grid, outputOfBox(WGS84, [-1000, 100, -900, 200], 64, 64)), undefined);
  assert.equal(planWarp(grid, outputOfBox(MERCATOR, [9e7, 9e7, 9.1e7, 9.1e7], 64, 64)), undefined);
});

Deno.test("a plan costs few exact points for a tile, and no more than pixels at a pole", () => {
  const grid = places(3600, 1800);
  const tile = outputOfBox(MERCATOR, [0, 5009377, 1252344, 6261721], 256, 256);
  const patches = (output: OutputGrid) => (planWarp(grid, output) ?? assert.fail()).mesh.length / 12;
  assert.ok(patches(tile) <= 64, `${patches(tile)}`);
  const pole = outputOfBox(ARCTIC, [-1e6, -1e6, 1e6, 1e6], 256, 256);
  assert.ok(patches(pole) < 8192, `${patches(pole)}`);
});

Deno.test("windows larger than memory allows are read in strips of the output", async () => {
  const grid = places(360, 180);
  let largest = 0;
  // Pretends to be a grid of 36,000 by 18,000 cells without overviews.
  const huge = {
    ...grid,
    width: 36000,
    height: 18000,
    affine: [0.01, 0, -180, 0, -0.01, 90] as Affine,
    levels: [{ width: 36000, height: 18000, blockWidth: 1000, blockHeight: 1000 }],
    readWindow: (request: { x: number; y: number; width: number; height: number }) => {
      largest = Math.max(largest, request.width * request.height);
      const band = new Uint8Array(request.width * request.height).fill(7);
      return Promise.resolve({ width: request.width, height: request.height, bands: [band], mask: null });
    },
  };
  const pixels = await readWarped(huge, outputOfBox(WGS84, [-180, -90, 180, 90], 32, 16)) ?? assert.fail();
  assert.ok(pixels.bands[0].every((value) => value === 7) && pixels.masks[0].every((mask) => mask === 1));
  assert.ok(largest <= MAX_WINDOW_CELLS && largest > 0);
});

Deno.test("requests of a window over the seam lie within the level and cover the window once", () => {
  const grid = places();
  const plan = planWarp(grid, outputOfBox(WGS84, [-185, 0, -175, 10], 20, 20), { resampling: "cubic" }) ??
    assert.fail();
  const requests = windowRequests(360, plan);
  assert.equal(requests.length, 2);
  assert.equal(requests.reduce((sum, { width }) => sum + width, 0), plan.window.width);
  assert.ok(requests.every(({ x, width }) => x >= 0 && x + width <= 360));
});
