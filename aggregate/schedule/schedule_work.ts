/** What a schedule is asked to do, what it asks of its caller meanwhile, and what it says at the end. */
import type { SourceLocation } from "../../core/access/location.ts";
import type {
  IndexedRows,
  ReduceOutcome,
  ScatterOutcome,
  SpillOutcome,
  SpillPart,
} from "../engine/contract.ts";

/** A granule that could not be read, after its retries. */
export interface FailedGranule {
  granule: number;
  reason: string;
}

/** What of a plan is to be done: all of it, or what an earlier run left. */
export interface ScheduleWork {
  granules: { granule: number; ranks: readonly number[] }[];
  /** Positions in the plan's shards. */
  shards: number[];
  /** What spill files of an earlier run hold of these shards. */
  parts: (SpillPart & { shard: number })[];
  /** Whether everything scattered goes to spill files, for somebody else to reduce. */
  saveAll?: boolean;
  /** Whether earlier runs or tasks have read granules of the plan; default by `parts`. */
  provenBefore?: boolean;
}

/** When finished granules leave memory for a spill file although there is room, so that a crash costs little. */
export interface Checkpoint {
  seconds: number;
  /** Share of all granules' bytes, 0 to 1: both have to be reached. */
  share: number;
}

export interface ScheduleOptions {
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  /** What a row index says of a granule. */
  rowsOf?(granule: number): IndexedRows | null;
  /** The order of a row index that the run makes. */
  indexOrder?: number | null;
  checkpoint: Checkpoint;
  /** Bytes of shared memory that segments may fill. */
  segmentBytes: number;
  /** The path of the next spill file; its folder exists. */
  nextSpillFile(): string;
  onError: "report" | "fail";
  signal?: AbortSignal;
  /** Once it aborts no granule is begun any more; what is under way ends and is saved. */
  enough?: AbortSignal;
  onScattered?(outcome: ScatterOutcome): void;
  onFailed?(failure: FailedGranule): void;
  /** Whether others of the run have read a granule; asked before the schedule ends because none of its own can be read. */
  isProven?(): Promise<boolean>;
  /** `granules` are whole in the file. Awaited before the file is used. */
  onSpilled?(outcome: SpillOutcome, granules: readonly ScatterOutcome[]): void | Promise<void>;
  /** Makes the shard durable; slots go on meanwhile, a few shards ahead at most. */
  onReduced?(outcome: ReduceOutcome): void | Promise<void>;
}

export interface ScheduleResult {
  failed: FailedGranule[];
  /** Granules that were not begun, because time was up. */
  left: number[];
  spills: number;
  spilledBytes: number;
  peakSegmentBytes: number;
  scatterSeconds: number;
}
