/**
 * Grids of real files against data/golden/grids: their places, which h5py computed from the files' own
 * coordinates and GDAL where it can, and every value of every oriented band.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { openFileSource } from "../../../../core/access/file_source.ts";
import { openGrids } from "../../../../core/grids/open_grids.ts";
import { crsOfProj4 } from "../../../../core/raster/crs/definition.ts";
import { StatisticsSum } from "../../../../core/raster/band_statistics.ts";
import type { Grid, GridFile } from "../../../../core/raster/grid.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

interface GoldenBand {
  label?: string;
  datetime?: string;
  /** Of a band without a valid cell only the counts. */
  stored_statistics:
    & Record<"count" | "valid_percent", number>
    & Partial<Record<"minimum" | "maximum" | "mean" | "stddev", number>>;
  sha256_le: string;
  pixels: { row: number; col: number; x: number; y: number; value: number }[];
}

interface GoldenGrid {
  variable: string;
  width: number;
  height: number;
  count: number;
  dtype: string;
  transform: number[];
  crs: string;
  nodata: number | "nan" | null;
  scale?: number;
  offset?: number;
  unit?: string;
  bands: GoldenBand[];
}

interface Golden {
  file: string;
  grids: GoldenGrid[];
  refuse?: string;
}

const FOLDER = sharedData("golden/grids");

function goldens(): [string, Golden][] {
  if (!hasSharedData) return [];
  return fs.readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort().flatMap((name) => {
    const golden = JSON.parse(fs.readFileSync(`${FOLDER}/${name}`, "utf8")) as Golden;
    return Array.isArray(golden.grids) ? [[name, golden]] : [];
  });
}

/** Affines agree where no corner of the grid is further off than 2e-4 of a cell. */
function assertSamePlace(grid: Grid, wanted: readonly number[]): void {
  const { affine, width, height } = grid;
  for (const [column, row] of [[0, 0], [width, 0], [0, height], [width, height]]) {
    const at = (
      [a, b, c, d, e, f]: readonly number[],
    ) => [a * column + b * row + c, d * column + e * row + f];
    const [x, y] = at(affine);
    const [wantedX, wantedY] = at(wanted);
    const off = Math.max(Math.abs((x - wantedX) / wanted[0]), Math.abs((y - wantedY) / wanted[4]));
    assert.ok(off <= 2e-4, `corner ${column},${row} at ${x},${y}, wanted ${wantedX},${wantedY}`);
  }
}

function near(found: number | null, wanted: number | undefined, what: string): void {
  if (wanted === undefined) return assert.equal(found, null, what);
  const same = found !== null && Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
  assert.ok(same, `${what}: ${found}, wanted ${wanted}`);
}

async function assertGrid(file: GridFile, wanted: GoldenGrid): Promise<void> {
  const grid = file.grids.find(({ name }) => name === wanted.variable);
  const refusal = file.refused.find(({ name }) => name === wanted.variable);
  assert.ok(grid, `${wanted.variable} is no grid: ${refusal?.reason}`);
  assert.deepEqual([grid.width, grid.height, grid.dtype], [wanted.width, wanted.height, wanted.dtype]);
  assertSamePlace(grid, wanted.transform);
  if (wanted.crs.startsWith("+")) {
    const parameters = (text: string) => text.split(" ").filter((one) => one !== "+no_defs").sort();
    assert.deepEqual(parameters(grid.crs.proj4), parameters(crsOfProj4(wanted.crs).proj4));
    for (const one of ["+proj=sinu", "+R=6371007.181"]) assert.ok(grid.crs.proj4.includes(one));
  } else assert.equal(grid.crs.code, wanted.crs);
  assert.equal(grid.nodata, wanted.nodata === "nan" ? NaN : wanted.nodata);
  assert.equal(grid.bands.length, wanted.count);
  const window = await grid.readWindow({ level: 0, x: 0, y: 0, width: grid.width, height: grid.height });
  wanted.bands.forEach((band, i) => {
    const { scale, offset, unit, name, time } = grid.bands[i];
    near(scale, wanted.scale ?? 1, "scale");
    near(offset, wanted.offset ?? 0, "offset");
    assert.equal(unit, wanted.unit ?? null);
    if (band.label !== undefined) assert.equal(name, band.label);
    if (band.datetime !== undefined) assert.equal(time, Date.parse(band.datetime));
    const values = window.bands[i];
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), band.sha256_le);
    for (const { row, col, x, y, value } of band.pixels) {
      const [a, , c, , e, f]: readonly number[] = grid.affine;
      assert.ok(Math.abs((a * (col + 0.5) + c - x) / a) <= 2e-4, "x of a cell's centre");
      assert.ok(Math.abs((e * (row + 0.5) + f - y) / e) <= 2e-4, "y of a cell's centre");
      assert.equal(values[row * grid.width + col], value ?? NaN);
    }
    const sum = new StatisticsSum(grid.nodata);
    sum.add(values);
    const found = sum.result();
    assert.equal(found.count, band.stored_statistics.count);
    near(found.minimum, band.stored_statistics.minimum, "minimum");
    near(found.maximum, band.stored_statistics.maximum, "maximum");
    near(found.mean, band.stored_statistics.mean, "mean");
    near(found.stddev, band.stored_statistics.stddev, "stddev");
    assert.ok(Math.abs(found.validPercent - band.stored_statistics.valid_percent) < 1e-5);
  });
}

for (const [name, golden] of goldens()) {
  const at = sharedData(golden.file);
  for (const wanted of golden.grids) {
    Deno.test({
      name: `${name}: ${wanted.variable} lies where the file's own coordinates say`,
      ignore: !fs.existsSync(at),
      fn: async () => {
        const file = await openGrids(await openFileSource(at), at);
        try {
          await assertGrid(file, wanted);
        } finally {
          await file.close();
        }
      },
    });
  }
  if (golden.refuse === undefined) continue;
  Deno.test({
    name: `${name} is refused`,
    ignore: !fs.existsSync(at),
    fn: async () => {
      const file = await openGrids(await openFileSource(at), at);
      try {
        assert.equal(file.grids.length, 0);
        assert.ok(file.refused.length > 0);
        for (const { rule } of file.refused) assert.equal(rule, "curvilinear");
      } finally {
        await file.close();
      }
    },
  });
}
