import assert from "node:assert/strict";
import fs from "node:fs";
import { SourceOpener } from "../../../core/access/open.ts";
import { checkStac } from "../../../core/stac/check.ts";
import { itemOfFiles, type ItemRequest } from "../../../publish/item_of_file.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

interface Golden {
  bytes: number;
  sha256: string;
  dtype: string;
  nodata: number | null;
  crs: string;
  proj_transform: number[];
  proj_shape: number[];
  proj_bbox: number[];
  statistics_full_resolution: Record<string, number>;
  histogram10: Record<string, unknown>;
  lonlat_bounds_densified_21: number[];
}

const opener = new SourceOpener({ env: { HOME: "/nonexistent" } });
const request = (over: Partial<ItemRequest>): ItemRequest => ({
  files: [],
  id: null,
  collection: null,
  time: { instant: 0 },
  pattern: null,
  opener,
  ...over,
});
const near = (found: number, wanted: number, tolerance: number, what: string) =>
  assert.ok(
    Math.abs(found - wanted) <= tolerance * Math.max(1, Math.abs(wanted)),
    `${what}: ${found}, not ${wanted}`,
  );

if (hasSharedData) {
  const goldens: Record<string, Golden> = JSON.parse(
    fs.readFileSync(sharedData("golden/grids/stac_items_from_cogs.json"), "utf8"),
  );
  for (const [name, golden] of Object.entries(goldens)) {
    Deno.test(`the item of ${name} tells what rasterio and numpy reported`, async () => {
      const item = await itemOfFiles(request({ files: [sharedData(`cog/${name}`)] }));
      assert.deepEqual(checkStac(item).faults, []);
      // deno-lint-ignore no-explicit-any
      const asset = item.assets.data as any;
      assert.equal(asset["file:size"], golden.bytes);
      assert.equal(asset["file:checksum"], `1220${golden.sha256}`);
      assert.equal(asset.data_type, golden.dtype);
      assert.equal(item.properties["proj:code"], golden.crs);
      assert.deepEqual(item.properties["proj:shape"], golden.proj_shape);
      (item.properties["proj:transform"] as number[]).forEach((value, i) =>
        near(value, golden.proj_transform[i], 1e-12, "transform")
      );
      for (const [key, value] of Object.entries(golden.statistics_full_resolution)) {
        near(asset.statistics[key], value, 1e-9, key);
      }
      assert.deepEqual(asset["raster:histogram"].buckets, golden.histogram10.buckets);
      const [west, south, east, north] = item.bbox ?? [];
      const wanted = golden.lonlat_bounds_densified_21;
      // Across the antimeridian rasterio gives all longitudes, and the item's box has west greater than east.
      const edges = west > east ? [[south, wanted[1]], [north, wanted[3]]] : [
        [west, wanted[0]],
        [south, wanted[1]],
        [east, wanted[2]],
        [north, wanted[3]],
      ];
      for (const [found, value] of edges) near(found, value, 1e-6, "bounds");
    });
  }

  Deno.test("files of one item are its assets, and their times and places are around them", async () => {
    const files = ["HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif", "cog_dateline.tif"].map((name) =>
      sharedData(`cog/${name}`)
    );
    const item = await itemOfFiles(
      request({ files, id: "both", collection: "C", time: { start: 0, end: 1000 } }),
    );
    assert.deepEqual(Object.keys(item.assets), ["HLS.L30.T15UWP.2024283T165135.v2.0.Fmask", "cog_dateline"]);
    assert.deepEqual([item.properties.start_datetime, item.properties.end_datetime], [
      "1970-01-01T00:00:00Z",
      "1970-01-01T00:00:01Z",
    ]);
    assert.deepEqual(checkStac(item).faults, []);
    assert.ok(item.bbox![0] > item.bbox![2], "one of them lies across the antimeridian");
  });

  Deno.test("a time is stated, or identified by a known name or a pattern; else the item is refused", async () => {
    const hls = sharedData("cog/HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif");
    const named = await itemOfFiles(request({ files: [hls], time: null }));
    assert.equal(named.properties.datetime, "2024-10-09T16:51:35Z");
    const pattern = String.raw`\.(?<year>\d{4})(?<doy>\d{3})T`;
    const matched = await itemOfFiles(request({ files: [hls], time: null, pattern }));
    assert.equal(matched.properties.start_datetime, "2024-10-09T00:00:00Z");
    await assert.rejects(
      itemOfFiles(request({ files: [sharedData("cog/nocog.tif")], time: null })),
      /nothing tells its time/,
    );
    await assert.rejects(
      itemOfFiles(request({ files: [sharedData("omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5")] })),
      /holds 5 grids \(make COGs of them first/,
    );
  });
}
