/**
 * Between the two readings of latitude. Cells of a catalog are authalic; a run in the geodetic
 * convention sees each point up to 14.3 km nearer to the pole, so a granule's observations may lie in
 * cells beside those that the catalog names. Catalogs of older tools have the same trouble the other
 * way round.
 */
import type { LatitudeConvention } from "./convention.ts";
import { nestedOf, parentAt } from "./healpix.ts";
import { neighbours } from "./neighbours.ts";
import { cellOutline } from "./place.ts";

/**
 * The cells at `toOrder` in which points of the cell `nested` of `order` may lie when their latitudes
 * are read the other way than `from`. Ascending. A superset: the cells under the outline of the cell,
 * and their neighbours, at `fineOrder` (from `order` and `toOrder` to 24; a finer one fits closer).
 */
export function cellsInOtherConvention(
  nested: number,
  order: number,
  from: LatitudeConvention,
  toOrder: number,
  fineOrder: number = Math.max(order, toOrder),
): number[] {
  const to = from === "authalic" ? "geodetic" : "authalic";
  // Points of the outline are at most one fine cell apart, or a quarter of the cell's side.
  const step = Math.max(4, 2 ** (fineOrder - order));
  const under = new Set<number>();
  for (const [longitude, latitude] of cellOutline(nested, order, from, step)) {
    under.add(nestedOf(longitude, latitude, fineOrder, to));
  }
  const cells = new Set<number>();
  for (const cell of under) {
    cells.add(parentAt(cell, fineOrder, toOrder));
    for (const beside of neighbours(cell, fineOrder)) {
      if (beside >= 0) cells.add(parentAt(beside, fineOrder, toOrder));
    }
  }
  return [...cells].sort((a, b) => a - b);
}
