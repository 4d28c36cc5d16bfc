/**
 * Items and collections as STAC 1.0.0 has them, for servers that take no later one: band fields in
 * `raster:bands` (raster extension 1.1), the code of a CRS in `proj:epsg` (projection extension 1.1).
 */
import { EXTENSIONS, type StacCollection, type StacItem } from "./values.ts";

const OLDER = {
  projection: "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
  raster: "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
  itemAssets: "https://stac-extensions.github.io/item-assets/v1.0.0/schema.json",
} as const;

/** Fields of STAC 1.1's assets and bands that stand in `raster:bands` of 1.0. */
const BAND_FIELDS: Readonly<Record<string, string>> = {
  "data_type": "data_type",
  "nodata": "nodata",
  "unit": "unit",
  "statistics": "statistics",
  "raster:scale": "scale",
  "raster:offset": "offset",
  "raster:sampling": "sampling",
  "raster:spatial_resolution": "spatial_resolution",
  "raster:histogram": "histogram",
};

export function olderItem(item: StacItem): StacItem {
  return {
    ...item,
    stac_version: "1.0.0",
    stac_extensions: item.stac_extensions.map(olderExtension),
    properties: olderProjection(item.properties),
    assets: Object.fromEntries(
      Object.entries(item.assets).map((
        [key, asset],
      ) => [key, olderAsset(asset) as StacItem["assets"][string]]),
    ),
  };
}

export function olderCollection(collection: StacCollection): StacCollection {
  const extensions = collection.stac_extensions.map(olderExtension);
  const older: StacCollection = { ...collection, stac_version: "1.0.0", stac_extensions: extensions };
  if (collection.item_assets !== undefined) {
    older.item_assets = Object.fromEntries(
      Object.entries(collection.item_assets).map(([key, asset]) => [key, olderAsset(asset)]),
    );
    older.stac_extensions = [...extensions, OLDER.itemAssets];
  }
  if (collection.summaries !== undefined) {
    const { "proj:code": codes, ...rest } = collection.summaries;
    const epsg = Array.isArray(codes) ? codes.map(epsgOf).filter((code) => code !== null) : [];
    older.summaries = epsg.length === 0 ? rest : { ...rest, "proj:epsg": epsg };
  }
  return older;
}

function olderExtension(extension: string): string {
  if (extension === EXTENSIONS.projection) return OLDER.projection;
  if (extension === EXTENSIONS.raster) return OLDER.raster;
  return extension;
}

function olderProjection(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!("proj:code" in fields)) return { ...fields };
  const { "proj:code": code, ...rest } = fields;
  return { ...rest, "proj:epsg": epsgOf(code) };
}

function epsgOf(code: unknown): number | null {
  const match = typeof code === "string" ? /^EPSG:(\d+)$/.exec(code) : null;
  return match === null ? null : Number(match[1]);
}

function olderAsset(asset: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { bands, ...fields } = olderProjection(asset);
  const own = Object.entries(fields);
  const shared = Object.fromEntries(
    own.filter(([key]) => key in BAND_FIELDS).map(([key, value]) => [BAND_FIELDS[key], value]),
  );
  const rest = Object.fromEntries(own.filter(([key]) => !(key in BAND_FIELDS)));
  if (!Array.isArray(bands) || (bands.length === 0 && Object.keys(shared).length === 0)) {
    return { ...rest, ...shared };
  }
  const rasterBands = (bands as Record<string, unknown>[]).map((band) => {
    const fields: Record<string, unknown> = {
      ...shared,
      ...Object.fromEntries(Object.entries(band).map(([key, value]) => [BAND_FIELDS[key] ?? key, value])),
    };
    const { count: _count, ...statistics } = (fields.statistics ?? {}) as Record<string, unknown>;
    if (Object.keys(statistics).length > 0) fields.statistics = statistics;
    return fields;
  });
  return { ...rest, "raster:bands": rasterBands };
}
