/** A first look at the folder that a store is to be written to: cheap, whatever lies there. */
import fs from "node:fs";
import { inputError, systemCode } from "../../core/errors.ts";

/** What lies at the top of a store: its root document, its levels, and what an interrupted write left. */
const OWN = /^(zarr\.json|\d{1,2}|\..*\.tmp)$/;

/**
 * Throws an input error when `folder` is a file, or a folder of other things. Only its top is looked at:
 * a home or a root directory that was named by mistake is refused without being walked.
 */
export function refuseForeignFolder(folder: string): void {
  const names = topOf(folder);
  if (names === "file") throw inputError(`${folder}: is a file; a store is a folder (choose another place)`);
  const foreign = names.find((name) => !OWN.test(name));
  if (foreign === undefined) return;
  throw inputError(
    `${folder}: it holds files that are no part of a store (${foreign}), so it is left alone, --overwrite or` +
      " not (choose another place)",
  );
}

function topOf(folder: string): string[] | "file" {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return [];
    if (code !== "ENOTDIR") throw inputError(`${folder}: cannot be looked into (${code})`);
    // The folder itself, or a part of its path: the latter is for the writer to tell.
    return fs.existsSync(folder) ? "file" : [];
  }
}
