/**
 * Tiles and statistics of real files against what rio-tiler and titiler-cmr gave of them. Where a tile is not
 * wholly on its image, nearest sampling differs on borders between cells: at least 99 % of pixels are equal
 * and every other is the value of a neighbouring cell.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { decode } from "fast-png";
import { openFileSource } from "../../../../core/access/file_source.ts";
import type { Geometry } from "../../../../core/geometry/geometry.ts";
import { openGeotiff } from "../../../../core/geotiff/open.ts";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import { crsOfCode } from "../../../../core/raster/crs/codes.ts";
import { transformer } from "../../../../core/raster/crs/transform.ts";
import type { Grid } from "../../../../core/raster/grid.ts";
import { type OutputGrid, outputOfBox, type Pixels } from "../../../../core/raster/pixels.ts";
import { crsCodeOf, tileMatrixSet } from "../../../../core/raster/tms/tile_matrix_set.ts";
import { tileBounds } from "../../../../core/raster/tms/tiles.ts";
import { nearestCells } from "../../../../core/raster/warp/nearest.ts";
import { planWarp } from "../../../../core/raster/warp/plan.ts";
import { readPlanned, readWarped } from "../../../../core/raster/warp/read.ts";
import { alignedOutput, suggestedOutput } from "../../../../core/raster/warp/suggest.ts";
import { warp } from "../../../../core/raster/warp/warp.ts";
import { coveredPixels, coverWeights } from "../../../../core/raster/zonal/cover.ts";
import { outlineOf } from "../../../../core/raster/zonal/outline.ts";
import { zonalStatistics } from "../../../../core/raster/zonal/statistics.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { parseNpy } from "../../../support/npy.ts";

const FMASK = "cog/HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";
const SST = "netcdf/20241011120000-ABOM-L4_GHRSST-SSTfnd-GAMSSA_28km-GLOB-v02.0-fv01.0.nc";
const OZONE = "omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5";

async function withTiff<T>(name: string, work: (grid: Grid) => Promise<T>): Promise<T> {
  const at = sharedData(name);
  const file = await openGeotiff(await openFileSource(at), at);
  try {
    return await work(file.grids[0]);
  } finally {
    await file.close();
  }
}

async function withVariable<T>(name: string, variable: string, work: (grid: Grid) => Promise<T>): Promise<T> {
  const at = sharedData(name);
  const file = await openGrids(await openFileSource(at), at);
  try {
    return await work(file.grids.find((grid) => grid.name.endsWith(variable)) ?? assert.fail(variable));
  } finally {
    await file.close();
  }
}

function tileOutput(set: string, z: number, x: number, y: number, size: number): OutputGrid {
  const tiles = tileMatrixSet(set);
  return outputOfBox(crsOfCode(crsCodeOf(tiles)), tileBounds(tiles, { z, x, y }), size, size);
}

interface Golden {
  /** By pixel; masked where `mask` is 0. */
  readonly values: ArrayLike<number>;
  readonly mask: ArrayLike<number>;
}

function goldenPng(name: string): Golden {
  const { data, channels } = decode(fs.readFileSync(sharedData(`serve/${name}`)));
  const pick = (channel: number) =>
    Array.from({ length: data.length / channels }, (_, i) => data[channels * i + channel]);
  return { values: pick(0), mask: pick(channels - 1) };
}

function goldenNpy(name: string): Golden {
  const { values, shape } = parseNpy(fs.readFileSync(sharedData(`serve/${name}`)));
  const pixels = shape[1] * shape[2];
  // The peer's mask band says that NaN is a value too.
  const mask = Array.from(
    { length: pixels },
    (_, i) => Number.isNaN(values[i]) || values[values.length - pixels + i] === 0 ? 0 : 1,
  );
  return { values: values.subarray(0, pixels), mask };
}

/** The part of pixels whose values agree, and whose masks do; that others lie beside their own is asserted. */
async function compare(
  grid: Grid,
  output: OutputGrid,
  golden: Golden,
): Promise<{ equal: number; mask: number }> {
  const plan = planWarp(grid, output) ?? assert.fail("nothing touches the grid");
  const window = await readPlanned(grid, plan);
  const { bands: [band], masks: [mask] } = warp(window, plan);
  const cells = nearestCells(plan);
  const { scale, offset } = grid.bands[0];
  let [equal, sameMask] = [0, 0];
  for (let i = 0; i < band.length; i++) {
    const there = golden.mask[i] === 0 ? 0 : 1;
    if (there === mask[i]) sameMask++;
    if (there === 0 || mask[i] === 0) {
      if (there === mask[i]) equal++;
      continue;
    }
    const near = (value: number) =>
      Math.abs(value * scale + offset - golden.values[i]) <= 1e-6 * Math.abs(offset + 1);
    if (near(band[i])) {
      equal++;
      continue;
    }
    const [column, row] = [cells[i] % window.width, Math.floor(cells[i] / window.width)];
    const around = [-1, 0, 1].flatMap((dy) =>
      [-1, 0, 1].map((dx) => {
        const x = Math.min(window.width - 1, Math.max(0, column + dx));
        const y = Math.min(window.height - 1, Math.max(0, row + dy));
        return window.bands[0][y * window.width + x];
      })
    );
    assert.ok(around.some(near), `pixel ${i}: ${golden.values[i]} is not among ${around}`);
  }
  return { equal: equal / band.length, mask: sameMask / band.length };
}

