/**
 * Cells of rows on their way to a catalog: in four bytes each, where their order lets them, in eight otherwise. Passing
 * rows are written, read, sorted and spilled, and most of their bytes are cells.
 */
import type { NamedColumn } from "../../core/tables/arrow_columns.ts";
import { uint32ListColumn, uint64ListColumn } from "../../core/tables/arrow_columns.ts";
import type { GranuleRow } from "../granule.ts";
import { SQL_TYPES } from "../schema.ts";

/** The highest order of which every cell is below 2^32. */
const NARROW_ORDER = 14;

/** A row's cells stand in `cells` as uint32 where they fit, which is null where they stand here. */
export const WIDE_CELLS = "wide_cells";

const NO_CELLS = new BigUint64Array(0);

const isNarrow = ({ cell_order: order }: GranuleRow) => order <= NARROW_ORDER;

/** The columns of the cells of rows that keep the contract. */
export function passingCells(rows: readonly GranuleRow[]): NamedColumn[] {
  const narrow = uint32ListColumn(rows.map((row) => isNarrow(row) ? row.cells : null));
  const wide = uint64ListColumn(rows.map((row) => isNarrow(row) ? NO_CELLS : row.cells));
  return [{ name: "cells", data: narrow, nullable: true }, { name: WIDE_CELLS, data: wide, nullable: false }];
}

/** SQL of the cells of a passing row, as a catalog has them. */
export const PASSED_CELLS_SQL = `coalesce(cells::${SQL_TYPES.cells}, ${WIDE_CELLS})`;

/** SQL of the first of them. */
export const FIRST_PASSED_SQL = `coalesce(cells[1]::UBIGINT, ${WIDE_CELLS}[1])`;
