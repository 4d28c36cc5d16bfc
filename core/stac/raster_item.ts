/**
 * A STAC item of rasters: its place, its times, and an asset for each file with what the file holds
 * (projection extension 2.0, raster extension 2.0, common band fields of STAC 1.1).
 */
import { wkt2OfCrs } from "../raster/crs/wkt2_text.ts";
import type { BandHistogram, BandStatistics } from "../raster/band_statistics.ts";
import type { Affine, Crs, GridDtype } from "../raster/grid.ts";
import type { Footprint } from "./footprint.ts";
import {
  COG_TYPE,
  EXTENSIONS,
  STAC_VERSION,
  type StacAsset,
  type StacItem,
  type StacLink,
  stacTime,
} from "./values.ts";

/** One band of a raster file, as its asset tells it. */
export interface RasterBand {
  readonly name: string;
  readonly description: string | null;
  readonly unit: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly statistics: BandStatistics | null;
  readonly histogram: BandHistogram | null;
}

/** A raster file, by its header and what was counted while it was written. */
export interface RasterFacts {
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  readonly crs: Crs;
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  readonly bands: readonly RasterBand[];
  /** Ground size of a cell in metres, where the CRS has metres; null elsewhere. */
  readonly resolutionMetres: number | null;
}

export interface RasterAsset {
  readonly key: string;
  readonly href: string;
  readonly title: string | null;
  readonly roles: readonly string[];
  readonly sizeBytes: number | null;
  /** Lower-case hex of the file's SHA-256. */
  readonly sha256: string | null;
  readonly raster: RasterFacts;
}

/** When an item was taken: an instant, or a span; milliseconds since 1970 UTC. */
export type ItemTime =
  | { readonly instant: number }
  | { readonly start: number; readonly end: number };

