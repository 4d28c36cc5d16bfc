/** Names of a granule's files and items: they depend on the granule's id and its variables alone. */
import { inputError } from "../../core/errors.ts";
import { fileNameOf } from "../targets/hrefs.ts";

/** Below the dataset's output. */
export const COGS = "cogs/";

/** Endings that a granule's id loses as the name of its folder and its item. */
const ENDING = /\.(h5|hdf5|he5|hdf|nc|nc4|cdf|tiff?)$/i;

/** `OMI-Aura_L3-OMTO3d_2016m0331_v003`. */
export function itemStem(id: string): string {
  return id.replace(ENDING, "") || id;
}

/** `cogs/{granule}/{variable}[_{step}].tif`. */
export function cogKey(granuleId: string, variable: string, suffixes: readonly string[]): string {
  const name = [variable, ...suffixes].map(plain).join("_");
  return `${COGS}${fileNameOf(itemStem(granuleId))}/${fileNameOf(name)}.tif`;
}

/** `am_pm=1` as `am_pm1`; blanks and signs of other uses as a line. */
function plain(text: string): string {
  return text.replace(/=/g, "").replace(/[\s:/\\,]+/g, "-").replace(/^-+|-+$/g, "") || "band";
}

/** `20240131T120000`. */
export function compactTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]/g, "").replace(/\.\d+Z$/, "");
}

/**
 * Short names of variables by their paths: the last part of each, with as many parts before it as it takes to
 * tell them apart. Throws an input error where two paths are one.
 */
export function variableNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split("/").filter((part) => part !== ""));
  const deepest = Math.max(1, ...parts.map(({ length }) => length));
  const names = parts.map(() => "");
  const depths = parts.map(() => 1);
  for (let round = 0; round < deepest; round++) {
    parts.forEach((path, i) => names[i] = path.slice(-depths[i]).join("_") || "data");
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    let alike = false;
    names.forEach((name, i) => {
      if ((counts.get(name) ?? 0) < 2) return;
      alike = true;
      depths[i] += 1;
    });
    if (!alike) return names;
  }
  throw inputError(
    `variables of one name: ${[...new Set(names)].join(", ")} (name fewer in convert.variables)`,
  );
}
