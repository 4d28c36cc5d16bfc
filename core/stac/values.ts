/**
 * Items and collections of a SpatioTemporal Asset Catalog as plain values (STAC 1.1.0, item and collection
 * specifications). Fields of extensions stand beside the core's, under their prefixes.
 */
import type { Geometry } from "../geometry/geometry.ts";

export const STAC_VERSION = "1.1.0";

export type StacVersion = "1.0.0" | "1.1.0";

export interface StacLink {
  rel: string;
  href: string;
  type?: string;
  title?: string;
}

export interface StacAsset {
  href: string;
  type?: string;
  title?: string;
  description?: string;
  roles?: string[];
  [field: string]: unknown;
}

export interface StacItem {
  type: "Feature";
  stac_version: StacVersion;
  stac_extensions: string[];
  id: string;
  geometry: Geometry | null;
  /** West, south, east, north; west is greater than east where the item crosses the antimeridian. */
  bbox?: number[];
  properties: Record<string, unknown>;
  links: StacLink[];
  assets: Record<string, StacAsset>;
  collection?: string;
}

export interface StacProvider {
  name: string;
  description?: string;
  roles?: string[];
  url?: string;
}

export interface StacCollection {
  type: "Collection";
  stac_version: StacVersion;
  stac_extensions: string[];
  id: string;
  title?: string;
  description: string;
  keywords?: string[];
  license: string;
  providers?: StacProvider[];
  extent: {
    spatial: { bbox: number[][] };
    temporal: { interval: [string | null, string | null][] };
  };
  summaries?: Record<string, unknown>;
  item_assets?: Record<string, Record<string, unknown>>;
  links: StacLink[];
  [field: string]: unknown;
}

/** The schemas of the extensions that granary writes. */
export const EXTENSIONS = {
  projection: "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
  raster: "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
  processing: "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
  file: "https://stac-extensions.github.io/file/v2.1.0/schema.json",
  render: "https://stac-extensions.github.io/render/v2.0.0/schema.json",
} as const;

/** Media type of a cloud-optimized GeoTIFF. */
export const COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized";

/** Milliseconds since 1970 as RFC 3339 in UTC, without a fraction where there is none. */
export function stacTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
