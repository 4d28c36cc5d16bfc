/** GeoTIFFs of every encoding that GDAL writes: cells by hash, places, systems and tags as rasterio reads them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { openFileSource } from "../../core/access/file_source.ts";
import { openGeotiff } from "../../core/geotiff/open.ts";
import type { Grid, GridFile, GridValues } from "../../core/raster/grid.ts";
import { crsOfProj4 } from "../../core/raster/crs/definition.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { hasPeer } from "../support/python.ts";

interface Level {
  readonly size: [number, number];
  readonly block: [number, number];
  readonly sha: readonly string[];
  readonly mask: string | null;
}

interface Case {
  readonly name: string;
  readonly dtype: string;
  readonly affine: number[];
  readonly epsg: number | null;
  /** Longitudes and latitudes of the corners, of the system's own datum where it has no code. */
  readonly corners: [number, number][];
  readonly nodata: string | null;
  readonly scales: number[];
  readonly offsets: number[];
  readonly units: (string | null)[];
  readonly descriptions: (string | null)[];
  readonly levels: Level[];
  /** Decoders of one format may differ in the last bits. */
  readonly lossy: boolean;
}

interface Cases {
  readonly cases: Case[];
  readonly refused: { readonly name: string; readonly rule: string }[];
}

const ignore = !hasPeer("rasterio", "pyproj", "numpy");
let made: { folder: string; cases: Cases } | undefined;

