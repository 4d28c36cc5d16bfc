/**
 * Opens a catalog for questions: a file, or the parts of a live catalog; of a file that lies elsewhere those columns are
 * read that a question needs. A file is opened once, and DuckDB reads it through that open file,
 * so that a catalog which is replaced meanwhile (by rename) stays the old one to the end. DuckDB may
 * read this file, those that are named besides and its own scratch folder, and nothing else.
 */
import path from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { CatalogFiles, CatalogFilesOptions } from "./catalog_files.ts";
import { catalogRanges } from "./catalog_ranges.ts";
import { cellIndexPath, isRegularFile } from "./cell_index_path.ts";
import { contractColumns } from "./columns_sql.ts";
import type { Figures } from "./figures.ts";
import { GranaryError } from "../../core/errors.ts";
import { type Duck, type DuckOptions, openDuck, sqlFiles, sqlString } from "../../core/tables/duckdb.ts";
import { filledDuck } from "./filled_connection.ts";
import { type GroupStatistics, groupStatistics } from "./group_statistics.ts";
import { hiddenTable, withoutHidden } from "./hidden.ts";
import { namedConnection } from "./named_connection.ts";
import type { RemoteFile } from "./remote_file.ts";
import { readFooters } from "./parquet_footer.ts";
import { type RowSpan, spansSql } from "./row_spans.ts";
import { readRows, type RowChunk } from "./rows.ts";
import type { CatalogMetadata } from "../schema.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";
import { granulesOf, viewStatements } from "./views.ts";
import { readingError } from "../../core/tables/reading.ts";

/** The table of names that do not count in the files of a live catalog. */
const HIDDEN = "hidden_names";

export interface Catalog {
  /** How it was named; `-` for stdin. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly metadata: CatalogMetadata;
  /** The GeoParquet metadata. */
  readonly geo: Readonly<Record<string, unknown>>;
  /** What its only file says that it holds. */
  readonly figures: Figures | undefined;
  /** How often granary's keys stand in the footer. */
  readonly footerKeys: Readonly<Record<string, number>>;
  /** The file's own columns and their DuckDB types. */
  readonly types: ReadonlyMap<string, string>;
  readonly duck: Duck;
  /** A table of the contract's columns and `file_row_number`; geometry is WKB. */
  readonly table: string;
  /** The same for conditions that a user wrote; geometry is DuckDB's GEOMETRY. */
  readonly conditionTable: string;
  /** Its files, as DuckDB reads them. */
  readonly paths: readonly string[];
  /** The cell index beside it, where there is a file of that name; it may be of another catalog, or none. */
  readonly cellIndex: { readonly name: string; readonly path: string } | undefined;
  /** Of its only file, where this lies elsewhere and comes in parts; null of any other. */
  groups(): Promise<readonly GroupStatistics[] | null>;
  /**
   * What statements about the rows of `spans`, or for null about all, are asked with, one each: together their conditions
   * are that of `spans`. Of a file that comes in parts, the row groups come that these meet, and each span is a question of
   * its own: where a statement names several, DuckDB may look into row groups between them, which are not there.
   */
  within(spans: readonly RowSpan[] | null): readonly { connection: DuckDBConnection; condition: string }[];
  /** The rows in the file. */
  count(): Promise<number>;
  /** Rows under an SQL condition that granary wrote itself, a chunk at a time, in file order. */
  rows(where?: string, values?: DuckDBValue[]): AsyncGenerator<RowChunk>;
  close(): void;
}

export type CatalogOptions = DuckOptions & CatalogFilesOptions & {
  /** Further files that its DuckDB may read, such as a row index. */
  readonly besides?: readonly string[];
  /** Whether the views of `catalog sql` are made: granules, urls and cells_at (default: they are). */
  readonly views?: boolean;
  /** A DuckDB that comes up already, in place of one by these options; it is closed with the catalog. */
  readonly duck?: Promise<Duck>;
};

/**
 * Opens a catalog: a file, a live catalog's folder, either of them in S3, a file behind HTTPS, or stdin for `-`.
 * Throws an input error that says what it is instead.
 */
export async function openCatalog(named: string, options: CatalogOptions = {}): Promise<Catalog> {
  const found = await catalogRanges(named, options);
  try {
    return await openCatalogFiles(found, options);
  } catch (error) {
    found.clean();
    throw error;
  }
}

