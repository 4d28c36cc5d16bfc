import assert from "node:assert/strict";
import fc from "fast-check";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { outputOfBox } from "../../../../../core/raster/pixels.ts";
import { coveredPixels, coverWeights } from "../../../../../core/raster/zonal/cover.ts";
import { outlineOf } from "../../../../../core/raster/zonal/outline.ts";
import { zonalStatistics } from "../../../../../core/raster/zonal/statistics.ts";

const WGS84 = crsOfCode("EPSG:4326");
const WORLD = outputOfBox(WGS84, [0, 0, 20, 10], 20, 10);

/** Corners at thousandths of a pixel: smaller parts than borders are known to would be noise. */
const triangles = fc.array(
  fc.tuple(fc.integer({ min: -5000, max: 25000 }), fc.integer({ min: -5000, max: 15000 })),
  { minLength: 3, maxLength: 3 },
).map((corners) => corners.map(([x, y]) => [x / 1000, y / 1000] as const));

/** The area of a triangle within the raster, by its corners cut at the raster's sides (Sutherland, Hodgman 1974). */
function areaWithin(corners: readonly (readonly [number, number])[]): number {
  let ring: (readonly [number, number])[] = [...corners];
  const cut = (inside: (p: readonly [number, number]) => number) => {
    ring = ring.flatMap((from, i) => {
      const to = ring[(i + 1) % ring.length];
      const [a, b] = [inside(from), inside(to)];
      const t = a / (a - b);
      const border = [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])] as const;
      return [...(a >= 0 ? [from] : []), ...((a >= 0) !== (b >= 0) ? [border] : [])];
    });
  };
  cut(([x]) => x);
  cut(([x]) => 20 - x);
  cut(([, y]) => y);
  cut(([, y]) => 10 - y);
  const twice = ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

