import assert from "node:assert/strict";
import { type RasterBand, rasterItem } from "../../../../core/stac/raster_item.ts";
import { footprintAround } from "../../../../publish/convert/place.ts";
import { hasSharedData } from "../../../shared_data.ts";
import { WGS84 } from "../../../support/memory_grid.ts";
import { publishedSchemas } from "./schemas.ts";

/** The only asset of the item of a band, and the item as a reader of JSON has it. */
function written(band: Partial<RasterBand>) {
  const raster = {
    width: 2,
    height: 2,
    affine: [1, 0, 10, 0, -1, 50] as const,
    crs: WGS84,
    dtype: "float32" as const,
    nodata: null,
    bands: [{
      name: "b1",
      description: null,
      unit: null,
      scale: 1,
      offset: 0,
      statistics: null,
      histogram: null,
      ...band,
    }],
    resolutionMetres: null,
  };
  const asset = {
    key: "data",
    href: "a.tif",
    title: null,
    roles: ["data"],
    sizeBytes: 1,
    sha256: null,
    raster,
  };
  const item = rasterItem({
    id: "a",
    collection: null,
    time: { instant: 0 },
    footprint: footprintAround([raster]),
    assets: [asset],
    created: null,
    updated: null,
    software: {},
    lineage: null,
    links: [],
    properties: {},
  });
  const parsed = JSON.parse(JSON.stringify(item));
  return { item: parsed, asset: parsed.assets.data };
}

Deno.test({
  name: "what infinite cells give to statistics is left out of an item, which stays valid",
  ignore: !hasSharedData,
  fn: () => {
    const statistics = {
      count: 4,
      validPercent: 100,
      minimum: 1,
      maximum: Infinity,
      mean: Infinity,
      stddev: NaN,
    };
    const histogram = { minimum: 1, maximum: Infinity, buckets: [3, 1] };
    const { item, asset } = written({ statistics, histogram, scale: Infinity });
    assert.deepEqual(publishedSchemas()(item), []);
    const [band] = asset.bands ?? [asset];
    assert.deepEqual(band.statistics ?? asset.statistics, { count: 4, valid_percent: 100, minimum: 1 });
    assert.ok(!JSON.stringify(item).includes("null,") && !JSON.stringify(item).includes("raster:histogram"));
  },
});
