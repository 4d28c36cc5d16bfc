/** Files of a granule by the names that requests use. */
import type { Pattern } from "../../core/patterns/pattern.ts";
import type { GranuleAsset, GranuleRow } from "../../catalog/granule.ts";
import { notFound } from "../http/problem.ts";

/** The key of a granule's only file, where nothing else names it. */
export const ONLY_FILE = "data";

/** Asset keys that a request may name, in the catalog's order; null is the row's own file. */
type AssetKeys = ReadonlyMap<string, GranuleAsset | null>;

/**
 * With a pattern, what it finds in each file's name; one that finds nothing is a 404 with these names. Else the catalog's keys, and for keys that are whole file
 * names the part in which these differ: `Fmask` of `HLS.L30.T15UWP.….Fmask.tif`.
 */
export function assetKeys(row: GranuleRow, pattern: Pattern | null): AssetKeys {
  const files: (GranuleAsset | null)[] = row.assets.length === 0 ? [null] : row.assets;
  const keys = new Map<string, GranuleAsset | null>();
  if (pattern !== null) {
    for (const asset of files) {
      const key = pattern.exec(nameOf(row, asset))?.text;
      if (key !== undefined && key !== "" && !keys.has(key)) keys.set(key, asset);
    }
    if (keys.size === 0) {
      const names = files.map((asset) => `'${nameOf(row, asset)}'`);
      throw notFound(`assets_regex '${pattern.source}' finds nothing in [${names.join(", ")}]`);
    }
    return keys;
  }
  if (row.assets.length === 0) return new Map([[ONLY_FILE, null]]);
  const names = row.assets.map((asset) => nameOf(row, asset));
  const distinct = distinctParts(names);
  for (const [i, asset] of row.assets.entries()) {
    keys.set(asset.key === names[i] ? distinct[i] : asset.key, asset);
  }
  for (const asset of row.assets) if (!keys.has(asset.key)) keys.set(asset.key, asset);
  return keys;
}

/** The file of a key. Throws a 404 that names the keys there are. */
export function assetOf(keys: AssetKeys, key: string): GranuleAsset | null {
  const found = keys.get(key);
  if (found !== undefined) return found;
  throw notFound(
    `'${key}' is not valid, should be one of [${[...keys.keys()].map((one) => `'${one}'`).join(", ")}]`,
  );
}

function nameOf(row: GranuleRow, asset: GranuleAsset | null): string {
  const place = asset === null
    ? row.path
    : asset.path ?? asset.https_href ?? asset.s3_href ?? asset.local_href ?? "";
  const bare = place.replace(/[?#].*$/s, "");
  return bare.slice(bare.lastIndexOf("/") + 1);
}

/** What names have that the others have not, between separators; the whole name where that is nothing. */
function distinctParts(names: readonly string[]): string[] {
  if (names.length < 2) return names.map((name) => name.replace(/\.[^.]*$/, ""));
  const parts = names.map((name) => name.split(/[._-]/));
  const shortest = Math.min(...parts.map((list) => list.length));
  const same = (at: (list: string[]) => string) => parts.every((list) => at(list) === at(parts[0]));
  let front = 0;
  while (front < shortest && same((list) => list[front])) front += 1;
  let back = 0;
  while (back < shortest - front && same((list) => list[list.length - 1 - back])) back += 1;
  return names.map((name, i) => parts[i].slice(front, parts[i].length - back).join("_") || name);
}
