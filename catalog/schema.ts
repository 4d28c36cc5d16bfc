/**
 * The catalog's columns in one table: name, type, whether a value may be missing, and what it means.
 * Writing, checking, validating and the documentation all read this table.
 */

import { MAX_ORDER } from "../core/cells/convention.ts";

/** Rises when a reader of the older version would misread the newer one. */
export const SCHEMA_VERSION = 1;

/** The order of `cells` unless a catalog is built with another. */
export const DEFAULT_CELL_ORDER = 8;

/** A footprint of more cells than this is stored at the finest order that fits. */
export const MAX_CELLS_PER_GRANULE = 4096;

/** Rows of a row group of a catalog that granary sorted. */
export const ROW_GROUP_ROWS = 20_480;

/** Footer keys of the Parquet file. */
export const GEO_KEY = "geo";
export const GRANARY_KEY = "granary";
/** What a large file holds, counted when it was written. */
export const FIGURES_KEY = "granary_figures";
/** Those of the files that lie beside a catalog: its cell index, its row index. */
export const CELLS_KEY = "granary_cells";
export const ROWS_KEY = "granary_rows";
/** In an export of items: the properties whose columns hold JSON text, because their values are of several kinds. */
export const JSON_COLUMNS_KEY = "granary:json_columns";

type ColumnType =
  | "string"
  | "json"
  | "int32"
  | "int64"
  | "uint8"
  | "timestamp"
  | "wkb"
  | "bbox"
  | "cells"
  | "assets";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly doc: string;
}

const column = (name: string, type: ColumnType, nullable: boolean, doc: string): Column => ({
  name,
  type,
  nullable,
  doc,
});

/** The columns of a catalog, in file order. */
export const COLUMNS: readonly Column[] = [
  column("id", "string", false, "the granule's name, unique in its collection"),
  column("collection", "string", false, "short name and version (ATL06.006) or a concept id"),
  column("provider", "string", false, "who serves it"),
  column("concept_id", "string", true, "the provider's own identifier"),
  column("revision", "int32", true, "the highest revision of (collection, id) wins"),
  column("start_datetime", "timestamp", true, "first observation, UTC"),
  column("end_datetime", "timestamp", true, "last observation, UTC"),
  column("datetime", "timestamp", true, "nominal time of a granule that has a single one, UTC"),
  column("geometry", "wkb", true, "footprint, lon lat in degrees, split at the antimeridian"),
  column("bbox", "bbox", true, "box of the geometry; -180 to 180 where it crosses the antimeridian"),
  column("cell_order", "uint8", false, "HEALPix order of cells"),
  column("cells", "cells", false, "nested ids that the footprint touches, authalic, ascending"),
  column("s3_base", "string", true, "location = base + path"),
  column("https_base", "string", true, "location = base + path"),
  column("local_base", "string", true, "location = base + path"),
  column("path", "string", false, "the part of the location that every base shares"),
  column("s3_credentials", "string", true, "endpoint that gives S3 keys for this product"),
  column("s3_region", "string", true, "region of the bucket"),
  column("s3_endpoint", "string", true, "S3 endpoint where it is not AWS"),
  column("s3_access", "string", true, "signed, unsigned or requester-pays"),
  column("size_bytes", "int64", true, "size of the file"),
  column("checksum", "string", true, "md5:… or sha256:…, lower-case hex"),
  column("assets", "assets", false, "the files of a granule that has several"),
  column("properties", "json", false, "the rest, a JSON object"),
];

/** Types of columns in words: what DuckDB and Arrow call them. */
const TYPE_WORDS: Readonly<Record<ColumnType, string>> = {
  string: "text",
  json: "text, a JSON object",
  int32: "int32",
  int64: "int64",
  uint8: "uint8",
  timestamp: "timestamp, microseconds, UTC",
  wkb: "WKB",
  bbox: "struct of xmin, ymin, xmax, ymax, float64",
  cells: "list of uint64",
  assets: "list of structs",
};

/** The columns for people: name, type, whether a value may be missing, meaning. */
export function columnTable(): [name: string, type: string, missing: string, meaning: string][] {
  return COLUMNS.map((
    { name, type, nullable, doc },
  ) => [name, TYPE_WORDS[type], nullable ? "may be missing" : "", doc]);
}

/** Fields of `bbox`, in the order that the GeoParquet covering names them. */
export const BBOX_FIELDS = ["xmin", "ymin", "xmax", "ymax"] as const;

/** Fields of an element of `assets`. */
export const ASSET_FIELDS: readonly { name: string; type: "string" | "int64" }[] = [
  { name: "key", type: "string" },
  { name: "path", type: "string" },
  { name: "media_type", type: "string" },
  { name: "size_bytes", type: "int64" },
  { name: "checksum", type: "string" },
  { name: "s3_href", type: "string" },
  { name: "https_href", type: "string" },
  { name: "local_href", type: "string" },
  { name: "s3_credentials", type: "string" },
];

const ASSET_SQL = `STRUCT(${
  ASSET_FIELDS.map((f) => `"${f.name}" ${f.type === "int64" ? "BIGINT" : "VARCHAR"}`).join(", ")
})[]`;

/** The DuckDB type of a column type. */
export const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  string: "VARCHAR",
  json: "VARCHAR",
  int32: "INTEGER",
  int64: "BIGINT",
  uint8: "UTINYINT",
  timestamp: "TIMESTAMP WITH TIME ZONE",
  wkb: "BLOB",
  bbox: "STRUCT(xmin DOUBLE, ymin DOUBLE, xmax DOUBLE, ymax DOUBLE)",
  cells: "UBIGINT[]",
  assets: ASSET_SQL,
};

/** SQL of a row's place in a catalog: along the nested curve of order 29 by its first cell; null without cells. */
export const PLACE_SQL = placeSql("cells[1]");

/** The same by SQL of the first cell. */
export function placeSql(first: string): string {
  return `${first} << (2 * (${MAX_ORDER} - cell_order::INTEGER))`;
}

/** One query that fed a catalog: where it was asked and what it asked. */
export interface CatalogQuery {
  /** `cmr`, `stac`, `local`, `import`, … */
  source: string;
  /** Plain data; never a credential. */
  parameters: Record<string, unknown>;
  /** When it was asked, ISO 8601 UTC; absent in catalogs that must be reproducible. */
  asked?: string;
  /** What it found and did not take. */
  set_aside?: SetAside;
}

/** Counts by reason of what was found and not taken, and names of a few that it happened to. */
export interface SetAside {
  /** Granules that gave no row. */
  granules: Record<string, number>;
  /** Links and files of a granule that are no data assets. */
  links: Record<string, number>;
  /** What a row is without, such as a footprint. */
  notes: Record<string, number>;
  examples?: Record<string, string[]>;
}

/** What stands under the footer key `granary`. */
export interface CatalogMetadata {
  schema_version: number;
  cell_order: number;
  queries: CatalogQuery[];
  /** Rows from the beginning that lie in the order of cells, where updates put others behind them. */
  sorted_rows?: number;
}

/** Granules that a source deleted, by the provider's identifiers, or by provider and name. */
export interface RemovedGranules {
  conceptIds: readonly string[];
  names: readonly { provider: string; id: string }[];
}
