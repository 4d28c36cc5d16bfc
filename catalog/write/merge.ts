/** Several catalogs as one. */
import { inputError } from "../../core/errors.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { sortInto } from "../../core/tables/sorter.ts";
import { damageError } from "../../core/tables/reading.ts";
import { withFileLock } from "../../core/files/file_lock.ts";
import {
  catalogMetadata,
  footer,
  type GeometrySummary,
  geometrySummary,
  mergeSummaries,
} from "../file/footer_keys.ts";
import { type CatalogOptions, openCatalogFiles } from "../file/open_catalog.ts";
import { type CatalogFiles, catalogFiles } from "../file/catalog_files.ts";
import { leaveOutOthers } from "../file/other_columns.ts";
import type { CatalogQuery } from "../schema.ts";
import { fileTable, type SortInput, sortStatements } from "./sort_sql.ts";
import { stateFigures } from "./state_figures.ts";
import fs from "node:fs";
import path from "node:path";

export interface MergeResult {
  rows: number;
  /** Rows that lost to a higher revision, or to the same granule in a later file. */
  replaced: number;
  sizeBytes: number;
}

/**
 * Merges catalog files, of which one may be `-`, stdin, into `output` (which may be one of them). One row of each (collection, id)
 * stays: the highest revision; of equal revisions that of the file named last. Merging a catalog with
 * itself, or merging again, changes nothing.
 */
export async function mergeCatalogs(
  named: readonly string[],
  output: string,
  options: CatalogOptions = {},
): Promise<MergeResult> {
  if (named.length === 0) throw inputError("nothing to merge (name one catalog or more)");
  if (named.filter((name) => name === "-").length > 1) {
    throw inputError("- is given twice, and stdin is read once");
  }
  const opened: CatalogFiles[] = [];
  try {
    for (const name of named) opened.push(await catalogFiles(name, options));
    const inPlace = opened.some(({ files }) =>
      files.some((file) => path.resolve(file) === path.resolve(output))
    );
    const merge = () => mergeFiles(opened, output, options);
    return inPlace ? await withFileLock(output, merge) : await merge();
  } finally {
    for (const { clean } of opened) clean();
  }
}

async function mergeFiles(
  catalogs: readonly CatalogFiles[],
  output: string,
  options: CatalogOptions,
): Promise<MergeResult> {
  const parts: Part[] = [];
  for (const catalog of catalogs) {
    const part = await describe(catalog, options);
    leaveOutOthers(catalog.name, part.columnTypes.keys(), output, options.warn);
    parts.push(part);
  }
  const metadata = footer(
    parts.reduce<GeometrySummary>(mergeSummaries, { types: new Set(), box: undefined }),
    catalogMetadata(
      Math.min(...parts.map((part) => part.cellOrder)),
      parts.flatMap((part) => part.queries),
    ),
  );
  const inputs = catalogs.flatMap(({ files, hidden }, c) =>
    files.map((file, index): SortInput => ({
      table: fileTable(file),
      types: parts[c].columnTypes,
      hidden: hidden !== null && index < hidden.files ? hidden : null,
    }))
  );
  return await makeFileAtomic(output, async (temporary) => {
    const rows = await sortInto(
      temporary,
      () => sortStatements({ inputs, output: temporary, metadata }),
      options,
      (duck, rows) => stateFigures(duck, temporary, rows),
    ).catch((error) => {
      throw damageError(damagedOf(catalogs, error), error);
    });
    const given = parts.reduce((sum, part) => sum + part.rows, 0);
    return { rows, replaced: given - rows, sizeBytes: fs.statSync(temporary).size };
  });
}

/** The name of the catalog that an error is about. */
function damagedOf(catalogs: readonly CatalogFiles[], error: Error): string {
  const isAbout = (file: string) => error.message.includes(path.resolve(file));
  return catalogs.find(({ files }) => files.some(isAbout))?.name ??
    catalogs.map(({ name }) => name).join(", ");
}

interface Part extends GeometrySummary {
  rows: number;
  /** Rows from the beginning that are in the order of cells. */
  sortedRows: number;
  cellOrder: number;
  queries: readonly CatalogQuery[];
  /** The file's own columns and their DuckDB types. */
  columnTypes: ReadonlyMap<string, string>;
}

/** What a catalog says of itself, as far as one that is made of it must know. */
async function describe(files: CatalogFiles, options: CatalogOptions): Promise<Part> {
  const catalog = await openCatalogFiles({ ...files, clean: () => {} }, options);
  try {
    const rows = await catalog.count();
    return {
      ...geometrySummary(catalog.geo),
      rows,
      sortedRows: catalog.metadata.sorted_rows ?? rows,
      cellOrder: catalog.metadata.cell_order,
      queries: catalog.metadata.queries,
      columnTypes: catalog.types,
    };
  } finally {
    catalog.close();
  }
}

/** The same of a catalog by its name. */
export async function describeFile(file: string, options: CatalogOptions): Promise<Part> {
  const files = await catalogFiles(file, options);
  try {
    return await describe(files, options);
  } finally {
    files.clean();
  }
}
