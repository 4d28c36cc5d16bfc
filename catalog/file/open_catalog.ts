/**
 * Opens a catalog for questions: a file, or the parts of a live catalog. A file is opened once, and DuckDB reads it through that open file,
 * so that a catalog which is replaced meanwhile (by rename) stays the old one to the end. DuckDB may
 * read this file and its own scratch folder, and nothing else.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import type { DuckDBValue } from "@duckdb/node-api";
import { inputError } from "../../core/errors.ts";
import { inputPath } from "../../core/files/address.ts";
import { contractColumns } from "./columns_sql.ts";
import { type Duck, type DuckOptions, openDuck, sqlFiles, sqlString } from "../../core/tables/duckdb.ts";
import { liveParts } from "./live_folder.ts";
import { readFooters } from "./parquet_footer.ts";
import { readRows, type RowChunk } from "./rows.ts";
import type { CatalogMetadata } from "../schema.ts";
import { openSnapshots } from "./snapshots.ts";
import { granulesOf, viewStatements } from "./views.ts";
import { readingError } from "../../core/tables/reading.ts";
import { temporaryRoot } from "../../core/files/folders.ts";

/** A piped catalog larger than this is refused: it is copied to scratch first. */
const MAX_STDIN_BYTES = 64_000_000_000;

export interface Catalog {
  /** How it was named; `-` for stdin. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly metadata: CatalogMetadata;
  /** The GeoParquet metadata. */
  readonly geo: Readonly<Record<string, unknown>>;
  /** How often the keys `geo` and `granary` stand in the footer. */
  readonly footerKeys: Readonly<Record<string, number>>;
  /** The file's own columns and their DuckDB types. */
  readonly types: ReadonlyMap<string, string>;
  readonly duck: Duck;
  /** A table of the contract's columns and `file_row_number`; geometry is WKB. */
  readonly table: string;
  /** The same for conditions that a user wrote; geometry is DuckDB's GEOMETRY. */
  readonly conditionTable: string;
  /** The rows in the file. */
  count(): Promise<number>;
  /** Rows under an SQL condition that granary wrote itself, a chunk at a time, in file order. */
  rows(where?: string, values?: DuckDBValue[]): AsyncGenerator<RowChunk>;
  close(): void;
}

/** Opens a catalog, or stdin for `-`. Throws an input error that says what the file is instead. */
export async function openCatalog(name: string, options: DuckOptions = {}): Promise<Catalog> {
  if (name !== "-") {
    const file = inputPath(name);
    return await open(liveParts(file) ?? [file], name, options, () => {});
  }
  const duckFolder = fs.mkdtempSync(
    path.join(options.scratch ?? temporaryRoot(), "granary-stdin-"),
  );
  const clean = () => fs.rmSync(duckFolder, { recursive: true, force: true });
  try {
    const file = path.join(duckFolder, "catalog.parquet");
    copyStdin(file);
    return await open([file], "stdin", options, clean);
  } catch (error) {
    clean();
    throw error;
  }
}

async function open(
  files: readonly string[],
  name: string,
  options: DuckOptions,
  clean: () => void,
): Promise<Catalog> {
  const opened = openSnapshots(files);
  let duck: Duck | undefined;
  try {
    duck = await openDuck(options);
    const { connection } = duck;
    const snapshots = opened.pathsIn(duck.folder);
    const { metadata, types, counts, geo } = await readFooters(
      duck,
      snapshots.map((path, index) => ({ path, name: index === 0 ? name : files[index] })),
    );
    // Rows of several files are numbered file by file.
    const number = snapshots.length === 1
      ? "file_row_number"
      : "(file_index::BIGINT << 32) + file_row_number AS file_row_number";
    await connection.run(
      `CREATE TEMP VIEW catalog_source AS
       SELECT ${contractColumns(types)}, ${number}
       FROM read_parquet(${sqlFiles(snapshots)}, file_row_number = true)`,
    );
    await connection.run(
      `CREATE TEMP VIEW condition_source AS
       SELECT * REPLACE (ST_GeomFromWKB(geometry) AS geometry) FROM catalog_source`,
    );
    for (const statement of viewStatements(granulesOf(snapshots, types), types)) {
      await connection.run(statement);
    }
    await shutOthers(duck, snapshots);
    const running = duck;
    return {
      name,
      sizeBytes: opened.sizeBytes,
      metadata,
      geo,
      types,
      footerKeys: counts,
      duck,
      table: "catalog_source",
      conditionTable: "condition_source",
      async count() {
        const reader = await connection.runAndReadAll("SELECT count(*) FROM catalog_source");
        return Number(reader.getRows()[0][0]);
      },
      async *rows(where, values = []) {
        const tail = where === undefined ? "" : `WHERE ${where}`;
        try {
          yield* readRows(connection, { table: "catalog_source", tail, values });
        } catch (error) {
          throw readingError(name, error);
        }
      },
      close() {
        running.close();
        opened.close();
        clean();
      },
    };
  } catch (error) {
    duck?.close();
    opened.close();
    throw readingError(name, error);
  }
}

/** Leaves DuckDB the snapshots and its own folder, for good. */
async function shutOthers({ connection, folder }: Duck, snapshots: readonly string[]): Promise<void> {
  await connection.run(`SET allowed_paths = [${snapshots.map(sqlString).join(", ")}]`);
  await connection.run(`SET allowed_directories = [${sqlString(folder + path.sep)}]`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

function copyStdin(file: string): void {
  const fd = fs.openSync(file, "wx", 0o600);
  try {
    const buffer = new Uint8Array(1 << 20);
    for (let total = 0;;) {
      const count = readStdin(buffer);
      if (count === 0) return;
      total += count;
      if (total > MAX_STDIN_BYTES) throw inputError(`stdin: more than ${MAX_STDIN_BYTES} bytes`);
      for (let at = 0; at < count;) at += fs.writeSync(fd, buffer, at, count - at);
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads from stdin; a pipe that is empty for now (EAGAIN) is asked again. */
function readStdin(buffer: Uint8Array): number {
  for (;;) {
    try {
      return fs.readSync(0, buffer, 0, buffer.length, null);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
