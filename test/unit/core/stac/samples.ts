/** Facts of one raster and its item, for tests of STAC values. */
import type { RasterFacts } from "../../../../core/stac/raster_item.ts";
import { rasterItem, type RasterItemRequest } from "../../../../core/stac/raster_item.ts";
import type { StacItem } from "../../../../core/stac/values.ts";

export const UTM15: RasterFacts = {
  width: 3660,
  height: 3660,
  affine: [30, 0, 499980, 0, -30, 5400000],
  crs: {
    code: "EPSG:32615",
    proj4: "+proj=utm +zone=15 +datum=WGS84 +units=m +no_defs",
    geographic: false,
    name: "WGS 84 / UTM zone 15N",
    wkt: null,
  },
  dtype: "uint8",
  nodata: 255,
  resolutionMetres: 30,
  bands: [{
    name: "Fmask",
    description: "quality mask",
    unit: "1",
    scale: 0.5,
    offset: 1,
    statistics: { count: 12, validPercent: 75, minimum: 64, maximum: 224, mean: 70.5, stddev: 12.9 },
    histogram: { minimum: 64, maximum: 224, buckets: [9, 0, 1, 2] },
  }],
};

export function sampleRequest(): RasterItemRequest {
  return {
    id: "HLS.L30.T15UWP",
    collection: "HLS",
    time: { instant: Date.UTC(2024, 9, 9, 16, 51, 35) },
    footprint: {
      geometry: {
        type: "Polygon",
        coordinates: [[[-93, 47.7], [-91.5, 47.7], [-91.5, 48.7], [-93, 48.7], [-93, 47.7]]],
      },
      bbox: [-93, 47.7, -91.5, 48.7],
    },
    assets: [{
      key: "Fmask",
      href: "https://data.example/Fmask.tif",
      title: "Fmask",
      roles: ["data"],
      sizeBytes: 352910,
      sha256: "60ea486e0c76fef369c3ba7a0e2909b21b220a6debe6b84b802c4f95fd3fccc1",
      raster: UTM15,
    }],
    created: Date.UTC(2024, 9, 10),
    updated: null,
    software: { granary: "0.1.0" },
    lineage: "made in a test",
    links: [{ rel: "collection", href: "../collection.json", type: "application/json" }],
    properties: { platform: "landsat-8" },
  };
}

export function sampleItem(change: Partial<RasterItemRequest> = {}): StacItem {
  return rasterItem({ ...sampleRequest(), ...change });
}
