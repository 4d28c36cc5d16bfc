/**
 * What a source cannot be asked for is sorted out here: rows outside a region, a time or a list of
 * collections. A row whose footprint or time is unknown stays, because nothing says that it is outside.
 */
import type { Area } from "../../core/geometry/area.ts";
import type { GranuleRow } from "../granule.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import type { Tally } from "./tally.ts";

interface RowFilterOptions {
  /** Names as rows have them, or short names without their versions. */
  collections?: readonly string[] | undefined;
  /** Milliseconds since 1970 UTC, both ends included. */
  start?: number | null;
  end?: number | null;
  /** A row must touch every one of them. */
  areas?: readonly Area[] | undefined;
  /** Footprints that were widened are compared by their cells alone. */
  byCellsOnly?: boolean | undefined;
  /** The catalog's order of cells. */
  cellOrder: number;
}

/** Areas are compared at this order or the catalog's where that is coarser: 786,432 cells at most. */
const FINEST_AREA_ORDER = 8;

/** A test of rows; those that fail are counted in the tally. Null when there is nothing to test. */
export function createRowFilter(
  options: RowFilterOptions,
  tally: Tally,
): ((row: GranuleRow) => boolean) | null {
  const tests: [string, (row: GranuleRow) => boolean][] = [];
  const { collections, start = null, end = null } = options;
  if (collections !== undefined && collections.length > 0) {
    tests.push([
      "of another collection",
      (row) => collections.some((name) => row.collection === name || row.collection.startsWith(`${name}.`)),
    ]);
  }
  if (start !== null || end !== null) {
    tests.push(["outside the time asked for", (row) => {
      const from = row.start_datetime ?? row.datetime ?? row.end_datetime;
      const to = row.end_datetime ?? row.datetime ?? row.start_datetime;
      return (start === null || to === null || to >= start) && (end === null || from === null || from <= end);
    }]);
  }
  for (const area of options.areas ?? []) {
    tests.push(["outside the region asked for", areaTest(area, options)]);
  }
  if (tests.length === 0) return null;
  return (row) => {
    const failed = tests.find(([, passes]) => !passes(row));
    if (failed !== undefined) tally.add("granule", failed[0], row.id);
    return failed === undefined;
  };
}

/** The area's cells first, then its exact outline against the footprint. */
function areaTest(area: Area, options: RowFilterOptions): (row: GranuleRow) => boolean {
  const order = Math.min(options.cellOrder, FINEST_AREA_ORDER);
  const cells = BigUint64Array.from(area.cells(order, "authalic"), BigInt);
  return (row) => {
    if (row.cells.length === 0) return true;
    if (!meets(row.cells, row.cell_order, cells, order)) return false;
    return options.byCellsOnly === true || row.geometry === null || area.meets(decodeWkb(row.geometry));
  };
}

/** Whether two ascending lists of cells of two orders have a place in common. */
export function meets(a: BigUint64Array, aOrder: number, b: BigUint64Array, bOrder: number): boolean {
  if (aOrder < bOrder) return meets(b, bOrder, a, aOrder);
  const shift = BigInt(2 * (aOrder - bOrder));
  let at = 0;
  for (const cell of a) {
    const parent = cell >> shift;
    while (at < b.length && b[at] < parent) at += 1;
    if (at === b.length) return false;
    if (b[at] === parent) return true;
  }
  return false;
}