export interface RasterItemRequest {
  readonly id: string;
  readonly collection: string | null;
  readonly time: ItemTime;
  /** Around all assets. */
  readonly footprint: Footprint;
  readonly assets: readonly RasterAsset[];
  readonly created: number | null;
  readonly updated: number | null;
  /** Names and versions of what made the files. */
  readonly software: Readonly<Record<string, string>>;
  /** What the files were made from, in words. */
  readonly lineage: string | null;
  readonly links: readonly StacLink[];
  /** Further properties; they do not replace those above. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The item of these rasters. What all assets share of the projection stands in the properties. */
export function rasterItem(request: RasterItemRequest): StacItem {
  const { id, collection, time, footprint } = request;
  const projections = request.assets.map(({ raster }) => projection(raster));
  const shared = sharedFields(projections);
  const assets: Record<string, StacAsset> = {};
  request.assets.forEach((asset, i) => {
    assets[asset.key] = assetOf(asset, without(projections[i], shared));
  });
  const times = "instant" in time ? { datetime: stacTime(time.instant) } : {
    datetime: null,
    start_datetime: stacTime(time.start),
    end_datetime: stacTime(time.end),
  };
  const properties: Record<string, unknown> = {
    ...request.properties,
    ...times,
    ...(request.created === null ? {} : { created: stacTime(request.created) }),
    ...(request.updated === null ? {} : { updated: stacTime(request.updated) }),
    ...shared,
    ...(Object.keys(request.software).length === 0 ? {} : { "processing:software": request.software }),
    ...(request.lineage === null ? {} : { "processing:lineage": request.lineage }),
  };
  const item: StacItem = {
    type: "Feature",
    stac_version: STAC_VERSION,
    stac_extensions: [],
    id,
    geometry: footprint.geometry,
    bbox: [...footprint.bbox],
    properties,
    links: [...request.links],
    assets,
  };
  if (collection !== null) {
    item.collection = collection;
    if (!item.links.some(({ rel }) => rel === "collection")) {
      throw new Error(`item ${id}: an item of a collection has a link to it`);
    }
  }
  item.stac_extensions = usedExtensions(item);
  return item;
}

/** The projection extension's fields of one raster. */
function projection({ width, height, affine, crs }: RasterFacts): Record<string, unknown> {
  const fields: Record<string, unknown> = { "proj:code": crs.code };
  const wkt = crs.code === null ? wkt2OfCrs(crs) : null;
  if (wkt !== null) fields["proj:wkt2"] = wkt;
  fields["proj:shape"] = [height, width];
  fields["proj:transform"] = [...affine];
  fields["proj:bbox"] = boxOf(width, height, affine);
  return fields;
}

function boxOf(width: number, height: number, [a, b, c, d, e, f]: Affine): number[] {
  const xs = [c, c + a * width, c + b * height, c + a * width + b * height];
  const ys = [f, f + d * width, f + e * height, f + d * width + e * height];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function assetOf(asset: RasterAsset, projectionFields: Record<string, unknown>): StacAsset {
  const { raster } = asset;
  const made: StacAsset = { href: asset.href, type: COG_TYPE, roles: [...asset.roles] };
  if (asset.title !== null) made.title = asset.title;
  Object.assign(made, projectionFields);
  made.data_type = raster.dtype;
  const nodata = nodataValue(raster.nodata);
  if (nodata !== undefined) made.nodata = nodata;
  made["raster:sampling"] = "area";
  if (raster.resolutionMetres !== null) made["raster:spatial_resolution"] = raster.resolutionMetres;
  // What every band shares stands at the asset, so that readers of one band need not look further.
  const bands = raster.bands.map(bandFields);
  if (bands.length === 1) {
    const { name, ...rest } = bands[0];
    Object.assign(made, rest);
    made.bands = [{ name }];
  } else made.bands = bands;
  if (asset.sizeBytes !== null) made["file:size"] = asset.sizeBytes;
  // A multihash (0x12: SHA-256, 0x20: of 32 bytes), as the file extension wants.
  if (asset.sha256 !== null) made["file:checksum"] = `1220${asset.sha256}`;
  return made;
}

function bandFields(band: RasterBand): Record<string, unknown> {
  const fields: Record<string, unknown> = { name: band.name };
  if (band.description !== null && band.description !== "") fields.description = band.description;
  if (band.unit !== null && band.unit !== "") fields.unit = band.unit;
  if (band.scale !== 1 && Number.isFinite(band.scale)) fields["raster:scale"] = band.scale;
  if (band.offset !== 0 && Number.isFinite(band.offset)) fields["raster:offset"] = band.offset;
  const { statistics, histogram } = band;
  if (statistics !== null) fields.statistics = statisticsFields(statistics);
  if (histogram !== null && Number.isFinite(histogram.minimum) && Number.isFinite(histogram.maximum)) {
    fields["raster:histogram"] = {
      count: histogram.buckets.length,
      min: histogram.minimum,
      max: histogram.maximum,
      buckets: [...histogram.buckets],
    };
  }
  return fields;
}

/** JSON has no word for what infinite cells, or a sum past the largest number, give: it is left out. */
function statisticsFields(statistics: BandStatistics): Record<string, number> {
  const { count, validPercent, minimum, maximum, mean, stddev } = statistics;
  const fields: Record<string, number> = { count, valid_percent: validPercent };
  for (const [name, value] of Object.entries({ minimum, maximum, mean, stddev })) {
    if (value !== null && Number.isFinite(value)) fields[name] = value;
  }
  return fields;
}

/** JSON has no word for NaN and the infinities; STAC has text for them. */
function nodataValue(nodata: number | null): number | string | undefined {
  if (nodata === null) return undefined;
  if (Number.isNaN(nodata)) return "nan";
  if (!Number.isFinite(nodata)) return nodata > 0 ? "inf" : "-inf";
  return nodata;
}

/** Fields that stand alike in all of several records. */
function sharedFields(records: readonly Record<string, unknown>[]): Record<string, unknown> {
  const [first, ...others] = records;
  if (first === undefined) return {};
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) =>
      others.every((other) => JSON.stringify(other[key]) === JSON.stringify(value))
    ),
  );
}

function without(record: Record<string, unknown>, taken: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !(key in taken)));
}

/** Extensions whose fields an item holds; one that is named without need fails some schemas. */
function usedExtensions(item: Pick<StacItem, "properties" | "assets">): string[] {
  const keys = new Set<string>(Object.keys(item.properties));
  for (const asset of Object.values(item.assets)) {
    for (const key of Object.keys(asset)) keys.add(key);
    const bands = Array.isArray(asset.bands) ? asset.bands as Record<string, unknown>[] : [];
    for (const band of bands) for (const key of Object.keys(band)) keys.add(key);
  }
  const has = (prefix: string) => [...keys].some((key) => key.startsWith(prefix));
  return [
    ...has("proj:") ? [EXTENSIONS.projection] : [],
    ...has("raster:") ? [EXTENSIONS.raster] : [],
    ...has("processing:") ? [EXTENSIONS.processing] : [],
    ...has("file:") ? [EXTENSIONS.file] : [],
  ];
}
