/** Turns a row index into what a run's scatter tasks read. */
import type { Duck } from "../../core/tables/duckdb.ts";
import type { IndexedRows } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import { findRows } from "../../catalog/row_index/read_index.ts";
import { spansOf } from "../../core/observations/row_runs.ts";

/** Rows between two ranges that are read along rather than decoded around. */
const GAP_ROWS = 2000;

export interface IndexUse {
  rowsOf(granule: number): IndexedRows | null;
  /** What the index could not do, for the user. */
  notes: string[];
}

/**
 * What to read of each granule, by the row index at `path`, which `duck` may read. It cannot help where it is coarser
 * than the parents, or where the run's cells are not authalic as its own.
 */
export async function useRowIndex(
  plan: Plan,
  path: string,
  duck: () => Promise<Duck>,
): Promise<IndexUse> {
  const notes: string[] = [];
  const none = (note: string): IndexUse => ({ rowsOf: () => null, notes: [note] });
  if (plan.store.plane !== undefined) {
    return none(
      `${path}: the row index is of HEALPix cells and the run's grid projected, so all rows are read`,
    );
  }
  if (plan.store.latitude !== "authalic") {
    return none(`${path}: the row index is authalic and the run geodetic, so all rows are read`);
  }
  const { parents, parentOrder } = plan.store;
  const found = await findRows(path, parents, parentOrder, plan.granules, duck);
  if (found === "coarse") {
    return none(`${path}: the row index is coarser than the parents, so all rows are read`);
  }
  if (found === "large") {
    return none(
      `${path}: the row index has more runs for these cells than it could save, so all rows are read`,
    );
  }
  const unknown = found.granules.filter((runs) => runs === null).length;
  if (unknown > 0) {
    notes.push(
      `${path}: ${unknown} of ${plan.granules.length} granules are not in the row index` +
        (found.stale > 0 ? ` (${found.stale} have changed since)` : "") +
        ", and are read whole (make it again with granary catalog build --row-index)",
    );
  }
  const rows = found.granules.map((runs, granule): IndexedRows | null =>
    runs === null ? null : {
      sizeBytes: plan.granules[granule].size_bytes ?? found.sizes[granule],
      groups: [...runs.values()].map((runs) => ({ group: runs.group, spans: spansOf(runs, GAP_ROWS), runs })),
      exact: found.order === plan.store.levels[0],
    }
  );
  return { rowsOf: (granule) => rows[granule], notes };
}
