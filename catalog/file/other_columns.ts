/** Columns of a catalog that are not of its contract: what is written of the catalog would not have them. */
import { inputError } from "../../core/errors.ts";
import { COLUMNS } from "../schema.ts";

const OWN = new Set(COLUMNS.map(({ name }) => name));

/** Throws an input error where an update of `file`, which has columns of these names, would lose some. */
export function requireNoOthers(file: string, names: Iterable<string>): void {
  const others = [...names].filter((name) => !OWN.has(name));
  if (others.length === 0) return;
  const listed = others.slice(0, 5).map((name) => `"${name}"`).join(", ") + (others.length > 5 ? ", …" : "");
  throw inputError(
    `${file}: an update would lose columns that are not a catalog's: ${listed} (make a catalog without them ` +
      "first, by granary catalog merge under another name, and keep them in a table of their own, by id)",
    { file, columns: others },
  );
}
