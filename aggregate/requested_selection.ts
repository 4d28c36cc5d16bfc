/** What an aggregation is asked of its catalog, as it is written and as a plan takes it. */
import type { DuplicateRule } from "../catalog/duplicates.ts";
import type { GranuleFilter } from "../catalog/query/filter.ts";
import { parseCellAt } from "../core/cells/cell_name.ts";
import type { Area } from "../core/geometry/area.ts";
import type { Pipeline } from "./pipeline.ts";
import type { PrepareOptions } from "./plan/asked.ts";
import { parseLevels } from "./plan/levels.ts";

/** What a request asks of a catalog, as it is written. */
export interface SelectionRequest {
  /** Names of parent cells. */
  cells?: readonly string[];
  maxCells?: number;
  /** Conditions on the catalog's columns, over the config's. */
  filter?: GranuleFilter;
  /** Parents, granules and observations under all of these areas. */
  areas?: readonly Area[];
  unknownExtent?: boolean;
  /** Granules whose observations others have too: default "fold", one of each is taken. */
  duplicates?: DuplicateRule;
  /** `6-12`, `12,9,6`. */
  levels?: string;
  /** Scatter batches to cut. */
  batches?: number;
  signal?: AbortSignal;
}

/** A request's names of cells and orders as numbers. Throws an input error where they are none. */
export function requestedSelection(
  { cells, maxCells, filter, areas, unknownExtent, duplicates, levels, batches, signal }: SelectionRequest,
  { output }: Pipeline,
): PrepareOptions {
  return {
    cells: cells && new Set(cells.map((name) => Number(parseCellAt(name, output.parentOrder)))),
    maxCells,
    filter,
    areas,
    unknownExtent,
    duplicates,
    levels: levels === undefined ? undefined : parseLevels(levels),
    batches,
    signal,
  };
}
