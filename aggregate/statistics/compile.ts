/**
 * Statistics to a reducer. Work goes in blocks of cells of some thousands of rows, so that every
 * intermediate stays in the processor's cache. A block whose columns are finite throughout is reduced as
 * it lies; else each set of columns that some statistic needs is compacted to its valid rows first, and
 * the same kernels run over what is left.
 */
import type { Statistic } from "../config/pipeline.ts";
import type { Reducer, Values } from "./contract.ts";
import { Evaluator } from "./evaluate.ts";
import { lowerStatistics } from "./lower.ts";

/** Rows a block, unless one cell has more. */
const BLOCK_ROWS = 4096;

/**
 * Compiles `statistics` over the columns named `columnNames`. The reducer follows numpy: sums run in
 * float64 in row order, var and std take two passes, quantiles interpolate linearly. Rows count for a
 * statistic where every column that it uses is finite. Throws an input error that names the statistic
 * that cannot be computed.
 */
export function compileStatistics(statistics: readonly Statistic[], columnNames: readonly string[]): Reducer {
  const { graph, roots } = lowerStatistics(statistics, columnNames);
  const evaluator = new Evaluator(graph, roots);
  const used = [...new Set(roots.flatMap((root) => root.columns))].sort((a, b) => a - b);
  const needs = roots.map((root) => root.columns);
  const groups = groupByColumns(needs);
  const dense = columnNames.map(() => new Float64Array(0));
  const compacted = columnNames.map(() => new Float64Array(0));
  const finite = new Uint8Array(columnNames.length);
  const all = roots.map((_, index) => index);
  let outputs = roots.map(() => new Float64Array(0));
  let blockStarts = new Uint32Array(0);
  let compactedStarts = new Uint32Array(0);

  /** Reduces cells [first, last) into outputs. */
  function reduceBlock(columns: readonly Values[], starts: Uint32Array, first: number, last: number): void {
    const begin = starts[first]!;
    const rows = starts[last]! - begin;
    const cells = last - first;
    for (let k = 0; k <= cells; k++) blockStarts[k] = starts[first + k]! - begin;
    let clean = true;
    for (const c of used) {
      if (dense[c]!.length < rows) dense[c] = new Float64Array(capacity(rows));
      finite[c] = load(columns[c]!, begin, rows, dense[c]!) ? 1 : 0;
      if (finite[c] === 0) clean = false;
    }
    if (clean) {
      evaluator.run(dense, blockStarts, cells, rows, all, outputs, first);
      return;
    }
    for (const group of groups) {
      if (group.columns.every((c) => finite[c] === 1)) {
        evaluator.run(dense, blockStarts, cells, rows, group.statistics, outputs, first);
        continue;
      }
      for (const c of group.columns) {
        if (compacted[c]!.length < rows) compacted[c] = new Float64Array(capacity(rows));
      }
      const kept = compact(group.columns, dense, compacted, blockStarts, compactedStarts, cells);
      evaluator.run(compacted, compactedStarts, cells, kept, group.statistics, outputs, first);
    }
  }

  return {
    needs,
    reduce(columns, starts) {
      const cells = starts.length - 1;
      if (columns.length !== columnNames.length) {
        throw new Error(`${columns.length} columns for ${columnNames.length} names`);
      }
      outputs = outputs.map((output) => output.length >= cells ? output : new Float64Array(capacity(cells)));
      let first = 0;
      while (first < cells) {
        const limit = starts[first]! + BLOCK_ROWS;
        let last = first + 1;
        while (last < cells && starts[last + 1]! <= limit) last += 1;
        if (blockStarts.length <= last - first) {
          blockStarts = new Uint32Array(capacity(last - first + 1));
          compactedStarts = new Uint32Array(blockStarts.length);
        }
        reduceBlock(columns, starts, first, last);
        first = last;
      }
      return outputs.map((output) => output.subarray(0, cells));
    },
  };
}

function capacity(length: number): number {
  return Math.max(BLOCK_ROWS, length + (length >>> 2));
}

/** Copies rows to float64. False if a value is not finite. */
function load(source: Values, begin: number, rows: number, target: Float64Array): boolean {
  return source instanceof Float32Array
    ? loadSingle(source, begin, rows, target)
    : loadDouble(source, begin, rows, target);
}

function loadSingle(source: Float32Array, begin: number, rows: number, target: Float64Array): boolean {
  // x - x is 0 for finite x and NaN for the rest: one sum tells whether all were finite.
  let check = 0;
  for (let i = 0; i < rows; i++) {
    const value = source[begin + i]!;
    target[i] = value;
    check += value - value;
  }
  return check === 0;
}

function loadDouble(source: Float64Array, begin: number, rows: number, target: Float64Array): boolean {
  let check = 0;
  for (let i = 0; i < rows; i++) {
    const value = source[begin + i]!;
    target[i] = value;
    check += value - value;
  }
  return check === 0;
}

/** Keeps the rows in which every column of `set` is finite; returns how many. */
function compact(
  set: readonly number[],
  from: readonly Float64Array[],
  to: readonly Float64Array[],
  starts: Uint32Array,
  keptStarts: Uint32Array,
  cells: number,
): number {
  let kept = 0;
  keptStarts[0] = 0;
  for (let k = 0; k < cells; k++) {
    for (let i = starts[k]!; i < starts[k + 1]!; i++) {
      let valid = true;
      for (const c of set) {
        const value = from[c]![i]!;
        to[c]![kept] = value;
        if (value - value !== 0) valid = false;
      }
      if (valid) kept += 1;
    }
    keptStarts[k + 1] = kept;
  }
  return kept;
}

interface ColumnGroup {
  columns: readonly number[];
  /** Indices of the statistics that use exactly these columns. */
  statistics: number[];
}

function groupByColumns(needs: readonly (readonly number[])[]): ColumnGroup[] {
  const groups = new Map<string, ColumnGroup>();
  needs.forEach((columns, index) => {
    const key = columns.join(",");
    const group = groups.get(key) ?? { columns, statistics: [] };
    group.statistics.push(index);
    groups.set(key, group);
  });
  return [...groups.values()];
}
