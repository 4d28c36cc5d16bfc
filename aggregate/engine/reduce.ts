/**
 * The reduce kernel: the segments of one shard -> the objects of that shard at every level down to the
 * parent order. Each parent's observations are put in canonical order, grouped by child cell, and
 * reduced once a level over the same sorted columns, so that every level is exact.
 */
import type { MergeSummarizer, Reducer } from "../statistics/contract.ts";
import type { Values } from "../../core/values.ts";
import { shardsAcross } from "../../core/store/layout.ts";
import { ShardWriter } from "../../core/store/writer.ts";
import { Gatherer, type PlacedSegment } from "./gather.ts";
import { CellGrouper } from "./group.ts";
import type { ReduceOutcome, RunContext } from "./contract.ts";

/** What a shard's reduction gives besides its objects. */
type ShardSummary = Pick<ReduceOutcome, "shard" | "observations" | "leftOut" | "cells" | "states">;

export class ShardReducer {
  #context: RunContext;
  #reducer: Reducer;
  #summarizer: MergeSummarizer | null;
  #levels: number[];
  /** By how many orders each level is coarser than the finest. */
  #steps: number[];
  #columnCount: number;
  #grouper: CellGrouper;
  #gatherer = new Gatherer();
  #sorted: Values[] = [];

  /** `summarizer` is given when the store has levels above the parent order. */
  constructor(context: RunContext, reducer: Reducer, summarizer: MergeSummarizer | null) {
    const { store, pipeline } = context;
    this.#context = context;
    this.#reducer = reducer;
    this.#summarizer = summarizer;
    this.#levels = store.levels.filter((level) => level >= store.parentOrder);
    this.#steps = this.#levels.map((level) => store.levels[0] - level);
    this.#columnCount = pipeline.dataSource.columns.length;
    this.#grouper = new CellGrouper(4 ** (store.levels[0] - store.parentOrder));
  }

  /** Reduces one shard; `put` takes each object as soon as it is encoded. */
  reduce(
    shard: number,
    placed: readonly PlacedSegment[],
    put: (key: string, bytes: Uint8Array) => void,
  ): ShardSummary {
    const { store } = this.#context;
    const across = shardsAcross(store), parents = store.parents.length;
    const window = store.time === undefined ? undefined : Math.floor(shard / across);
    const writers = this.#levels.map((level) => new ShardWriter(store, level, shard % across, window));
    const cells = this.#levels.map(() => 0);
    const states: ReduceOutcome["states"] = [];
    let observations = 0;
    for (const parent of this.#gatherer.parents(placed, this.#columnCount)) {
      observations += parent.rows;
      const groups = this.#grouper.groupLevels(parent.children, parent.rows, this.#steps);
      const columns = parent.columns.map((column, c) => this.#sort(column, c, parent.rows));
      groups.forEach((level, l) => {
        writers[l].add(parent.rank % parents, level.cells, this.#reducer.reduce(columns, level.starts));
        cells[l] += level.cells.length;
      });
      if (this.#summarizer !== null) {
        states.push({ rank: parent.rank, state: this.#summarizer.summarize(columns) });
      }
    }
    for (const writer of writers) for (const [key, bytes] of writer.finish()) put(key, bytes);
    const leftOut = { time: 0, area: 0 };
    for (const { segment } of placed) {
      leftOut.time += segment.leftOut.time;
      leftOut.area += segment.leftOut.area;
    }
    return { shard, observations, leftOut, cells, states };
  }

  #sort(column: Values, c: number, rows: number): Values {
    let into = this.#sorted[c];
    if (
      into === undefined || into.length < rows || into.BYTES_PER_ELEMENT !== column.BYTES_PER_ELEMENT
    ) {
      const size = Math.ceil(rows * 1.25);
      into = column.BYTES_PER_ELEMENT === 4 ? new Float32Array(size) : new Float64Array(size);
      this.#sorted[c] = into;
    }
    this.#grouper.place(column, into, rows);
    return into.subarray(0, rows);
  }
}
