/**
 * Cells of a catalog are authalic. A run in the geodetic convention sees each point up to 14.3 km
 * nearer to the pole, so a granule's observations may lie in cells beside those that the catalog names.
 */
import { nestedOf, parentAt } from "./cells/healpix.ts";
import { neighbours } from "./cells/neighbours.ts";
import { cellOutline } from "./cells/place.ts";

/** Points per side of a cell whose outline is followed. */
const OUTLINE_STEP = 4;

/**
 * The cells at `parentOrder` that points of the authalic cell `nested` (of `order`, at least
 * `parentOrder`, at most 24) may lie in when their latitude is read as geodetic. Ascending. A superset:
 * the cells under the cell's outline and their neighbours at `order`.
 */
export function geodeticParents(nested: number, order: number, parentOrder: number): number[] {
  const found = new Set<number>();
  for (const [longitude, latitude] of cellOutline(nested, order, "authalic", OUTLINE_STEP)) {
    found.add(nestedOf(longitude, latitude, order, "geodetic"));
  }
  const parents = new Set<number>();
  for (const cell of found) {
    parents.add(parentAt(cell, order, parentOrder));
    for (const beside of neighbours(cell, order)) {
      if (beside >= 0) parents.add(parentAt(beside, order, parentOrder));
    }
  }
  return [...parents].sort((a, b) => a - b);
}
