/** Files that libraries write (DuckDB, wasm) that still appear whole or not at all. */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, systemCode } from "../errors.ts";
import { syncFolder, temporaryName, writeError } from "./atomic.ts";
import { sweepLeftovers } from "./leftovers.ts";

/**
 * Calls `make` with a temporary name beside `file`, then syncs what it made and renames it into place.
 * Nothing is left behind when `make` throws.
 */
export async function makeFileAtomic<T>(
  file: string,
  make: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = temporaryName(path.resolve(file));
  requireFolder(file);
  sweepLeftovers(path.dirname(temporary));
  try {
    const result = await make(temporary);
    try {
      const fd = fs.openSync(temporary, "r+");
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, file);
      syncFolder(path.dirname(path.resolve(file)));
    } catch (error) {
      throw writeError(file, error);
    }
    return result;
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw fullDiskError(file, error);
  }
}

/** The same error, with the file's name and what to do where the disk or the quota has ended. */
export function fullDiskError(file: string, error: unknown): unknown {
  const code = systemCode(error) ?? codeInWords(error);
  return code === "ENOSPC" || code === "EDQUOT"
    ? writeError(file, Object.assign(new Error("the disk is full", { cause: error }), { code }))
    : error;
}

/** Libraries say it in the system's words: DuckDB's errors have no code. */
function codeInWords(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof GranaryError) return undefined;
  if (/No space left on device/i.test(error.message)) return "ENOSPC";
  return /Disk quota exceeded/i.test(error.message) ? "EDQUOT" : undefined;
}

/** Fails early, with what to do, where `file` could never be written. */
export function requireFolder(file: string): void {
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
      throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    }
  } catch (error) {
    throw writeError(file, error);
  }
}
