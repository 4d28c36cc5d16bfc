/**
 * The reduce kernel: the segments of one shard -> the objects of that shard at every level down to the
 * parent order. Each parent's observations are put in canonical order, grouped by child cell, and
 * reduced once a level over the same columns, so that every level is exact.
 */
import type { MergeSummarizer, Reducer } from "../statistics/contract.ts";
import { ShardNumbers } from "../../core/store/shard_numbers.ts";
import { shardWriter } from "../../core/store/writer.ts";
import { Gatherer, type ParentRows, type PlacedSegment } from "./gather.ts";
import { CellGrouper } from "./group.ts";
import { markColumns, rowsOfZones } from "./zone_marks.ts";
import type { KeptValues, ParentFacts, ReduceOutcome, RunContext } from "./contract.ts";

/** What a shard's reduction gives besides its objects. */
type ShardSummary = Pick<
  ReduceOutcome,
  "shard" | "observations" | "leftOut" | "cells" | "parents" | "states" | "values" | "zones"
>;

export class ShardReducer {
  #context: RunContext;
  #reducer: Reducer;
  #summarizer: MergeSummarizer | null;
  #levels: number[];
  /** By how many orders each level is coarser than the finest. */
  #steps: number[];
  #columnCount: number;
  /** Summarizes the observations of zones, whose marks are columns after the others. */
  #zoneSummarizer: MergeSummarizer | null;
  #markColumns: number;
  #keepsValues: boolean;
  #grouper: CellGrouper;
  #gatherer: Gatherer;

  /** `summarizer` is given when the store has levels above the parent order, `zoneSummarizer` when it has zones. */
  constructor(
    context: RunContext,
    reducer: Reducer,
    summarizer: MergeSummarizer | null,
    zoneSummarizer: MergeSummarizer | null = null,
  ) {
    const { store, pipeline } = context;
    this.#context = context;
    this.#reducer = reducer;
    this.#summarizer = summarizer;
    this.#levels = store.levels.filter((level) => level >= store.parentOrder);
    this.#steps = this.#levels.map((level) => store.levels[0] - level);
    this.#keepsValues = pipeline.output.exactQuantiles === true;
    this.#zoneSummarizer = zoneSummarizer;
    this.#markColumns = markColumns(pipeline.output.zones);
    this.#columnCount = pipeline.dataSource.columns.length;
    this.#grouper = new CellGrouper(4 ** (store.levels[0] - store.parentOrder));
    this.#gatherer = new Gatherer((rows, bytes) => {
      const memory = reducer.makeRoom(rows, bytes + this.#grouper.bytesFor(rows));
      this.#grouper.layOut(rows, memory);
      return memory;
    });
  }

  /** Children of each parent. */
  get cellsPerParent(): number {
    return this.#grouper.cellsPerParent;
  }

  /** Reduces one shard; `put` takes each object as soon as it is encoded. */
  reduce(
    shard: number,
    placed: readonly PlacedSegment[],
    put: (key: string, bytes: Uint8Array) => void,
  ): ShardSummary {
    const { store } = this.#context;
    const parents = store.parents.length;
    const { own, window } = new ShardNumbers(store).parts(shard);
    const writers = this.#levels.map((level) => shardWriter(store, level, own, window));
    const cells = this.#levels.map(() => 0);
    const states: ReduceOutcome["states"] = [];
    const kept = this.#summarizer === null || !this.#keepsValues
      ? []
      : Array.from({ length: this.#summarizer.digests }, () => new ValueList());
    const facts = new Map<number, ParentFacts>();
    const zones: NonNullable<ReduceOutcome["zones"]> = [];
    let observations = 0;
    for (const parent of this.#gatherer.parents(placed, this.#columnCount + this.#markColumns)) {
      observations += parent.rows;
      zones.push(...this.#summarizeZones(parent));
      const groups = this.#grouper.groupLevels(parent.children, parent.rows, this.#steps);
      const columns = parent.columns.slice(0, this.#columnCount).map((column) =>
        column.subarray(0, parent.rows)
      );
      const { order } = this.#grouper;
      groups.forEach((level, l) => {
        writers[l].add(
          parent.rank % parents,
          level.cells,
          this.#reducer.reduce(columns, level.starts, order),
        );
        cells[l] += level.cells.length;
      });
      facts.set(parent.rank, [parent.rank, parent.rows, 0, 0, ...groups.map((level) => level.cells.length)]);
      if (this.#summarizer !== null) {
        const keep = this.#keepsValues
          ? (digest: number, values: Float64Array) => kept[digest].add(states.length, values)
          : undefined;
        states.push({ rank: parent.rank, state: this.#summarizer.summarize(columns, keep, order) });
      }
    }
    for (const writer of writers) for (const [key, bytes] of writer.finish()) put(key, bytes);
    const leftOut = { time: 0, area: 0 };
    for (const { rank, time, area } of placed.flatMap(({ segment }) => segment.leftOut)) {
      leftOut.time += time;
      leftOut.area += area;
      const own = facts.get(rank) ?? [rank, 0, 0, 0, ...cells.map(() => 0)];
      facts.set(rank, own);
      own[2] += time;
      own[3] += area;
    }
    const values = kept.map((list) => list.finish(states.length));
    const byParent = [...facts.values()].sort(([a], [b]) => a - b);
    return {
      shard,
      observations,
      leftOut,
      cells,
      parents: byParent,
      states,
      values,
      ...this.#zoneSummarizer === null ? {} : { zones },
    };
  }

  #summarizeZones({ rank, rows, columns }: ParentRows): NonNullable<ReduceOutcome["zones"]> {
    const summarizer = this.#zoneSummarizer;
    if (summarizer === null) return [];
    const marks = columns.slice(this.#columnCount, this.#columnCount + this.#markColumns);
    return rowsOfZones(marks, rows).map(([zone, own]) => {
      const taken = columns.slice(0, this.#columnCount).map((column) =>
        column instanceof Float32Array
          ? Float32Array.from(own, (row) => column[row])
          : Float64Array.from(own, (row) => column[row])
      );
      return { zone, rank, rows: own.length, state: summarizer.summarize(taken) };
    });
  }
}

/** The values of parents, one after the other. */
class ValueList {
  #values = new Float64Array(0);
  #length = 0;
  readonly #counts: number[] = [];

  /** Adds the values of the parent at a position; positions ascend. */
  add(parent: number, values: Float64Array): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) {
      const larger = new Float64Array(Math.ceil(1.25 * length));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = length;
    this.#counts[parent] = values.length;
  }

  finish(parents: number): KeptValues {
    const counts = Array.from({ length: parents }, (_, parent) => this.#counts[parent] ?? 0);
    return { counts, values: this.#values.subarray(0, this.#length) };
  }
}
