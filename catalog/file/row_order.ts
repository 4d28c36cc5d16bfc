/** The canonical order of granules. */
import type { GranuleRow } from "../granule.ts";

/** The canonical order of granules, by which runs count them: collection, id, revision. */
export function compareGranules(
  a: Pick<GranuleRow, "collection" | "id" | "revision">,
  b: Pick<GranuleRow, "collection" | "id" | "revision">,
): number {
  return compareText(a.collection, b.collection) || compareText(a.id, b.id) ||
    (a.revision ?? -1) - (b.revision ?? -1);
}

/** By Unicode code points, as UTF-8 bytes and so DuckDB compare. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return fixSurrogate(x) - fixSurrogate(y);
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane, which makes UTF-16 order that of code points. */
function fixSurrogate(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}