Deno.test("weights add up to the polygon's area, and a finer scale does so better", () => {
  fc.assert(
    fc.property(triangles, (corners) => {
      const outline = [Float64Array.from([...corners, corners[0]].flat())];
      const area = areaWithin(corners);
      let perimeter = 0;
      corners.forEach(([x, y], i) => {
        const [nextX, nextY] = corners[(i + 1) % 3];
        perimeter += Math.hypot(nextX - x, nextY - y);
      });
      for (const scale of [1, 10, 100]) {
        const sum = coverWeights(outline, 20, 10, scale).reduce((a, b) => a + b, 0);
        const slack = (perimeter + 4 / scale) * 1.5 / scale + 1e-3;
        assert.ok(sum >= area - slack && sum <= area + slack, `${scale}: ${sum}, area ${area}`);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("pixels whose middle is inside are among those touched, which are those of weight", () => {
  fc.assert(
    fc.property(triangles, (corners) => {
      const outline = [Float64Array.from([...corners, corners[0]].flat())];
      const centre = coveredPixels(outline, 20, 10, "centre");
      const touched = coveredPixels(outline, 20, 10, "touched");
      const weights = coverWeights(outline, 20, 10);
      centre.forEach((inside, i) => assert.ok(inside <= touched[i]));
      touched.forEach((inside, i) => assert.ok(inside === 1 || weights[i] === 0));
      weights.forEach((weight) => assert.ok(weight >= 0 && weight <= 1));
    }),
    { numRuns: 60 },
  );
});

Deno.test("holes are left out, parts of a multipolygon are all there", () => {
  const ring = (
    x0: number,
    y0: number,
    x1: number,
    y1: number,
  ) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
  const outline = outlineOf(
    { type: "MultiPolygon", coordinates: [[ring(1, 1, 9, 9), ring(3, 3, 6, 6)], [ring(12, 2, 14, 4)]] },
    WGS84,
    WORLD,
  );
  assert.equal(coverWeights(outline, 20, 10).reduce((a, b) => a + b), 64 - 9 + 4);
  assert.equal(coveredPixels(outline, 20, 10, "touched").reduce((a, b) => a + b), 64 - 9 + 4);
});

Deno.test("long edges follow their course in degrees, not the image's straight line", () => {
  const arctic = outputOfBox(crsOfCode("EPSG:3413"), [-4e6, -4e6, 4e6, 4e6], 400, 400);
  const belt = {
    type: "Polygon",
    coordinates: [[[-180, 70], [180, 70], [180, 80], [-180, 80], [-180, 70]]],
  } as const;
  const outline = outlineOf(JSON.parse(JSON.stringify(belt)), WGS84, arctic);
  const area = coverWeights(outline, 400, 400).reduce((a, b) => a + b) * 400;
  // Radii of 80 and 70 N in this projection: 1,094 and 2,200 km or so; the ring between has 11.4 million km2.
  assert.ok(area > 11.2e6 && area < 11.7e6, `${area} km2`);
});

Deno.test("what has no area, or no place, is refused", () => {
  assert.throws(() => outlineOf({ type: "Point", coordinates: [1, 1] }, WGS84, WORLD), /a Point has no area/);
  assert.throws(() => outlineOf({ type: "MultiPolygon", coordinates: [] }, WGS84, WORLD), /is empty/);
  const pole = outputOfBox(crsOfCode("EPSG:3857"), [0, 0, 1e6, 1e6], 10, 10);
  const square = [[0, 0], [90, 0], [90, 90], [0, 90], [0, 0]];
  assert.throws(() => outlineOf({ type: "Polygon", coordinates: [square] }, WGS84, pole), /has no place/);
  assert.throws(() => coverWeights([], 4, 4, 1001), RangeError);
});

Deno.test("numbers are weighted where rio-tiler weights them", () => {
  // rio_tiler.utils.get_array_statistics of [[1, 2, 2], [5, nan, 9]], coverage [[1, .5, .25], [1, 1, 0]].
  const found = zonalStatistics(
    Float64Array.of(1, 2, 2, 5, NaN, 9),
    Uint8Array.of(1, 1, 1, 1, 1, 1),
    Float32Array.of(1, 0.5, 0.25, 1, 1, 0),
    { percentiles: [10, 90] },
  );
  assert.deepEqual(found, {
    min: 1,
    max: 9,
    mean: 7.5 / 2.75,
    count: 2.75,
    sum: 7.5,
    std: found.std,
    median: 2,
    majority: 2,
    minority: 1,
    unique: 4,
    histogram: [[1, 2, 0, 0, 0, 1, 0, 0, 0, 1], [
      1,
      1.8,
      2.6,
      3.4000000000000004,
      4.2,
      5,
      5.800000000000001,
      6.6000000000000005,
      7.4,
      8.2,
      9,
    ]],
    valid_percent: 100,
    masked_pixels: 1,
    valid_pixels: 5,
    percentile_10: 1,
    percentile_90: 5,
  });
  assert.ok(Math.abs(found.std - 1.7627926754241197) < 1e-15, `${found.std}`);
});

Deno.test("no valid pixel gives no numbers, and counts of none", () => {
  const found = zonalStatistics(new Float32Array(4), new Uint8Array(4), null);
  assert.ok([found.min, found.mean, found.median, found.std, found.percentile_2].every(Number.isNaN));
  assert.deepEqual([found.count, found.sum, found.unique, found.valid_pixels, found.masked_pixels], [
    0,
    0,
    0,
    0,
    4,
  ]);
  assert.deepEqual(found.histogram[0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("categories are counted by value, those asked for in their order", () => {
  const band = Uint8Array.of(3, 3, 7, 9);
  const mask = Uint8Array.of(1, 1, 1, 1);
  assert.deepEqual(zonalStatistics(band, mask, null, { categorical: true }).histogram, [[2, 1, 1], [
    3,
    7,
    9,
  ]]);
  const { histogram } = zonalStatistics(band, mask, null, { categorical: true, categories: [9, 1, 3] });
  assert.deepEqual(histogram, [[1, 0, 2], [9, 1, 3]]);
  assert.throws(() => zonalStatistics(band, mask, null, { bins: { edges: [3, 1] } }), /ascending/);
  assert.throws(() => zonalStatistics(band, mask, null, { bins: { count: 0 } }), /0 bins/);
});
