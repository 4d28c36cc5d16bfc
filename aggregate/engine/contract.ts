/** What the main thread and its workers say to each other: plain data, a typed union each way. */
import type { PendingFile } from "../../core/files/atomic.ts";
import type { SerializedError } from "../../core/errors.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { SourceCounters } from "../../core/access/source.ts";
import type { GroupRuns, RowSpan } from "../../core/observations/row_runs.ts";
import type { Pipeline } from "../pipeline.ts";
import type { RowCut } from "./row_cut.ts";
import type { LeftOut } from "./segment.ts";
import type { StoreSpec } from "../../core/store/contract.ts";

/** What every task of a run needs, sent to each worker once. */
export interface RunContext {
  pipeline: Pipeline;
  store: StoreSpec;
  /** Objects go into this folder; null sends them to the main thread. */
  storeFolder: string | null;
  slabBytes: number;
  /** Whether the run takes only some of the parents: then groups outside them are left before their columns. */
  selective: boolean;
  /** Which rows are taken by time and place. */
  rows: RowCut;
}

export interface ScatterTask {
  granule: number;
  name: { collection: string; id: string };
  location: SourceLocation;
  /** Ranks of the parents that need the granule. */
  ranks: readonly number[];
  /** The rows to read, by a row index; null reads all. */
  rows: IndexedRows | null;
  /** Gives back runs at this order, for a row index; null for none. Needs all rows to be read. */
  indexOrder: number | null;
  /** Slabs that are free again. */
  granted: Slab[];
}

/** What a row index says of a granule: no more than a hint, checked against the file. */
export interface IndexedRows {
  /** Another size, and the index is of another file. */
  sizeBytes: number | null;
  groups: { group: string; spans: RowSpan[]; runs: GroupRuns }[];
  /** Whether the runs are at the order of the run's cells: coordinates need not be read then. */
  exact: boolean;
}

/** Groups of a granule by what was found. */
export interface GroupTally {
  present: number;
  empty: number;
  missing: number;
}

/** What reading a granule cost. `chunks` are those decoded by granary's own reader. */
export type GranuleReads = SourceCounters & { chunks: number };

export interface ScatterOutcome {
  granule: number;
  /** Indices of the shards that the task's ranks cover. */
  shards: number[];
  entries: SegmentEntry[];
  counts: ScatterCounts;
  /** Runs of every group, where they were asked for and all rows were read. */
  runs: GroupRuns[] | null;
  /** Whether the row index did not fit the file, so that all rows were read. */
  staleRows: boolean;
  /** What was read otherwise than its attributes or links say, or left aside. */
  warnings: string[];
  groups: GroupTally;
  reads: GranuleReads;
  slabs: SlabReport;
  seconds: number;
}

/** Segments that leave shared memory for a spill file. */
export interface SpillTask {
  path: string;
  entries: SegmentEntry[];
  slabs: Slab[];
}

export interface SpillOutcome {
  path: string;
  /** In the order of the file, with offsets in it. */
  entries: SpillEntry[];
  bytes: number;
  seconds: number;
}

/** A part of a spill file that holds all of one shard. */
export interface SpillPart {
  location: SourceLocation;
  offset: number;
  bytes: number;
  entries: { granule: number; group: number; offset: number }[];
}

export interface ReduceTask {
  shard: { index: number; firstRank: number; endRank: number };
  /** Segments in shared memory. */
  entries: SegmentEntry[];
  /** Slabs that this worker has not seen yet. */
  slabs: Slab[];
  parts: SpillPart[];
}

export interface ReduceOutcome {
  shard: number;
  observations: number;
  /** Observations in its cells that were left out by time and place. */
  leftOut: LeftOut;
  /** Cells with at least one observation, one count a level of the store. */
  cells: number[];
  /** The same parent by parent. */
  parents: ParentFacts[];
  objects: number;
  bytes: number;
  /** Objects in the store's folder that wait to be synced and renamed. */
  pending: PendingFile[];
  /** Objects themselves, where the store is no folder. */
  puts: { key: string; bytes: Uint8Array }[];
  /** Mergeable states of each parent with observations, for levels above the parent order. */
  states: { rank: number; state: Float64Array }[];
  /** Of each zone with observations in a parent: how many, and their mergeable state. Absent without zones. */
  zones?: { zone: number; rank: number; rows: number; state: Float64Array }[];
  /** For each digest the values that exact quantiles are of, parent after parent; empty where none are kept. */
  values: KeptValues[];
  seconds: number;
}

/** What is counted of one parent in a shard: its rank, observations, those left out by time and by area, cells a level. */
export type ParentFacts = [
  rank: number,
  observations: number,
  time: number,
  area: number,
  ...cells: number[],
];

export interface KeptValues {
  /** How many are of each parent of `states`. */
  counts: number[];
  values: Float64Array;
}

export type ToWorker =
  | { type: "start"; context: RunContext; worker: number }
  | { type: "scatter"; id: number; task: ScatterTask }
  | { type: "spill"; id: number; task: SpillTask }
  | { type: "reduce"; id: number; task: ReduceTask };

export type FromWorker =
  | { type: "scattered"; id: number; outcome: ScatterOutcome }
  | { type: "spilled"; id: number; outcome: SpillOutcome }
  | { type: "reduced"; id: number; outcome: ReduceOutcome }
  | { type: "failed"; id: number; error: SerializedError; slabs: SlabReport };

/** Room for segments: `reserve` gives a buffer and an offset (a multiple of 8) for so many bytes. */
export interface SegmentSpace {
  reserve(bytes: number): { buffer: ArrayBufferLike; offset: number; slab: number };
}

/** Where a segment lies, and what is in it. */
export interface SegmentEntry {
  shard: number;
  granule: number;
  group: number;
  slab: number;
  offset: number;
  bytes: number;
  rows: number;
}

export interface ScatterCounts {
  /** Rows read. */
  rows: number;
  /** Rows with a latitude or longitude that is no place on Earth. */
  misplaced: number;
  /** Rows that a filter left out. */
  filtered: number;
  /** Rows without a value that any statistic could use. */
  empty: number;
  /** Rows in parents that the run has not selected for this granule. */
  elsewhere: number;
  /** Rows outside the window of time. */
  untimely: number;
  /** Rows outside the areas, by the rule of clipping. */
  outside: number;
  /** Rows kept. */
  kept: number;
}

/** An entry of a spill file's index: where a segment lies in the file. */
export type SpillEntry = Omit<SegmentEntry, "slab">;

export interface Slab {
  id: number;
  buffer: SharedArrayBuffer;
}

/** What a worker did with slabs: those it began to fill, and those that it will not touch again. */
export interface SlabReport {
  opened: Slab[];
  filled: number[];
}
