/** Folders that the environment names (as its standards say, one that is no absolute path names none), and empty ones. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** The folder that a variable names; undefined where it is unset or no absolute path. */
export function namedFolder(value: string | undefined): string | undefined {
  return value !== undefined && path.isAbsolute(value) ? value : undefined;
}

/** Where temporary files go. */
export function temporaryRoot(): string {
  return namedFolder(os.tmpdir()) ?? "/tmp";
}

/** Removes a folder that nobody has put anything into. */
export function removeEmptyFolder(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Somebody has, or it is gone.
  }
}
