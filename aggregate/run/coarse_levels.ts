/**
 * Levels above the parent order, from the mergeable states of the parents: exact for counts, extremes,
 * sums, means and variances, by digests of stated error for quantiles.
 */
import type { Plan } from "../plan/plan.ts";
import { compileMerge } from "../statistics/merge.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { encodeCoarseLevel } from "../../core/store/writer.ts";
import { decodeState } from "./records.ts";

interface CoarseLevels {
  /** Objects by key. */
  objects: Map<string, Uint8Array>;
  /** Cells with observations, by order. */
  cells: Record<string, number>;
}

/** Every level above the parents. `states` are those of all parents with observations, by rank. */
export function coarseLevels(plan: Plan, states: readonly [number, string][]): CoarseLevels {
  const { store } = plan;
  const levels = store.levels.filter((level) => level < store.parentOrder);
  const made: CoarseLevels = { objects: new Map(), cells: {} };
  if (levels.length === 0) return made;
  const columnNames = plan.pipeline.dataSource.columns.map((column) => column.name);
  const merger = compileMerge(plan.pipeline.aggregation.statistics, columnNames);
  const windows = new Map<number, [number, string][]>();
  for (const [rank, text] of states) {
    const window = Math.floor(rank / store.parents.length);
    const own = windows.get(window) ?? [];
    windows.set(window, own);
    own.push([rank % store.parents.length, text]);
  }
  for (const level of levels) made.cells[level] = 0;
  // Without windows every rank is of the first; a store in which nothing was observed still has its levels.
  if (store.time === undefined && windows.size === 0) windows.set(0, []);
  for (const [window, own] of windows) {
    const at = store.time === undefined ? undefined : window;
    addLevels(made, store, merger, levels, own, at);
  }
  return made;
}

function addLevels(
  made: CoarseLevels,
  store: StoreSpec,
  merger: ReturnType<typeof compileMerge>,
  levels: readonly number[],
  states: readonly [number, string][],
  window: number | undefined,
): void {
  let order = store.parentOrder;
  let current = states.map(([rank, text]) => ({ cell: store.parents[rank], state: decodeState(text) }));
  current.sort((a, b) => a.cell - b.cell);
  for (const level of levels) {
    const factor = 4 ** (order - level);
    const families: { cell: number; states: Float64Array[] }[] = [];
    for (const { cell, state } of current) {
      const ancestor = Math.floor(cell / factor);
      if (families.at(-1)?.cell === ancestor) families.at(-1)!.states.push(state);
      else families.push({ cell: ancestor, states: [state] });
    }
    const merged = families.map(({ cell, states }) => ({ cell, state: merger.combine(states) }));
    const finished = merged.map(({ state }) => merger.finish(state));
    const values = store.variables.map((_, v) => Float64Array.from(finished, (row) => row[v]));
    const cells = merged.map(({ cell }) => cell);
    for (const [key, bytes] of encodeCoarseLevel(store, level, cells, values, window)) {
      made.objects.set(key, bytes);
    }
    made.cells[level] += cells.length;
    current = merged;
    order = level;
  }
}
