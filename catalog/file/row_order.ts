/** The order of rows in a catalog, and which of two rows of one granule stays. */
import type { GranuleRow } from "../granule.ts";
import { MAX_ORDER } from "../../core/cells/convention.ts";

/**
 * Order in the file: along the nested curve by the first cell (compared at order 29), rows without
 * cells last, then by collection and id. Neighbours on the ground become neighbours in the file.
 */
export function compareRows(a: GranuleRow, b: GranuleRow): number {
  const first = compareFirstCell(a, b);
  if (first !== 0) return first;
  return compareText(a.collection, b.collection) || compareText(a.id, b.id);
}

function compareFirstCell(a: GranuleRow, b: GranuleRow): number {
  if (a.cells.length === 0 || b.cells.length === 0) return b.cells.length - a.cells.length;
  const x = a.cells[0] << BigInt(2 * (MAX_ORDER - a.cell_order));
  const y = b.cells[0] << BigInt(2 * (MAX_ORDER - b.cell_order));
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The canonical order of granules, by which runs count them: collection, id, revision. */
export function compareGranules(
  a: Pick<GranuleRow, "collection" | "id" | "revision">,
  b: Pick<GranuleRow, "collection" | "id" | "revision">,
): number {
  return compareText(a.collection, b.collection) || compareText(a.id, b.id) ||
    (a.revision ?? -1) - (b.revision ?? -1);
}

/** By Unicode code points, as UTF-8 bytes and so DuckDB compare. */
function compareText(a: string, b: string): number {
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

/** Keeps one row of each (collection, id): the highest revision, of equal ones the last given. */
export class UniqueRows {
  readonly #rows = new Map<string, GranuleRow>();

  add(row: GranuleRow): void {
    const key = JSON.stringify([row.collection, row.id]);
    const known = this.#rows.get(key);
    if (known === undefined || revisionOf(row) >= revisionOf(known)) this.#rows.set(key, row);
  }

  rows(): Iterable<GranuleRow> {
    return this.#rows.values();
  }
}

function revisionOf(row: GranuleRow): number {
  return row.revision ?? -Infinity;
}
