/**
 * Statistics to a reducer. Work goes in blocks of cells of some thousands of rows, so that every
 * intermediate stays in the processor's cache. A block whose columns are finite throughout is reduced as
 * it lies; else each set of columns that some statistic needs is compacted to its valid rows first, and
 * the same kernels run over what is left.
 */
import type { Statistic } from "../pipeline.ts";
import { type Block, BLOCK_ROWS, BlockLoader, capacity, groupByColumns } from "./blocks.ts";
import type { Reducer } from "./contract.ts";
import type { Values } from "../../core/values.ts";
import { Evaluator } from "./evaluate.ts";
import { LargeCellReducer } from "./large_cell.ts";
import { lowerBound } from "../../core/lower_bound.ts";
import { lowerStatistics } from "./lower.ts";

/** Cells of more rows are reduced in passes, so that memory is bounded by blocks. */
const LARGE_CELL_ROWS = 65_536;

/** Bytes of a parent that lie where it is reduced: what a memory of kernels has grown to it keeps. */
const MOST_HELD_BYTES = 256 << 20;

/**
 * Compiles `statistics` over the columns named `columnNames`. The reducer follows numpy: sums run in
 * float64 in row order and give back what rounding takes, var and std take two passes, quantiles interpolate linearly. Rows count for a
 * statistic where every column that it uses is finite. Throws an input error that names the statistic
 * that cannot be computed.
 */
export function compileStatistics(
  statistics: readonly Statistic[],
  columnNames: readonly string[],
  options: { largeCellRows?: number } = {},
): Reducer {
  const largeCellRows = options.largeCellRows ?? LARGE_CELL_ROWS;
  const { graph, roots } = lowerStatistics(statistics, columnNames);
  const evaluator = new Evaluator(graph, roots);
  const needs = roots.map((root) => root.columns);
  const groups = groupByColumns(needs);
  const loader = new BlockLoader(
    (room, bytes) => evaluator.makeRoom(room, bytes),
    columnNames.length,
    [...new Set(needs.flat())],
  );
  const all = roots.map((_, index) => index);
  let outputs = roots.map(() => new Float64Array(0));
  const large = groups.map((group) =>
    new LargeCellReducer(graph, group.statistics.map((s) => roots[s]), group.columns)
  );
  let blockStarts = new Uint32Array(0);

  /** Writes the statistics of a block to their outputs: NaN for an empty cell, 0 for its count. */
  function emit(block: Block, statistics: readonly number[], first: number): void {
    const { starts, cells } = block;
    const empty = emptyCells(starts, cells);
    evaluator.begin(block);
    for (const s of statistics) {
      const root = roots[s];
      const output = outputs[s];
      output.set(evaluator.valuesOf(root).subarray(0, cells), first);
      if (root.op !== "count") { for (const k of empty) output[first + k] = NaN; }
    }
  }

  /** Reduces cells [first, last) into outputs. */
  function reduceBlock(
    columns: readonly Values[],
    order: Uint32Array | undefined,
    starts: Uint32Array,
    first: number,
    last: number,
  ): void {
    const begin = starts[first];
    const cells = last - first;
    countFrom(begin, starts.subarray(first, last + 1), blockStarts);
    if (loader.load(columns, order, begin, blockStarts, cells)) {
      emit(loader.all(blockStarts, cells), all, first);
    } else {
      for (const group of groups) {
        emit(loader.valid(group.columns, blockStarts, cells), group.statistics, first);
      }
    }
  }

  function reduceLarge(
    columns: readonly Values[],
    order: Uint32Array | undefined,
    starts: Uint32Array,
    cell: number,
  ): void {
    const begin = starts[cell];
    for (const [g, group] of groups.entries()) {
      const values = large[g].reduce(columns, order, begin, starts[cell + 1] - begin, loader);
      group.statistics.forEach((s, i) => outputs[s][cell] = values[i]);
    }
  }

  return {
    needs,
    makeRoom(rows, bytes) {
      if (bytes > MOST_HELD_BYTES) return undefined;
      return loader.makeRoom(capacity(Math.max(BLOCK_ROWS, Math.min(rows, largeCellRows))), bytes);
    },
    reduce(columns, starts, order) {
      const cells = starts.length - 1;
      if (columns.length !== columnNames.length) {
        throw new Error(`${columns.length} columns for ${columnNames.length} names`);
      }
      outputs = outputs.map((output) => output.length >= cells ? output : new Float64Array(capacity(cells)));
      let first = 0;
      while (first < cells) {
        if (starts[first + 1] - starts[first] > largeCellRows) {
          reduceLarge(columns, order, starts, first);
          first += 1;
          continue;
        }
        // The last cell that ends within the block; one that is larger than a block makes one.
        const last = Math.max(first + 1, lowerBound(starts, starts[first] + BLOCK_ROWS + 1) - 1);
        if (blockStarts.length <= last - first) blockStarts = new Uint32Array(capacity(last - first + 1));
        reduceBlock(columns, order, starts, first, last);
        first = last;
      }
      return outputs.map((output) => output.subarray(0, cells));
    },
  };
}

/** Cells without a row. */
function emptyCells(starts: Uint32Array, cells: number): number[] {
  const empty: number[] = [];
  for (let k = 0; k < cells; k++) if (starts[k + 1] === starts[k]) empty.push(k);
  return empty;
}

/** Starts that count from `begin` as such that count from 0. */
function countFrom(begin: number, starts: Uint32Array, into: Uint32Array): void {
  for (let k = 0; k < starts.length; k++) into[k] = starts[k] - begin;
}
