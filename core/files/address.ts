/** Names of files of this machine as users write them: paths, and file: URLs. */
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { inputError } from "../errors.ts";

/** What stands before the colon of a URL; a single letter is a drive. */
export const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** The path of a file: URL. Throws an input error for one of another machine. */
export function pathOfFileUrl(address: string): string {
  try {
    return fileURLToPath(address);
  } catch (error) {
    throw inputError(`${address}: is no file of this machine: ${(error as Error).message}`);
  }
}

/**
 * The path of a file or folder that a user named for reading; `-`, which is standard input, stays. Throws an
 * input error for an address of another kind, instead of looking for a file of that name.
 */
export function inputPath(named: string): string {
  const scheme = SCHEME.exec(named)?.[1]?.toLowerCase();
  if (scheme === undefined || named === "-") return named;
  if (scheme === "file") return pathOfFileUrl(named);
  // A name may hold a colon.
  if (!/^[^:]+:\/\//.test(named) && fs.existsSync(named)) return named;
  throw inputError(
    `${named.replace(/[?#].*$/s, "")}: granary reads files of this machine here, and not ${scheme}:` +
      ` (wanted a path or file:///path)`,
  );
}
