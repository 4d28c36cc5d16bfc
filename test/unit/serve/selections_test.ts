/** What a tile is where granules lie over each other, by every rule of choosing. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { encodeGeotiff } from "../../../core/raster/encode/geotiff.ts";
import { outputOfBox } from "../../../core/raster/pixels.ts";
import { startServing } from "../../support/serving.ts";
import { placedNpy } from "../../support/terrain_world.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";

const BOX = [6, 44, 12, 49] as const;
const SIDE = 32;
/** Of three granules over the same place, by the days of their names. */
const VALUES = [20, 60, 10];

/** What numpy says of VALUES. */
const WANTED = {
  first: 20,
  highest: 60,
  lowest: 10,
  mean: 30,
  median: 20,
  stdev: 21.602468994692867,
  count: 3,
} as const;

Deno.test("where granules cover each other a tile has the values of all of them, by every rule", () =>
  withFolder(async (folder) => {
    const [xmin, ymin, xmax, ymax] = BOX;
    const ring = [[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]];
    const rows = VALUES.map((value, day) => {
      const pixels = {
        width: SIDE,
        height: SIDE,
        bands: [new Float32Array(SIDE * SIDE).fill(value)],
        masks: [new Uint8Array(SIDE * SIDE).fill(1)],
      };
      const output = outputOfBox(crsOfCode("EPSG:4326"), BOX, SIDE, SIDE);
      fs.writeFileSync(path.join(folder, `${day}.tif`), encodeGeotiff(pixels, output, false));
      return sampleRow({
        id: `${day}.tif`,
        path: `${day}.tif`,
        local_base: `${folder}/`,
        s3_base: null,
        https_base: null,
        geometry: encodeWkb({ type: "Polygon", coordinates: [ring] }),
        bbox: { xmin, ymin, xmax, ymax },
      });
    });
    const catalog = path.join(folder, "days.parquet");
    await writeCatalog(catalog, rows);
    const { get, stop } = await startServing({ catalogs: [catalog] });
    const ask = async (query: string) => {
      const { values } = await placedNpy(
        await get(`/rasterio/bbox/7,45,11,48/8x8.npy?return_mask=false&${query}`),
      );
      assert.equal(new Set(values).size, 1, query);
      return Number(values[0]);
    };
    try {
      for (const [rule, wanted] of Object.entries(WANTED)) {
        const found = await ask(`pixel_selection=${rule}`);
        assert.ok(Math.abs(found - wanted) < 1e-9, `${rule}: ${found}, not ${wanted}`);
        // The first granule fills the picture, which is enough where the request says so.
        const alone = rule === "count" ? 1 : rule === "stdev" ? 0 : VALUES[0];
        assert.equal(await ask(`pixel_selection=${rule}&exitwhenfull=true`), alone, rule);
        assert.equal(await ask(`pixel_selection=${rule}&skipcovered=true`), alone, rule);
        const two = await ask(`pixel_selection=${rule}&items_limit=2`);
        const ofTwo = { first: 20, highest: 60, lowest: 20, mean: 40, median: 40, stdev: 20, count: 2 };
        assert.equal(two, ofTwo[rule as keyof typeof ofTwo], rule);
      }
    } finally {
      await stop();
    }
  }));
