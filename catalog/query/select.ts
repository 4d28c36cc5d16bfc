/** Which parent cells have which granules, and how many. */
import { countDistinct, distinctSorted, groupPairs, rankIn } from "./pairs.ts";
import { inputError } from "../../core/errors.ts";
import { type LatitudeConvention, MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import { chosenRows } from "./chosen_rows.ts";
import { spansOfRows } from "./narrow.ts";
import { findPairs, type Pairs, type SelectOptions } from "./find_pairs.ts";
import type { GranuleRow } from "../granule.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { PlainCatalog } from "../file/plain_catalog.ts";
import { compareGranules } from "../file/row_order.ts";
import { readRows } from "../file/rows.ts";
import { reading } from "../../core/tables/reading.ts";

export type { SelectOptions };

export interface Selection {
  order: number;
  convention: LatitudeConvention;
  /** Nested ids, ascending. */
  parents: Float64Array;
  /** Granules of each parent. */
  counts: Uint32Array;
  /** In canonical order: collection, id, revision. */
  granules: GranuleRow[];
  /** For each granule the positions in `parents` of those that its cells touch, ascending. */
  ranks: Uint32Array[];
  /** Granules that the column conditions kept and that have no cells. */
  unknownExtent: number;
}

/**
 * Selects parents and granules; of a catalog whose rows are at hand, these come without their geometry and cells. Throws an
 * input error for conditions that cannot be evaluated.
 */
export async function select(catalog: Catalog | PlainCatalog, options: SelectOptions): Promise<Selection> {
  if (!Number.isInteger(options.order) || options.order < 0 || options.order > MAX_NUMBER_ORDER) {
    throw inputError(`parent order ${options.order} is not an order of 0 to ${MAX_NUMBER_ORDER}`);
  }
  const pairs = await reading(catalog.name, () => findPairs(catalog, options));
  const parents = distinctSorted(pairs.parents.view(), options.order);
  const kept = options.maxCells === undefined ? parents : parents.subarray(0, options.maxCells);
  const rows = rowsOfParents(pairs, kept, options.order);
  const { granules, indexOfRow } = await reading(
    catalog.name,
    () => fetchGranules(catalog, rows, options),
  );
  const rankOf = rankIn(kept, options.order);
  const parentList = pairs.parents.view(), rowList = pairs.rows.view();
  const ranks = groupPairs(
    pairs.parents.length,
    granules.length,
    (i) => indexOfRow.get(rowList[i]) ?? -1,
    (i) => rankOf(parentList[i]),
  );
  pairs.parents.free();
  pairs.rows.free();
  const counts = new Uint32Array(kept.length);
  for (const own of ranks) for (const rank of own) counts[rank] += 1;
  return {
    order: options.order,
    convention: options.convention,
    parents: kept,
    counts,
    ranks,
    granules,
    unknownExtent: pairs.unknown.length,
  };
}

/** Parents with their counts of granules, without reading the granules' other columns. */
export async function countParents(
  catalog: Catalog | PlainCatalog,
  options: SelectOptions,
): Promise<{ parents: Float64Array; counts: Uint32Array; granules: number; unknownExtent: number }> {
  const pairs = await reading(catalog.name, () => findPairs(catalog, options));
  const all = distinctSorted(pairs.parents.view(), options.order);
  const parents = options.maxCells === undefined ? all : all.subarray(0, options.maxCells);
  const rankOf = rankIn(parents, options.order);
  const parentList = pairs.parents.view(), rowList = pairs.rows.view();
  const rows = groupPairs(
    pairs.parents.length,
    parents.length,
    (i) => rankOf(parentList[i]),
    (i) => rowList[i],
  );
  return {
    parents,
    counts: Uint32Array.from(rows, (own) => own.length),
    granules: countDistinct(rows),
    unknownExtent: pairs.unknown.length,
  };
}

function rowsOfParents(pairs: Pairs, parents: Float64Array, order: number): Set<number> {
  const rankOf = rankIn(parents, order);
  const rows = new Set<number>();
  const parentList = pairs.parents.view();
  const rowList = pairs.rows.view();
  for (let i = 0; i < parentList.length; i++) if (rankOf(parentList[i]) >= 0) rows.add(rowList[i]);
  return rows;
}

async function fetchGranules(
  catalog: Catalog | PlainCatalog,
  rows: ReadonlySet<number>,
  options: SelectOptions,
): Promise<{ granules: GranuleRow[]; indexOfRow: Map<number, number> }> {
  const found: { row: GranuleRow; fileRow: number }[] = [];
  if (catalog instanceof PlainCatalog) {
    for (const fileRow of [...rows].sort((a, b) => a - b)) {
      found.push({ row: catalog.granule(fileRow), fileRow });
    }
  } else if (rows.size > 0) {
    const chosen = await chosenRows(catalog, rows);
    for (const { connection, condition } of catalog.within(await spansOfRows(catalog, rows))) {
      const source = {
        table: catalog.table,
        tail: `SEMI JOIN ${chosen} USING (file_row_number) WHERE ${condition}`,
        withoutCells: options.withoutCells ?? false,
      };
      for await (const chunk of readRows(connection, source)) {
        options.signal?.throwIfAborted();
        for (let i = 0; i < chunk.rows.length; i++) {
          found.push({ row: chunk.rows[i], fileRow: chunk.fileRows[i] });
        }
      }
    }
  }
  found.sort((a, b) => compareGranules(a.row, b.row));
  const indexOfRow = new Map(found.map(({ fileRow }, index) => [fileRow, index]));
  return { granules: found.map(({ row }) => row), indexOfRow };
}