function world(): { folder: string; cases: Cases } {
  if (made === undefined) {
    const folder = temporaryFolder("granary-geotiff-");
    const program = path.join(import.meta.dirname!, "geotiff_cases.py");
    const run = spawnSync(process.env.GRANARY_TEST_PYTHON!, [program, folder], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    made = { folder, cases: JSON.parse(fs.readFileSync(path.join(folder, "cases.json"), "utf8")) };
    assert.ok(made.cases.cases.length > 100, `${made.cases.cases.length} cases: ${run.stderr}`);
  }
  return made;
}

async function open(name: string): Promise<GridFile> {
  const file = path.join(world().folder, `${name}.tif`);
  return await openGeotiff(await openFileSource(file), name);
}

/** Every case, with its name in what fails. */
async function eachCase(check: (grid: Grid, wanted: Case) => Promise<void> | void): Promise<void> {
  for (const wanted of world().cases.cases) {
    const file = await open(wanted.name);
    try {
      assert.deepEqual(file.refused, []);
      await check(file.grids[0], wanted);
    } catch (error) {
      throw new Error(`${wanted.name}: ${(error as Error).message}`, { cause: error });
    } finally {
      await file.close();
    }
  }
}

/** Colours of lossy pictures: decoders round them differently, and widen halved colours differently. */
const FARTHEST = 8, FARTHEST_MEAN = 0.7;

function checkNear(values: GridValues, name: string, level: number, band: number): void {
  const right = fs.readFileSync(path.join(world().folder, `${name}.${level}.${band}.bin`));
  assert.equal(values.length, right.length);
  let sum = 0, farthest = 0;
  for (let i = 0; i < right.length; i++) {
    const away = Math.abs(values[i] - right[i]);
    sum += away;
    farthest = Math.max(farthest, away);
  }
  const mean = sum / right.length;
  assert.ok(
    farthest <= FARTHEST && mean <= FARTHEST_MEAN,
    `band ${band}: ${farthest} at most, ${mean} on average`,
  );
}

const sha = (values: ArrayBufferView) =>
  createHash("sha256").update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest(
    "hex",
  );

Deno.test({
  name: "every cell of every level, and every mask, is the one that rasterio reads",
  ignore,
  fn: () =>
    eachCase(async (grid, wanted) => {
      assert.equal(grid.dtype, wanted.dtype);
      assert.deepEqual(
        grid.levels.map(({ width, height }) => [width, height]),
        wanted.levels.map(({ size }) => size),
      );
      for (const [level, known] of wanted.levels.entries()) {
        const { width, height } = grid.levels[level];
        const window = await grid.readWindow({ level, x: 0, y: 0, width, height });
        if (wanted.lossy) window.bands.forEach((band, i) => checkNear(band, wanted.name, level, i));
        else assert.deepEqual(window.bands.map(sha), known.sha, `level ${level}`);
        assert.equal(
          window.mask === null ? null : sha(window.mask),
          known.mask,
          `the mask of level ${level}`,
        );
      }
    }),
});

Deno.test({
  name: "places, nodata, scales, units and names are those that rasterio gives",
  ignore,
  fn: () =>
    eachCase((grid, wanted) => {
      const [a, b, c, d, e, f] = wanted.affine;
      grid.affine.forEach((value, i) => {
        const right = [a, b, c, d, e, f][i];
        assert.ok(
          Math.abs(value - right) <= 1e-12 * Math.max(1, Math.abs(right)),
          `${grid.affine} ${wanted.affine}`,
        );
      });
      const nodata = wanted.nodata === null ? null : wanted.nodata === "nan" ? NaN : Number(wanted.nodata);
      assert.ok(Object.is(grid.nodata, nodata), `${grid.nodata} ${nodata}`);
      assert.deepEqual(grid.bands.map(({ scale }) => scale), wanted.scales);
      assert.deepEqual(grid.bands.map(({ offset }) => offset), wanted.offsets);
      assert.deepEqual(grid.bands.map(({ unit }) => unit), wanted.units);
      assert.deepEqual(grid.bands.map(({ description }) => description), wanted.descriptions);
    }),
});

Deno.test({
  name: "systems have their codes, and corners lie where PROJ puts them",
  ignore,
  fn: () =>
    eachCase((grid, wanted) => {
      if (wanted.epsg !== null) assert.equal(grid.crs.code, `EPSG:${wanted.epsg}`);
      // Longitudes and latitudes on the system's own ellipsoid, as PROJ was asked.
      const own = grid.crs.proj4.match(/\+(datum|ellps|R|a|b|rf)=\S+/g) ?? [];
      const lonlat = crsOfProj4(`+proj=longlat ${own.join(" ")}`);
      const transform = transformer(grid.crs, lonlat);
      const [a, , c, , e, f] = grid.affine;
      [[0, 0], [grid.width, 0], [0, grid.height], [grid.width, grid.height]].forEach(([x, y], i) => {
        const [longitude, latitude] = transform.forward(c + a * x, f + e * y);
        const [rightLongitude, rightLatitude] = wanted.corners[i];
        const away = Math.hypot(longitude - rightLongitude, latitude - rightLatitude);
        assert.ok(away < 1e-7, `${longitude} ${latitude}, by PROJ ${wanted.corners[i]}: "${grid.crs.proj4}"`);
      });
    }),
});

Deno.test({
  name: "what cannot be a grid is refused by its rule",
  ignore,
  fn: async () => {
    for (const { name, rule } of world().cases.refused) {
      const file = await open(name);
      assert.deepEqual(file.grids, [], name);
      assert.equal(file.refused[0].rule, rule, `${name}: ${file.refused[0].reason}`);
      await file.close();
    }
  },
});

Deno.test({
  name: "the binary, too, has the decoders of JPEG, WebP and LERC",
  ignore,
  fn: async () => {
    const { folder } = world();
    for (const name of ["jpeg_ycbcr", "webp_rgb", "lerc_zstd_float32"]) {
      const { code, stderr } = await granary(["cog", `${name}.tif`, "-o", "made"], { cwd: folder });
      assert.equal(code, 0, stderr);
      const cells = { level: 0, x: 0, y: 0, width: 700, height: 600 };
      const hashes = await Promise.all([name, path.join("made", name)].map(async (each) => {
        const file = await open(each);
        const { bands } = await file.grids[0].readWindow(cells);
        await file.close();
        return bands.map(sha);
      }));
      assert.deepEqual(hashes[1], hashes[0], name);
    }
  },
});
