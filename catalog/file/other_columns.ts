/** Columns of a catalog that are not of its contract: what is written of the catalog does not have them. */
import path from "node:path";
import { inputError } from "../../core/errors.ts";
import { COLUMNS } from "../schema.ts";

const OWN = new Set(COLUMNS.map(({ name }) => name));

/** Throws an input error where `file`, which has columns of these names, would lose some by being replaced. */
export function requireNoOthers(file: string, names: Iterable<string>): void {
  const others = otherNames(names);
  if (others.length === 0) return;
  throw inputError(
    `${file}: it would lose columns that are not a catalog's: ${
      listed(others)
    }; nothing was changed (make a ` +
      "catalog without them first, by granary catalog merge under another name, and keep them in a table of " +
      "their own, by id)",
    { file, columns: others },
  );
}

/**
 * Says which columns of `file` the catalog `output`, which is made of it, does not have. Throws an input error where
 * `output` is the same file, which would lose them.
 */
export function leaveOutOthers(
  file: string,
  names: Iterable<string>,
  output: string,
  warn?: (message: string) => void,
): void {
  if (path.resolve(file) === path.resolve(output)) requireNoOthers(file, names);
  const others = otherNames(names);
  if (others.length > 0) {
    warn?.(`${file}: left out its columns that are not a catalog's: ${listed(others)}`);
  }
}

function otherNames(names: Iterable<string>): string[] {
  return [...names].filter((name) => !OWN.has(name));
}

function listed(names: readonly string[]): string {
  return names.slice(0, 5).map((name) => `"${name}"`).join(", ") + (names.length > 5 ? ", …" : "");
}
