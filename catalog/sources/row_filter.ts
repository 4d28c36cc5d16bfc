/**
 * What a source cannot be asked for is sorted out here: rows outside a region, a time or a list of
 * collections. A row whose footprint or time is unknown stays, because nothing says that it is outside.
 */
import { coverAdaptive } from "../cells/coverage.ts";
import { ShapeBuilder } from "../cells/shape.ts";
import type { GranuleRow } from "../granule.ts";
import type { Tally } from "./tally.ts";

export interface RowFilterOptions {
  /** Names as rows have them, or short names without their versions. */
  collections?: readonly string[] | undefined;
  /** Milliseconds since 1970 UTC, both ends included. */
  start?: number | null;
  end?: number | null;
  bbox?: readonly [number, number, number, number] | undefined;
  /** Outer rings as lon, lat pairs; edges straight in longitude and latitude. */
  polygons?: readonly Float64Array[] | undefined;
  /** The order at which regions are compared with rows. */
  cellOrder: number;
}

/** Cells of a region that a filter holds at most. */
const MOST_REGION_CELLS = 500_000;

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
  for (const region of regionsOf(options)) tests.push(["outside the region asked for", region]);
  if (tests.length === 0) return null;
  return (row) => {
    const failed = tests.find(([, passes]) => !passes(row));
    if (failed !== undefined) tally.add("granule", failed[0], row.id);
    return failed === undefined;
  };
}

/** A test for the box and one for the polygons: a row must touch both. */
function regionsOf(options: RowFilterOptions): ((row: GranuleRow) => boolean)[] {
  const shapes: ShapeBuilder[] = [];
  if (options.bbox !== undefined) shapes.push(new ShapeBuilder({ edges: "planar" }).box(...options.bbox));
  if (options.polygons !== undefined && options.polygons.length > 0) {
    const shape = new ShapeBuilder({ edges: "planar" });
    for (const ring of options.polygons) shape.polygon(ring);
    shapes.push(shape);
  }
  return shapes.map((shape) => {
    const { order, cells } = coverAdaptive(shape.build(), options.cellOrder, MOST_REGION_CELLS);
    return (row) => row.cells.length === 0 || meets(row.cells, row.cell_order, cells, order);
  });
}

/** Whether two ascending lists of cells of two orders have a place in common. */
export function meets(a: BigUint64Array, aOrder: number, b: BigUint64Array, bOrder: number): boolean {
  if (aOrder < bOrder) return meets(b, bOrder, a, aOrder);
  const shift = BigInt(2 * (aOrder - bOrder));
  let at = 0;
  for (const cell of a) {
    const parent = cell >> shift;
    while (at < b.length && b[at]! < parent) at += 1;
    if (at === b.length) return false;
    if (b[at] === parent) return true;
  }
  return false;
}
