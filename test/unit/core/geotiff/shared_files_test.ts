/** Real GeoTIFFs: places, cells and statistics as GDAL has them. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { openFileSource } from "../../../../core/access/file_source.ts";
import { StatisticsSum } from "../../../../core/raster/band_statistics.ts";
import { openGeotiff } from "../../../../core/geotiff/open.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

interface Facts {
  readonly width: number;
  readonly height: number;
  readonly dtype: string;
  readonly nodata: number | null;
  readonly crs: string;
  readonly proj_transform: readonly number[];
  readonly statistics_full_resolution: Readonly<Record<string, number>>;
  readonly overviews: readonly number[];
  readonly blocks: readonly [number, number];
}

const facts: Record<string, Facts> = hasSharedData
  ? JSON.parse(fs.readFileSync(sharedData("golden/grids/stac_items_from_cogs.json"), "utf8"))
  : {};

for (const [name, wanted] of Object.entries(facts)) {
  Deno.test(`${name} lies where GDAL puts it, with its cells`, async () => {
    const file = await openGeotiff(await openFileSource(sharedData(`cog/${name}`)), name);
    try {
      const [grid] = file.grids;
      assert.deepEqual([grid.width, grid.height, grid.dtype, grid.nodata], [
        wanted.width,
        wanted.height,
        wanted.dtype,
        wanted.nodata,
      ]);
      assert.equal(grid.crs.code, wanted.crs);
      assert.deepEqual([...grid.affine], wanted.proj_transform.slice(0, 6));
      assert.deepEqual([grid.levels[0].blockHeight, grid.levels[0].blockWidth], wanted.blocks);
      const factors = grid.levels.slice(1).map(({ width }) => Math.round(grid.width / width));
      assert.deepEqual(factors, wanted.overviews);
      const sum = new StatisticsSum(grid.nodata);
      for (let y = 0; y < grid.height; y += 1000) {
        const height = Math.min(1000, grid.height - y);
        const { bands: [values], mask } = await grid.readWindow({
          level: 0,
          x: 0,
          y,
          width: grid.width,
          height,
          bands: [0],
        });
        sum.add(values, mask);
      }
      const { count, minimum, maximum, mean, stddev, validPercent } = sum.result();
      const known = wanted.statistics_full_resolution;
      assert.deepEqual([count, minimum, maximum], [known.count, known.minimum, known.maximum]);
      const near = (found: number | null, right: number) =>
        assert.ok(found !== null && Math.abs(found - right) <= 1e-9 * Math.abs(right), `${found} ${right}`);
      near(mean, known.mean);
      near(stddev, known.stddev);
      near(validPercent, known.valid_percent);
    } finally {
      await file.close();
    }
  });
}

if (!hasSharedData) {
  Deno.test({ name: "real GeoTIFFs lie where GDAL puts them", ignore: true, fn: () => {} });
}