/** Name, tile, golden, and the least part of equal pixels: all, where the whole tile lies on the image. */
const TIFF_TILES: readonly (readonly [string, number, number, number, string, number])[] = [
  [FMASK, 8, 62, 88, "bodies/tile_fmask_z8.png", 0.99],
  [FMASK, 9, 125, 177, "bodies/tile_fmask_z9.png", 1],
  [FMASK, 11, 502, 709, "bodies/tile_fmask_z11.png", 1],
  [FMASK, 14, 4022, 5678, "bodies/tile_fmask_z14_overzoom.png", 1],
  ["cog/cog_nodata.tif", 7, 43, 24, "direct/cog_nodata_7_43_24.png", 1],
  ["cog/cog_nodata.tif", 9, 175, 98, "direct/cog_nodata_9_175_98.png", 1],
  ["cog/cog_nodata.tif", 11, 700, 395, "direct/cog_nodata_11_700_395.png", 1],
  ["cog/nocog.tif", 8, 87, 49, "direct/nocog_8_87_49.png", 1],
];

for (const [name, z, x, y, file, least] of TIFF_TILES) {
  Deno.test({
    name: `${name} at ${z}/${x}/${y} is rio-tiler's tile`,
    ignore: !hasSharedData,
    fn: () =>
      withTiff(name, async (grid) => {
        const found = await compare(grid, tileOutput("WebMercatorQuad", z, x, y, 256), goldenPng(file));
        assert.ok(found.equal >= least && found.mask >= 0.999, JSON.stringify(found));
      }),
  });
}

for (const [z, x, y] of [[5, 31, 10], [5, 0, 10], [8, 255, 84]]) {
  Deno.test({
    name: `a raster across the antimeridian is whole on either side of it: ${z}/${x}/${y}`,
    ignore: !hasSharedData,
    fn: () =>
      withTiff("cog/cog_dateline.tif", async (grid) => {
        const output = tileOutput("WebMercatorQuad", z, x, y, 256);
        const golden = goldenPng(`direct/cog_dateline_${z}_${x}_${y}.png`);
        // The peer takes this raster for one round the Earth, whose cells are coarser than any tile's pixels,
        // and reads no overview of it.
        const full = await compare({ ...bare(grid), levels: grid.levels.slice(0, 1) }, output, golden);
        assert.ok(full.equal >= 0.995 && full.mask === 1, JSON.stringify(full));
        const plan = planWarp(grid, output) ?? assert.fail();
        assert.equal(plan.level, z === 5 ? 3 : 1, "ours reads the overview that the tile needs");
        const { masks } = await readWarped(grid, output) ?? assert.fail();
        assert.ok(masks[0].every((mask, i) => mask === (golden.mask[i] === 0 ? 0 : 1)));
      }),
  });
}

/** A grid's own properties and its reading, which a copy would lose. */
function bare(grid: Grid): Grid {
  const { name, width, height, affine, crs, dtype, nodata, bands, levels, notes } = grid;
  return {
    name,
    width,
    height,
    affine,
    crs,
    dtype,
    nodata,
    bands,
    levels,
    notes,
    readWindow: (request, signal) => grid.readWindow(request, signal),
  };
}

const GRID_TILES: readonly (readonly [string, string, string, number, number, number, number, string])[] = [
  [SST, "sea_ice_fraction", "WebMercatorQuad", 4, 7, 1, 96, "bodies/tile_ice_z4.npy"],
  [OZONE, "ColumnAmountO3", "WebMercatorQuad", 0, 0, 0, 128, "direct/OMI-Aura_L3-OMTO3d_0_0_0.npy"],
  [OZONE, "ColumnAmountO3", "WebMercatorQuad", 2, 2, 1, 128, "direct/OMI-Aura_L3-OMTO3d_2_2_1.npy"],
];

for (const [name, variable, set, z, x, y, size, file] of GRID_TILES) {
  Deno.test({
    name: `${variable} at ${z}/${x}/${y} is the peer's tile, its mask to the pixel`,
    ignore: !hasSharedData,
    fn: () =>
      withVariable(name, variable, async (grid) => {
        const found = await compare(grid, tileOutput(set, z, x, y, size), goldenNpy(file));
        assert.ok(found.equal >= 0.99 && found.mask === 1, JSON.stringify(found));
      }),
  });
}

