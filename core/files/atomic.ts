/**
 * Files that appear whole or not at all: written beside their place under a temporary name, synced,
 * renamed. A failure at write, sync or close is a failure of the whole and leaves nothing behind.
 */
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { GranaryError, systemCode } from "../errors.ts";
import { ownerMark, sweepLeftovers } from "./leftovers.ts";

/** Of this thread, in names: node:worker_threads, which numbers them, is long to load. */
const THREAD = crypto.getRandomValues(new Uint32Array(1))[0];

let serial = 0;

/** A name beside `file` that no other process or call uses. */
export function temporaryName(file: string): string {
  serial += 1;
  const unique = `${ownerMark()}-${THREAD}-${serial.toString(36)}`;
  return path.join(path.dirname(file), `.${path.basename(file)}.${unique}.tmp`);
}

/** Writes `bytes` to `file` atomically. With `sync` false the data may still be in the page cache. */
export function writeFileAtomic(
  file: string,
  bytes: Uint8Array | string,
  options: AtomicOptions = {},
): void {
  const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  writeAtomic(file, (write) => write(data), options);
}

interface AtomicOptions {
  /** Whether data and name are on the disk before the call returns; default true. */
  sync?: boolean;
  mode?: number;
}

/** The same for a file that is made piece by piece; returns what `make` returns. */
export function writeAtomic<T>(
  file: string,
  make: (write: (bytes: Uint8Array) => void) => T,
  options: AtomicOptions = {},
): T {
  const temporary = temporaryName(file);
  sweepLeftovers(path.dirname(file));
  try {
    const fd = fs.openSync(temporary, "wx", options.mode ?? 0o666);
    let made: T;
    try {
      made = make((bytes) => writeAllSync(fd, bytes));
      if (options.sync ?? true) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
    if (options.sync ?? true) syncFolder(path.dirname(file));
    return made;
  } catch (error) {
    discard(temporary);
    throw writeError(file, error);
  }
}

/** Removes a file that may not have been made (Bun's forced rm of a path below a file throws EFAULT). */
function discard(file: string): void {
  if (fs.existsSync(file)) fs.rmSync(file, { force: true });
}

/** Writes every byte to an open file; a short write is continued. */
export function writeAllSync(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += fs.writeSync(fd, bytes, offset, bytes.length - offset);
}

/** A file that is written under a temporary name and waits for {@linkcode commitFiles}. */
export interface PendingFile {
  temporary: string;
  file: string;
}

/** Writes `bytes` under a temporary name beside `file`, unsynced. */
export function writePending(file: string, bytes: Uint8Array): PendingFile {
  const temporary = temporaryName(file);
  try {
    const fd = fs.openSync(temporary, "wx");
    try {
      writeAllSync(fd, bytes);
    } finally {
      fs.closeSync(fd);
    }
    return { temporary, file };
  } catch (error) {
    discard(temporary);
    throw writeError(file, error);
  }
}

/**
 * Syncs and renames files that were written apart, then syncs their folders: many at once, so that the
 * file system commits them together. When the promise resolves all are durable; when it rejects, those
 * that were not renamed are gone.
 */
export async function commitFiles(pending: readonly PendingFile[]): Promise<void> {
  const outcomes = await Promise.allSettled(pending.map(commitFile));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const folders = new Set(pending.map(({ file }) => path.dirname(file)));
  await Promise.all([...folders].map(syncFolderLater));
}

async function commitFile({ temporary, file }: PendingFile): Promise<void> {
  try {
    await syncLater(temporary, "r+");
    await fs.promises.rename(temporary, file);
  } catch (error) {
    await fs.promises.rm(temporary, { force: true });
    throw writeError(file, error);
  }
}

const running = new Map<string, Promise<void>>();
const waiting = new Map<string, Promise<void>>();

/** One sync of a folder runs, one waits, and the waiting one serves all that ask before it starts. */
function syncFolderLater(folder: string): Promise<void> {
  const shared = waiting.get(folder);
  if (shared !== undefined) return shared;
  const before = running.get(folder);
  const own = (async () => {
    await before?.catch(() => undefined); // its own callers hear of its failure
    waiting.delete(folder);
    const sync = syncFolderNow(folder);
    running.set(folder, sync);
    try {
      await sync;
    } finally {
      if (running.get(folder) === sync) running.delete(folder);
    }
  })();
  if (before !== undefined) waiting.set(folder, own);
  return own;
}

async function syncFolderNow(folder: string): Promise<void> {
  try {
    await syncLater(folder, "r");
  } catch (error) {
    if (systemCode(error) !== "EINVAL") throw writeError(folder, error);
  }
}

const fsync = promisify(fs.fsync);

/** Syncs by another thread; to open and to close by one, too, would cost more than both do. */
async function syncLater(file: string, flags: "r" | "r+"): Promise<void> {
  const fd = fs.openSync(file, flags);
  try {
    await fsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes a rename in `folder` durable. Filesystems that cannot sync a folder say EINVAL. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    if (systemCode(error) !== "EINVAL") throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** The error for a file that could not be written, with what to do for the usual causes. */
export function writeError(file: string, error: unknown): GranaryError {
  if (error instanceof GranaryError) return error;
  const code = systemCode(error);
  const advice: Record<string, string> = {
    ENOSPC: "no space left on the device; free some or write elsewhere",
    EDQUOT: "the disk quota is used up; free some or write elsewhere",
    EACCES: "permission denied; choose a folder that you may write to",
    EPERM: "permission denied; choose a folder that you may write to",
    EROFS: "the file system is read-only; choose another folder",
    ENOENT: "the folder does not exist; create it first",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder; name a file",
  };
  const reason = (code !== undefined && advice[code]) || (error as Error)?.message || String(error);
  return new GranaryError("io", `${file}: cannot write (${code ?? "error"}): ${reason}`, {
    cause: error,
    details: { file, code },
  });
}
