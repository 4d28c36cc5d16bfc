/** Several catalogs as one. */
import { inputError } from "../../core/errors.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import { catalogMetadata, footer, type GeometrySummary } from "./metadata.ts";
import { unionBox } from "../../core/geometry/geometry.ts";
import { type Catalog, openCatalog } from "../file/open_catalog.ts";
import { liveParts } from "../file/live_folder.ts";
import type { CatalogQuery } from "../schema.ts";
import { openSorter, sortCatalog } from "./sort.ts";
import fs from "node:fs";
import path from "node:path";

export interface MergeResult {
  rows: number;
  /** Rows that lost to a higher revision, or to the same granule in a later file. */
  replaced: number;
  sizeBytes: number;
}

/**
 * Merges catalog files into `output` (which may be one of them). One row of each (collection, id)
 * stays: the highest revision; of equal revisions that of the file named last. Merging a catalog with
 * itself, or merging again, changes nothing.
 */
export async function mergeCatalogs(
  named: readonly string[],
  output: string,
  options: DuckOptions = {},
): Promise<MergeResult> {
  const inputs = named.flatMap((name) => liveParts(name) ?? [name]);
  if (inputs.length === 0) throw inputError("nothing to merge (name one catalog or more)");
  const parts: Part[] = [];
  for (const file of inputs) parts.push(await describe(file, options));
  const summary = parts.reduce<GeometrySummary>(mergeSummaries, { types: new Set(), box: undefined });
  const metadata = footer(
    summary,
    catalogMetadata(
      Math.min(...parts.map((part) => part.cellOrder)),
      distinctQueries(parts.flatMap((part) => part.queries)),
    ),
  );
  return await makeFileAtomic(output, async (temporary) => {
    const duck = await openSorter({ ...options, scratch: options.scratch ?? path.dirname(temporary) });
    try {
      const rows = await sortCatalog(duck, inputs.map((file) => path.resolve(file)), temporary, metadata);
      const given = parts.reduce((sum, part) => sum + part.rows, 0);
      return { rows, replaced: given - rows, sizeBytes: fs.statSync(temporary).size };
    } finally {
      duck.close();
    }
  });
}

interface Part extends GeometrySummary {
  rows: number;
  cellOrder: number;
  queries: readonly CatalogQuery[];
}

async function describe(file: string, options: DuckOptions): Promise<Part> {
  const catalog = await openCatalog(file, options);
  try {
    return {
      ...geometrySummary(catalog),
      rows: await catalog.count(),
      cellOrder: catalog.metadata.cell_order,
      queries: catalog.metadata.queries,
    };
  } finally {
    catalog.close();
  }
}

/** Types and box as the file's own `geo` key states them. */
export function geometrySummary(catalog: Catalog): GeometrySummary {
  const columns = catalog.geo.columns as Record<string, Record<string, unknown>> | undefined;
  const column = columns?.[String(catalog.geo.primary_column)];
  const types = Array.isArray(column?.geometry_types) ? column.geometry_types.map(String) : [];
  const box = column?.bbox as number[] | undefined;
  return {
    types: new Set(types),
    box: Array.isArray(box) && box.length === 4
      ? { xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3] }
      : undefined,
  };
}

function mergeSummaries(a: GeometrySummary, b: GeometrySummary): GeometrySummary {
  return {
    types: new Set([...a.types, ...b.types]),
    box: a.box === undefined ? b.box : b.box === undefined ? a.box : unionBox(a.box, b.box),
  };
}

function distinctQueries(queries: readonly CatalogQuery[]): CatalogQuery[] {
  return [...new Map(queries.map((query) => [JSON.stringify(query), query])).values()];
}
