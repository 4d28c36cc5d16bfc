/** Which file of a granule of several is read. */
import path from "node:path";
import { inputError } from "../core/errors.ts";
import type { GranuleAsset, GranuleRow } from "./granule.ts";

/**
 * The file of a granule that a config's `asset` (a key, or a glob over keys and file names) names; null
 * for the row's own. Throws an input error where it fits none, or more than one.
 */
export function chooseAsset(row: GranuleRow, pattern: string | null): GranuleAsset | null {
  if (pattern === null) return null;
  const byKey = row.assets.filter((asset) => asset.key === pattern);
  if (byKey.length === 1) return byKey[0];
  const fits = globTest(pattern);
  const name = (text: string | null) =>
    text === null ? "" : path.posix.basename(text.replace(/[?#].*$/s, ""));
  const found = row.assets.filter((asset) =>
    fits(asset.key) || fits(name(asset.path ?? asset.https_href ?? asset.s3_href ?? asset.local_href))
  );
  if (found.length === 1) return found[0];
  if (found.length === 0 && fits(name(row.path))) return null;
  const keys = row.assets.map((asset) => asset.key).join(", ") || "none";
  throw inputError(
    `${row.collection} ${row.id}: asset "${pattern}" fits ${found.length} of its files (it has ${keys}); ` +
      `name one by its key`,
  );
}

/** `*` and `?` as shells have them. */
function globTest(pattern: string): (text: string) => boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}
