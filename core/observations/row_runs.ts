/**
 * Runs of rows: along a track, neighbouring observations lie in one cell, so that a few runs say where
 * the rows of every cell are. Pure functions.
 */

/** Runs of one group, in row order: rows `[first[i], first[i] + rows[i])` lie in `cell[i]`. */
export interface GroupRuns {
  group: string;
  /** Nested ids at the index's order, authalic. */
  cell: Float64Array;
  first: Uint32Array;
  rows: Uint32Array;
}

/** A range of rows, `[start, start + count)`. */
export interface RowSpan {
  start: number;
  count: number;
}

/** Collects runs from the cells of successive rows; rows without a place (a negative id) end a run. */
export function encodeRuns(group: string, cells: Float64Array): GroupRuns {
  let count = 0;
  let last = -1;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== last && cells[i] >= 0) count += 1;
    last = cells[i];
  }
  const runs = {
    group,
    cell: new Float64Array(count),
    first: new Uint32Array(count),
    rows: new Uint32Array(count),
  };
  let run = -1;
  last = -1;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell !== last) {
      last = cell;
      if (cell < 0) continue;
      run += 1;
      runs.cell[run] = cell;
      runs.first[run] = i;
    }
    if (cell >= 0) runs.rows[run] += 1;
  }
  return runs;
}

/**
 * The ranges that hold the runs, ascending and disjoint; gaps of up to `gap` rows are read along,
 * because a chunk that two ranges share is decoded once that way.
 */
export function spansOf(runs: Pick<GroupRuns, "first" | "rows">, gap: number): RowSpan[] {
  const order = Uint32Array.from(runs.first.keys()).sort((a, b) => runs.first[a] - runs.first[b]);
  const spans: RowSpan[] = [];
  for (const i of order) {
    const start = runs.first[i], end = start + runs.rows[i];
    const last = spans.at(-1);
    if (last !== undefined && start <= last.start + last.count + gap) {
      last.count = Math.max(last.count, end - last.start);
    } else spans.push({ start, count: end - start });
  }
  return spans;
}
