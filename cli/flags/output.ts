/** `-o` of commands that write one file, and `--overwrite`. */
import path from "node:path";
import { MANY_GRANULES } from "../../catalog/file/cell_index_path.ts";
import { outputAddress } from "../../core/files/address.ts";
import { checkOutput, type OutputKind } from "../../core/files/output.ts";
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import { isObjectAddress } from "../../core/files/address.ts";

export const OVERWRITE = "--overwrite";
export const OVERWRITE_HELP = "replace a file of that name and kind";

export const CELL_INDEX = "--cell-index";
export const CELL_INDEX_HELP = `write a cell index beside the catalog (default: from ${
  formatCount(MANY_GRANULES)
} granules on)`;
export const NO_CELL_INDEX = "--no-cell-index";
export const NO_CELL_INDEX_HELP = "write no cell index";

/**
 * The path to write, once it may be written. `updates` are files that the command changes by its meaning.
 */
export function outputFile(
  named: string,
  kind: OutputKind,
  overwrite: boolean | undefined,
  updates: readonly string[] = [],
): string {
  const file = outputAddress(named);
  if (isObjectAddress(file)) {
    throw inputError(`${named}: this command writes files of this machine (wanted a path)`);
  }
  const same = updates.some((other) => path.resolve(other) === path.resolve(file));
  checkOutput(file, kind, { overwrite, updates: same });
  return file;
}
