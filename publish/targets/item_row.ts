/** An item of ours as a row of a catalog: its files are the granule's assets, by keys below the output. */
import path from "node:path";
import type { StacItem } from "../../core/stac/values.ts";
import type { Footprinter } from "../../catalog/discover/draft/draft.ts";
import { readGeoJsonExtent } from "../../catalog/discover/stac/geojson_extent.ts";
import type { GranuleAsset, GranuleRow } from "../../catalog/granule.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** Who serves the granules that a dataset publishes. */
const PROVIDER = "granary";

/** Properties that are columns of their own. */
const COLUMNS = new Set(["datetime", "start_datetime", "end_datetime"]);

export interface RowPlace {
  /** The dataset's output: a folder or s3://…. */
  readonly output: string;
  /** The address at which others read it. */
  readonly href: string | null;
}

export function itemRow(
  item: StacItem,
  collection: string,
  { output, href }: RowPlace,
  footprinter: Footprinter,
): GranuleRow {
  const isS3 = isObjectAddress(output);
  const slashed = (text: string) => text.endsWith("/") ? text : `${text}/`;
  const time = (name: string) => {
    const value = item.properties[name];
    return typeof value === "string" ? Date.parse(value) : null;
  };
  const assets = Object.entries(item.assets).map(([key, asset]): GranuleAsset & { path: string } => ({
    key,
    path: asset.href,
    media_type: asset.type ?? null,
    size_bytes: typeof asset["file:size"] === "number" ? asset["file:size"] : null,
    checksum: checksumOf(asset["file:checksum"]),
    s3_href: null,
    https_href: null,
    local_href: null,
    s3_credentials: null,
  }));
  const [only] = assets;
  const datetime = time("datetime");
  return {
    ...footprinter(readGeoJsonExtent(item.geometry).extent),
    id: item.id,
    collection,
    provider: PROVIDER,
    concept_id: null,
    revision: null,
    start_datetime: time("start_datetime") ?? datetime,
    end_datetime: time("end_datetime") ?? datetime,
    datetime,
    s3_base: isS3 ? slashed(output) : null,
    https_base: href === null ? null : slashed(href),
    local_base: isS3 ? null : slashed(path.resolve(output)),
    path: only.path,
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: assets.length === 1 ? only.size_bytes : null,
    checksum: assets.length === 1 ? only.checksum : null,
    assets: assets.length === 1 ? [] : assets,
    properties: Object.fromEntries(Object.entries(item.properties).filter(([name]) => !COLUMNS.has(name))),
  };
}

/** A SHA-256 multihash as catalogs write it. */
function checksumOf(multihash: unknown): string | null {
  return typeof multihash === "string" && /^1220[0-9a-f]{64}$/.test(multihash)
    ? `sha256:${multihash.slice(4)}`
    : null;
}
