/**
 * The granule row: what a granule is, when and where it was taken, and where its bytes lie. This is
 * the catalog's contract; `schema.ts` maps it to Parquet columns of the same names.
 */
import { asInteger } from "../core/json_value.ts";
import type { S3Access } from "../core/access/location.ts";
import type { BoundingBox } from "../core/geometry/box.ts";

/** One file of a granule that has several. Hrefs only where the row's bases do not hold. */
export interface GranuleAsset {
  key: string;
  path: string | null;
  media_type: string | null;
  size_bytes: number | null;
  checksum: string | null;
  s3_href: string | null;
  https_href: string | null;
  local_href: string | null;
  s3_credentials: string | null;
}

/** Times are milliseconds since 1970 UTC; null where the source has none. */
export interface GranuleRow {
  id: string;
  /** Short name and version, `ATL06.006`, or a concept id. */
  collection: string;
  provider: string;
  concept_id: string | null;
  revision: number | null;
  start_datetime: number | null;
  end_datetime: number | null;
  datetime: number | null;
  /** WKB, lon lat in degrees, split at the antimeridian; null where the footprint is unknown. */
  geometry: Uint8Array | null;
  bbox: BoundingBox | null;
  /** The order of `cells`: the catalog's, or coarser for a footprint of more than 4,096 cells. */
  cell_order: number;
  /** Nested HEALPix ids at `cell_order` (authalic), ascending, distinct. */
  cells: BigUint64Array;
  s3_base: string | null;
  https_base: string | null;
  local_base: string | null;
  /** Location = base + path. */
  path: string;
  /** The endpoint that gives S3 credentials for this product. */
  s3_credentials: string | null;
  s3_region: string | null;
  s3_endpoint: string | null;
  s3_access: S3Access | null;
  size_bytes: number | null;
  /** `md5:…`, `sha256:…` in lower-case hex. */
  checksum: string | null;
  assets: GranuleAsset[];
  /** The rest, as a JSON object. */
  properties: Record<string, unknown>;
}

/** Identity of a granule; where it was read from is not part of it. */
export interface GranuleIdentity {
  collection: string;
  id: string;
  revision: number | null;
  size_bytes: number | null;
  checksum: string | null;
  asset?: string;
}

/** A revision number that the catalog's 32 bits hold, or null. */
export function asRevision(value: unknown): number | null {
  const revision = asInteger(value);
  return revision !== null && revision >= 0 && revision < 2 ** 31 ? revision : null;
}
