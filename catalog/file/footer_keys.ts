/** The two footer keys of a catalog: `geo` (GeoParquet 1.1) and `granary`. */
import type { BoundingBox } from "../../core/geometry/box.ts";
import {
  BBOX_FIELDS,
  type CatalogMetadata,
  type CatalogQuery,
  GEO_KEY,
  GRANARY_KEY,
  SCHEMA_VERSION,
} from "../schema.ts";
import { distinctQueries } from "../queries.ts";
import { unionBox } from "../../core/geometry/geometry.ts";
import type { GranuleRow } from "../granule.ts";
import { wkbTypeName } from "../../core/geometry/wkb.ts";

/** Byte order, type and, where there is one, the number of a reference system in WKB. */
const HEADER_BYTES = 9;

const GEOPARQUET_VERSION = "1.1.0";

/**
 * The value of `geo`: WKB in `column`, exact types, a covering by `bbox` where the file has one. The CRS is left out, which
 * means OGC:CRS84, and so is `edges`: sources differ, and edges are densified where it matters.
 */
export function geoMetadata(summary: GeometrySummary, column = "geometry", covered = true): GeoMetadata {
  const { types, box } = summary;
  const covering = { bbox: Object.fromEntries(BBOX_FIELDS.map((field) => [field, ["bbox", field]])) };
  return {
    version: GEOPARQUET_VERSION,
    primary_column: column,
    columns: {
      [column]: {
        encoding: "WKB",
        geometry_types: [...types].toSorted(),
        ...(box === undefined ? {} : { bbox: [box.xmin, box.ymin, box.xmax, box.ymax] }),
        ...(covered ? { covering } : {}),
      },
    },
  };
}

interface GeoMetadata {
  version: string;
  primary_column: string;
  columns: Record<string, Record<string, unknown>>;
}

/** What `geo` must know of every geometry in a file. */
export interface GeometrySummary {
  readonly types: ReadonlySet<string>;
  readonly box: BoundingBox | undefined;
}

/** Gathers a {@linkcode GeometrySummary} row by row. */
export class GeometrySummarizer implements GeometrySummary {
  readonly types = new Set<string>();
  box: BoundingBox | undefined;

  /** The last geometry whose type was looked up. */
  #last: Uint8Array | undefined;

  add(row: GranuleRow): void {
    if (row.geometry !== null && !beginAlike(row.geometry, this.#last)) {
      this.types.add(wkbTypeName(row.geometry));
      this.#last = row.geometry;
    }
    if (row.bbox !== null) this.box = unionBox(this.box, row.bbox);
  }
}

/** Whether two geometries' headers are the same: one is most often of the type of the one before. */
function beginAlike(one: Uint8Array, other: Uint8Array | undefined): boolean {
  if (other === undefined || one.length < HEADER_BYTES || other.length < HEADER_BYTES) return false;
  for (let i = 0; i < HEADER_BYTES; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Both footer keys as the strings that a Parquet file holds. */
export function footer(summary: GeometrySummary, metadata: CatalogMetadata): Map<string, string> {
  return new Map([
    [GEO_KEY, JSON.stringify(geoMetadata(summary))],
    [GRANARY_KEY, JSON.stringify(metadata)],
  ]);
}

/** The metadata of a new catalog, each query once; `sortedRows` where not all rows are in order. */
export function catalogMetadata(
  cellOrder: number,
  queries: readonly CatalogQuery[] = [],
  sortedRows?: number,
): CatalogMetadata {
  return {
    schema_version: SCHEMA_VERSION,
    cell_order: cellOrder,
    queries: distinctQueries(queries),
    ...(sortedRows === undefined ? {} : { sorted_rows: sortedRows }),
  };
}

/** Types and box as a file's own `geo` key states them. */
export function geometrySummary(geo: Readonly<Record<string, unknown>>): GeometrySummary {
  const columns = geo.columns as Record<string, Record<string, unknown>> | undefined;
  const column = columns?.[String(geo.primary_column)];
  const types = Array.isArray(column?.geometry_types) ? column.geometry_types.map(String) : [];
  const box = column?.bbox as number[] | undefined;
  return {
    types: new Set(types),
    box: Array.isArray(box) && box.length === 4
      ? { xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3] }
      : undefined,
  };
}

/** What is known of the geometries of two files together. */
export function mergeSummaries(a: GeometrySummary, b: GeometrySummary): GeometrySummary {
  return {
    types: new Set([...a.types, ...b.types]),
    box: a.box === undefined ? b.box : b.box === undefined ? a.box : unionBox(a.box, b.box),
  };
}
