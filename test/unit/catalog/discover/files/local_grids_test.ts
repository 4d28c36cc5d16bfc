import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { decodeWkb } from "../../../../../core/geometry/wkb.ts";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { encodeGeotiff } from "../../../../../core/raster/encode/geotiff.ts";
import { outputOfBox } from "../../../../../core/raster/pixels.ts";
import { writeCatalog } from "../../../../../catalog/write/write.ts";
import { GRIDS, localGranules } from "../../../../../catalog/discover/files/local_granules.ts";
import type { GranuleRow } from "../../../../../catalog/granule.ts";
import { withFolder } from "../../sample.ts";
import { startServing } from "../../../../support/serving.ts";
import { readPng } from "../../../../support/images.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";

Deno.test({
  name: "a folder of GeoTIFFs and netCDF files is a catalog, and its tiles are served",
  ignore: !hasSharedData,
  async fn() {
    const found = localGranules([sharedData("cog"), sharedData("netcdf")], { layout: GRIDS });
    const rows: GranuleRow[] = [];
    for await (const row of found.rows) rows.push(row);
    await found.close();
    assert.deepEqual(found.failures, []);
    assert.equal(rows.length, 5);
    const fmask = rows.find(({ id }) => id.includes("Fmask")) ?? assert.fail();
    assert.equal(fmask.start_datetime, Date.UTC(2024, 0, 283, 16, 51, 35), "by its name");
    // Corners of the tile by rasterio's transform_bounds.
    const box = fmask.bbox ?? assert.fail();
    for (
      const [ours, theirs] of [[box.xmin, -93.0003], [box.ymin, 47.7558], [box.xmax, -91.5067], [
        box.ymax,
        48.7530,
      ]]
    ) {
      assert.ok(Math.abs(ours - theirs) < 1e-3, `${ours} ${theirs}`);
    }
    assert.equal(decodeWkb(fmask.geometry ?? assert.fail()).type, "Polygon");
    const sst = rows.find(({ id }) => id.endsWith(".nc")) ?? assert.fail();
    assert.deepEqual(sst.bbox, { xmin: -180, ymin: -90, xmax: 180, ymax: 90 });
    assert.equal(sst.start_datetime, Date.UTC(2024, 9, 11, 12), "by its own time");
    await withFolder(async (folder) => {
      const file = path.join(folder, "grids.parquet");
      await writeCatalog(file, rows);
      const serving = await startServing({ catalogs: [file] });
      try {
        const tile = "/rasterio/tiles/WebMercatorQuad/9/125/177.png?granule_ur=" +
          encodeURIComponent(fmask.id);
        const answer = await serving.get(tile);
        assert.equal(answer.status, 200);
        const png = readPng(new Uint8Array(await answer.arrayBuffer()));
        assert.deepEqual([png.width, png.height], [256, 256]);
        const opens = async () =>
          /^granary_file_opens_total (\d+)$/m.exec(await (await serving.get("/metrics")).text())?.[1];
        const misses = async () =>
          /^granary_block_misses_total (\d+)$/m.exec(await (await serving.get("/metrics")).text())?.[1];
        const before = [await opens(), await misses()];
        await (await serving.get(tile)).body?.cancel();
        assert.deepEqual(
          [await opens(), await misses()],
          before,
          "a warm tile opens nothing and reads nothing",
        );
        const point = await serving.get(
          `/xarray/point/-30.1,10.1?variables=analysed_sst&granule_ur=${encodeURIComponent(sst.id)}`,
        );
        assert.ok(Math.abs((await point.json()).assets[0].values[0] - 301.02) < 1e-9);
      } finally {
        await serving.stop();
      }
    });
  },
});

Deno.test("a file of another form is told, and the others of its folder are a catalog", () =>
  withFolder(async (folder) => {
    const pixels = { width: 4, height: 4, bands: [new Uint8Array(16)], masks: [new Uint8Array(16).fill(1)] };
    const output = outputOfBox(crsOfCode("EPSG:4326"), [6, 44, 12, 49], 4, 4);
    fs.writeFileSync(path.join(folder, "sound.tif"), encodeGeotiff(pixels, output, false));
    fs.writeFileSync(path.join(folder, "classic.nc"), "CDF\x01" + "\0".repeat(64));
    fs.writeFileSync(path.join(folder, "text.tif"), "no picture");
    const found = localGranules([folder], { layout: GRIDS });
    const rows: GranuleRow[] = [];
    for await (const row of found.rows) rows.push(row);
    await found.close();
    assert.deepEqual(rows.map(({ id }) => id), ["sound.tif"]);
    assert.deepEqual(found.failures.map(({ granule }) => path.basename(granule)).sort(), [
      "classic.nc",
      "text.tif",
    ]);
    assert.match(found.failures.map(({ reason }) => reason).join(), /is a classic netCDF-3 file/);
  }));
