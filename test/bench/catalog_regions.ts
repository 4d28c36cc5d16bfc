/** The regions that the benchmark of catalogs selects. */
import type { SelectOptions } from "../../catalog/query/select.ts";

/** Regions that are asked for one after the other. */
const REGIONS = 9;
const PARENT_ORDER = 6;
const PARENTS = 12 * 4 ** PARENT_ORDER;

/** First parents of regions all over the Earth, some of which hold ten times as many granules as others. */
export const REGION_STARTS: readonly number[] = Array.from(
  { length: REGIONS },
  (_, i) => (41_216 + i * Math.ceil(PARENTS / REGIONS / 64) * 64) % PARENTS,
);

/** Parents that follow each other. */
export function regionAt(first: number, parents: number): SelectOptions {
  return {
    order: PARENT_ORDER,
    convention: "authalic",
    withoutCells: true,
    cells: Array.from({ length: parents }, (_, i) => first + i),
  };
}
