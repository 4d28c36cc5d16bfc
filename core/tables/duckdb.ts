/**
 * The one function that opens DuckDB. Its native library is big, so it is loaded when first asked for.
 * Everything that DuckDB would otherwise take from its surroundings is set when the instance is made:
 * threads (it ignores CPU affinity), memory (it reads SLURM_MEM_PER_NODE, where 0 makes it fail), the
 * folder that it spills into (it would use ./.tmp) and extensions (it would download them).
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { inputError } from "../errors.ts";
import { temporaryRoot } from "../files/folders.ts";
import { makeScratchFolder } from "../files/leftovers.ts";

/** DuckDB's share of memory by default. */
const DEFAULT_DUCKDB_MEMORY_BYTES = 1_000_000_000;

export interface DuckOptions {
  /** Default: what this process may use. */
  threads?: number | undefined;
  memoryBytes?: number | undefined;
  /** Where it may spill; a folder of its own is made in it and removed at the end. */
  scratch?: string | undefined;
  /** Ends the statement that runs when it aborts. */
  signal?: AbortSignal | undefined;
}

export interface Duck {
  readonly connection: DuckDBConnection;
  /** A folder for temporary files; gone after `close`. */
  readonly folder: string;
  close(): void;
}

/** An in-memory DuckDB with bounded threads and memory, no extension loading, and UTC as time zone. */
export async function openDuck(options: DuckOptions = {}): Promise<Duck> {
  return await (await startDuck(options)).opened;
}

/** The same for who has other work meanwhile: its threads make it ready while this one goes on. */
export async function startDuck(options: DuckOptions = {}): Promise<{ opened: Promise<Duck> }> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const opened = makeDuck(DuckDBInstance, options);
  // Whoever waits for it learns of a failure.
  opened.catch(() => {});
  return { opened };
}

/** Throws where {@linkcode openDuck} would for its scratch folder. */
export function checkScratch({ scratch }: Pick<DuckOptions, "scratch">): void {
  fs.rmSync(makeFolder(scratch ?? temporaryRoot()), { recursive: true, force: true });
}

async function makeDuck(library: typeof DuckDBInstance, options: DuckOptions): Promise<Duck> {
  const folder = makeFolder(options.scratch ?? temporaryRoot());
  let instance: DuckDBInstance | undefined;
  try {
    instance = await library.create(":memory:", {
      threads: String(Math.max(1, options.threads ?? os.availableParallelism())),
      memory_limit: `${Math.ceil((options.memoryBytes ?? DEFAULT_DUCKDB_MEMORY_BYTES) / 1e6)}MB`,
      temp_directory: path.join(folder, "spill"),
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    });
    const connection = await instance.connect();
    // Geometry stays the bytes that the file holds; one that is broken is then one row's fault. A footer is read once,
    // and again when its file has changed.
    await connection.run(
      "SET TimeZone = 'UTC'; SET enable_geoparquet_conversion = false; SET parquet_metadata_cache = true",
    );
    const interrupt = () => connection.interrupt();
    options.signal?.addEventListener("abort", interrupt);
    const close = () => {
      options.signal?.removeEventListener("abort", interrupt);
      closeAll(connection, instance!, folder);
    };
    return { connection, folder, close: once(close) };
  } catch (error) {
    instance?.closeSync();
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function closeAll(connection: DuckDBConnection, instance: DuckDBInstance, folder: string): void {
  connection.closeSync();
  instance.closeSync();
  fs.rmSync(folder, { recursive: true, force: true });
}

function makeFolder(parent: string): string {
  try {
    return makeScratchFolder("duckdb", parent);
  } catch (error) {
    throw inputError(
      `${parent}: cannot make a scratch folder (${(error as Error).message}); name another with --scratch`,
    );
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}

/** A string as an SQL literal. Only for names that granary itself makes or checks, such as paths. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What read_parquet takes: a file's name, or a list of names. */
export function sqlFiles(files: readonly string[]): string {
  const names = files.map(sqlString);
  return names.length === 1 ? names[0] : `[${names.join(", ")}]`;
}

/** A name as a quoted SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
