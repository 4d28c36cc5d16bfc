/** What writers and readers of cell indexes agree on. */
import type { IndexPart } from "./index_parts.ts";
import type { RowGroup } from "./row_groups.ts";

export const CELLS_FORMAT = 2;

/** What stands under the footer key. */
export interface CellIndexMetadata {
  format: number;
  /** Orders of the cells, ascending. */
  orders: number[];
  /** Those of the catalog, whose rows are numbered on from group to group. */
  row_groups: RowGroup[];
  /** Its own row groups, and the sum of the bytes after them (index_sum.ts). */
  parts: IndexPart[];
  sum: string;
  /** The state of the catalog's file: while it holds, the row groups need no look. */
  state?: string | undefined;
}