/** Opens a catalog whose files are at hand; closing it takes copies away. */
export async function openCatalogFiles(
  { name, files, hidden, clean, filled = [] }: CatalogFiles & { filled?: readonly RemoteFile[] },
  options: CatalogOptions,
): Promise<Catalog> {
  const opened = openSnapshots(files);
  const beside = hidden === null && files.length === 1 && filled.length === 0
    ? openCellIndex(files[0])
    : undefined;
  let duck: Duck | undefined;
  try {
    duck = await (options.duck ?? openDuck(options));
    const snapshots = opened.pathsIn(duck.folder);
    const whole = duck;
    if (filled.length > 0) {
      // What was read of a hole would be kept.
      await duck.connection.run("SET enable_external_file_cache = false");
      duck = filledDuck(duck, filled, options.signal);
    }
    const { connection } = duck;
    const { metadata, types, counts, geo, figures } = await readFooters(
      duck,
      snapshots.map((path, index) => ({ path, name: index === 0 ? name : files[index] })),
    );
    const where = withoutHidden(HIDDEN, hidden);
    // Rows of several files are numbered file by file.
    const number = snapshots.length === 1
      ? "file_row_number"
      : "(file_index::BIGINT << 32) + file_row_number AS file_row_number";
    const cellIndex = beside && { name: beside.name, path: beside.opened.pathsIn(duck.folder, "cells")[0] };
    const readable = [...snapshots, ...(options.besides ?? [])];
    if (hidden !== null) await connection.run(hiddenTable(HIDDEN, hidden).join(";"));
    // Together: each question to DuckDB has its price.
    await connection.run([
      `CREATE TEMP VIEW catalog_source AS
       SELECT ${contractColumns(types)}, ${number}
       FROM read_parquet(${sqlFiles(snapshots)}, file_row_number = true)${where}`,
      `CREATE TEMP VIEW condition_source AS
       SELECT * REPLACE (ST_GeomFromWKB(geometry) AS geometry) FROM catalog_source`,
      ...options.views === false ? [] : viewStatements(granulesOf(snapshots, types, where), types),
      ...othersShut(duck, cellIndex === undefined ? readable : [...readable, cellIndex.path]),
    ].join(";\n"));
    const running = { ...duck, connection: namedConnection(connection, name) };
    let groups: Promise<GroupStatistics[]> | undefined;
    return {
      name,
      sizeBytes: opened.sizeBytes,
      metadata,
      geo,
      types,
      figures: hidden === null ? figures : undefined,
      footerKeys: counts,
      duck: running,
      table: "catalog_source",
      conditionTable: "condition_source",
      paths: snapshots,
      cellIndex,
      async groups() {
        if (filled.length === 0 || snapshots.length > 1) return null;
        groups ??= groupStatistics(connection, snapshots[0]);
        return await groups;
      },
      within(spans) {
        if (spans === null) return [{ connection: running.connection, condition: "true" }];
        if (filled.length === 0) return [{ connection: running.connection, condition: spansSql(spans) }];
        const { connection } = filledDuck(whole, filled, options.signal, spans);
        const narrowed = namedConnection(connection, name);
        return spans.map((span) => ({ connection: narrowed, condition: spansSql([span]) }));
      },
      async count() {
        const reader = await connection.runAndReadAll("SELECT count(*) FROM catalog_source");
        return Number(reader.getRows()[0][0]);
      },
      async *rows(where, values = []) {
        const tail = where === undefined ? "" : `WHERE ${where}`;
        try {
          yield* readRows(running.connection, { table: "catalog_source", tail, values });
        } catch (error) {
          throw readingError(name, error);
        }
      },
      close() {
        running.close();
        opened.close();
        beside?.opened.close();
        clean();
      },
    };
  } catch (error) {
    duck?.close();
    opened.close();
    beside?.opened.close();
    throw readingError(name, error);
  }
}

/** Opens the file of a cell index's name, where there is one and it is Parquet: a pipe would be waited for. */
function openCellIndex(catalog: string): { name: string; opened: Snapshots } | undefined {
  const name = cellIndexPath(catalog);
  if (!isRegularFile(name)) return undefined;
  try {
    return { name, opened: openSnapshots([name]) };
  } catch (error) {
    if (error instanceof GranaryError) return undefined;
    throw error;
  }
}

/** Statements that leave DuckDB these files and its own folder, for good. */
function othersShut({ folder }: Duck, files: readonly string[]): string[] {
  return [
    `SET allowed_paths = [${files.map(sqlString).join(", ")}]`,
    `SET allowed_directories = [${sqlString(folder + path.sep)}]`,
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ];
}
