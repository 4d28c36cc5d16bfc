/** Names of a granule's files and items: they depend on the granule's id and its variables alone. */
import { fileNameOf } from "../targets/hrefs.ts";

/** Below the dataset's output. */
export const COGS = "cogs/";

/** Endings that a granule's id loses as the name of its folder and its item. */
const ENDING = /\.(h5|hdf5|he5|hdf|nc|nc4|cdf|tiff?)$/i;

/** Data centres that put the product before a file's name: `OMTO3d.003:OMI-Aura_L3-…`. */
const PRODUCT = /^[A-Za-z0-9_-]+(\.[\w.]+)?:(?=.)/;
/** Signs of URLs, which servers of items refuse in ids. */
const SIGNS = /[:/?#[\]@!$&'()*+,;=\s]+/g;

/** `OMI-Aura_L3-OMTO3d_2016m0331_v003`: the id of a granule as that of its items, fit for any server. */
export function itemStem(id: string): string {
  return id.replace(PRODUCT, "").replace(ENDING, "").replace(SIGNS, "-") || "granule";
}

/** `cogs/{granule}/{file}`. */
export function cogKey(granuleId: string, file: string): string {
  return `${cogFolder(granuleId)}${fileNameOf(file)}`;
}

/** Where all of a granule's files lie. */
export function cogFolder(granuleId: string): string {
  return `${COGS}${fileNameOf(itemStem(granuleId))}/`;
}

/** The variable of a file that names none, as a TIFF: what its name adds to the granule's. */
export function fileVariable(granuleId: string, file: string): string {
  const [granule, stem] = [itemStem(granuleId), itemStem(file)];
  const rest = stem.startsWith(granule) ? stem.slice(granule.length).replace(/^[._-]+/, "") : stem;
  return rest === "" ? "data" : rest;
}
