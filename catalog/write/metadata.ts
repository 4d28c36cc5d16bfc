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
import { unionBox } from "../../core/geometry/geometry.ts";
import type { GranuleRow } from "../granule.ts";
import { wkbTypeName } from "../../core/geometry/wkb.ts";

const GEOPARQUET_VERSION = "1.1.0";

/**
 * The value of `geo`: WKB in `geometry`, exact types, a covering by `bbox`. The CRS is left out, which
 * means OGC:CRS84, and so is `edges`: sources differ, and edges are densified where it matters.
 */
export function geoMetadata(summary: GeometrySummary): Record<string, unknown> {
  const { types, box } = summary;
  return {
    version: GEOPARQUET_VERSION,
    primary_column: "geometry",
    columns: {
      geometry: {
        encoding: "WKB",
        geometry_types: [...types].sort(),
        ...(box === undefined ? {} : { bbox: [box.xmin, box.ymin, box.xmax, box.ymax] }),
        covering: { bbox: Object.fromEntries(BBOX_FIELDS.map((field) => [field, ["bbox", field]])) },
      },
    },
  };
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

  add(row: GranuleRow): void {
    if (row.geometry !== null) this.types.add(wkbTypeName(row.geometry));
    if (row.bbox !== null) this.box = unionBox(this.box, row.bbox);
  }
}

/** Both footer keys as the strings that a Parquet file holds. */
export function footer(summary: GeometrySummary, metadata: CatalogMetadata): Map<string, string> {
  return new Map([
    [GEO_KEY, JSON.stringify(geoMetadata(summary))],
    [GRANARY_KEY, JSON.stringify(metadata)],
  ]);
}

/** The metadata of a new catalog. */
export function catalogMetadata(
  cellOrder: number,
  queries: readonly CatalogQuery[] = [],
): CatalogMetadata {
  return { schema_version: SCHEMA_VERSION, cell_order: cellOrder, queries: [...queries] };
}
