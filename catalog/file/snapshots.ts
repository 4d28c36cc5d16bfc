/**
 * The files of a catalog, opened once and read through what was opened: a file that is replaced meanwhile (by
 * rename) stays the old one to the end.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";
import { PARQUET_MAGIC } from "../../core/tables/parquet_magic.ts";

export interface Snapshots {
  sizeBytes: number;
  /** The files as paths that DuckDB reads, by links `name…` in a `folder` where the system has them. */
  pathsIn(folder: string, name?: string): string[];
  close(): void;
}

/** Opens all before one is read: none of them can go away in between. Throws an input error for what is no Parquet. */
export function openSnapshots(files: readonly string[]): Snapshots {
  const opened = openAll(files);
  return {
    sizeBytes: opened.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    pathsIn: (folder, name = "snapshot") =>
      opened.map(({ fd, file }, index) =>
        snapshotPath(fd, file, path.join(folder, `${name}${index === 0 ? "" : index}.parquet`))
      ),
    close: () => closeAll(opened),
  };
}

interface OpenedFile {
  file: string;
  fd: number;
  sizeBytes: number;
}

function openAll(files: readonly string[]): OpenedFile[] {
  const opened: OpenedFile[] = [];
  try {
    for (const file of files) opened.push({ file, ...openParquetFile(file) });
    return opened;
  } catch (error) {
    closeAll(opened);
    throw error;
  }
}

function closeAll(files: readonly OpenedFile[]): void {
  for (const { fd } of files) fs.closeSync(fd);
}

/** A file opened for reading, checked to be Parquet. The caller closes `fd`. */
function openParquetFile(file: string): { fd: number; sizeBytes: number } {
  let fd: number;
  try {
    // Opening one would wait for whoever writes.
    if (fs.statSync(file).isFIFO()) {
      throw inputError(
        `${file}: is a pipe, which a Parquet file cannot be read from (wanted a file, or - for a catalog that comes by stdin)`,
      );
    }
    fd = fs.openSync(file, "r");
  } catch (error) {
    if (error instanceof GranaryError) throw error;
    const code = systemCode(error);
    const advice = code === "ENOENT" ? "no such file; check the path" : (error as Error).message;
    throw inputError(`${file}: cannot read (${code ?? "error"}): ${advice}`, { file, code });
  }
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isDirectory()) throw inputError(`${file}: is a folder (wanted a catalog, a Parquet file)`);
    if (!hasParquetMagic(fd, stat.size)) {
      throw inputError(
        `${file}: is not a Parquet file (wanted a catalog that granary catalog build made${
          looksLikeJson(fd) ? "; it looks like JSON: try granary catalog import" : ""
        })`,
      );
    }
    return { fd, sizeBytes: stat.size };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function hasParquetMagic(fd: number, size: number): boolean {
  if (size < 12) return false;
  const bytes = new Uint8Array(8);
  fs.readSync(fd, bytes, 0, 4, 0);
  fs.readSync(fd, bytes, 4, 4, size - 4);
  return new TextDecoder().decode(bytes) === PARQUET_MAGIC + PARQUET_MAGIC;
}

function looksLikeJson(fd: number): boolean {
  const bytes = new Uint8Array(64);
  const count = fs.readSync(fd, bytes, 0, bytes.length, 0);
  return /^\s*[{[]/.test(new TextDecoder().decode(bytes.subarray(0, count)));
}

/**
 * A path that names the open file itself where the system has one, else the file's own path. DuckDB
 * compares resolved paths with the allowed ones: while the file stands, the link in DuckDB's folder
 * resolves to it; when it has been replaced, the link resolves to nothing and counts as it is written,
 * and its folder is allowed.
 */
function snapshotPath(fd: number, file: string, link: string): string {
  const descriptor = `/proc/${process.pid}/fd/${fd}`;
  const found = fs.statSync(descriptor, { throwIfNoEntry: false });
  const own = fs.fstatSync(fd);
  const same = found !== undefined && found.isFile() && found.ino === own.ino && found.dev === own.dev;
  if (!same) return path.resolve(file);
  fs.symlinkSync(descriptor, link);
  return link;
}