interface RecordedStatistics {
  readonly [name: string]: number | number[][];
}

interface Recorded {
  readonly name: string;
  readonly body: string | Record<string, unknown>;
  readonly json: { features?: RecordedFeature[] } & RecordedFeature;
}

interface RecordedFeature {
  readonly geometry: Geometry;
  readonly properties: { statistics: { b1: RecordedStatistics } };
}

function recordedFeatures(name: string): RecordedFeature[] {
  const all: Recorded[] = JSON.parse(fs.readFileSync(sharedData("serve/transcripts.json"), "utf8"));
  const { json } = all.find((one) => one.name === name) ?? assert.fail(name);
  return json.features ?? [json];
}

const WGS84 = crsOfCode("EPSG:4326");

/** Statistics as the server makes them: the polygon's box on the grid's own cells, all that it touches. */
async function statisticsOf(
  grid: Grid,
  geometry: Geometry,
  code: string,
  fit: "aligned" | "box",
  options: Parameters<typeof zonalStatistics>[3] = {},
) {
  const crs = crsOfCode(code);
  const native = suggestedOutput(grid, crs);
  const [ring] = geometry.type === "Polygon" ? geometry.coordinates : assert.fail();
  const [lons, lats] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const [west, south, east, north] = [
    Math.min(...lons),
    Math.min(...lats),
    Math.max(...lons),
    Math.max(...lats),
  ];
  const sides = [[west, south], [east, south], [east, north], [west, north]];
  const steps = Array.from({ length: 22 }, (_, i) => i / 21);
  const around = sides.flatMap((from, i) => {
    const to = sides[(i + 1) % 4];
    return steps.map((t) => [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
  });
  const places = around.map(([x, y]) => transformer(WGS84, crs).forward(x, y));
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] as const;
  const output = fit === "aligned" ? alignedOutput(native, box) : outputOfBox(
    crs,
    box,
    Math.round((box[2] - box[0]) / native.affine[0]),
    Math.round((box[1] - box[3]) / native.affine[4]),
  );
  const pixels = await readWarped(grid, output) ?? assert.fail();
  const outline = outlineOf(geometry, WGS84, output);
  const inside = coveredPixels(outline, output.width, output.height, "touched");
  const mask = pixels.masks[0].map((valid, i) => valid & inside[i]);
  return zonalStatistics(
    scaled(pixels, grid),
    mask,
    coverWeights(outline, output.width, output.height),
    options,
  );
}

function scaled(pixels: Pixels, grid: Grid) {
  const { scale, offset } = grid.bands[0];
  return scale === 1 && offset === 0
    ? pixels.bands[0]
    : Float64Array.from(pixels.bands[0], (value) => value * scale + offset);
}

function agree(found: object, wanted: RecordedStatistics, tolerance: number): void {
  for (const [name, expected] of Object.entries(wanted)) {
    if (name === "description") continue;
    const value = (found as Record<string, number | number[][]>)[name];
    const [a, b] = [[value].flat(2), [expected].flat(2)];
    assert.equal(a.length, b.length, name);
    a.forEach((one, i) => {
      const slack = tolerance * Math.max(Math.abs(b[i]), name === "histogram" ? Math.max(...b) : 0);
      assert.ok(Math.abs(one - b[i]) <= slack, `${name}: ${one}, wanted ${b[i]}`);
    });
  }
}

for (
  const [name, variable] of [["stats_ice_greenland", "sea_ice_fraction"], ["stats_sst_two", "analysed_sst"]]
) {
  Deno.test({
    name: `statistics of ${variable} are the recorded ones to nine digits (${name})`,
    ignore: !hasSharedData,
    fn: () =>
      withVariable(SST, variable, async (grid) => {
        for (const { geometry, properties } of recordedFeatures(name)) {
          agree(await statisticsOf(grid, geometry, "EPSG:4326", "box"), properties.statistics.b1, 1e-9);
        }
      }),
  });
}

const FMASK_STATISTICS = [
  ["stats_fmask_utm", "EPSG:32615", {}],
  ["stats_fmask_4326", "EPSG:4326", {}],
  ["stats_fmask_tri", "EPSG:32615", { percentiles: [5, 95], bins: { edges: [0, 64, 128, 256] } }],
  ["stats_fmask_categorical", "EPSG:32615", { categorical: true }],
] as const;

for (const [name, code, options] of FMASK_STATISTICS) {
  Deno.test({
    name: `statistics of warped classes are the recorded ones to a thousandth (${name})`,
    ignore: !hasSharedData,
    fn: () =>
      withTiff(FMASK, async (grid) => {
        for (const { geometry, properties } of recordedFeatures(name)) {
          const found = await statisticsOf(grid, geometry, code, "aligned", options);
          agree(found, properties.statistics.b1, 1e-3);
        }
      }),
  });
}
