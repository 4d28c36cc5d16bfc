/** What a schedule is asked to do, what it asks of its caller meanwhile, and what it says at the end. */
import type { SourceLocation } from "../../core/access/location.ts";
import type {
  IndexedRows,
  ReduceOutcome,
  RunsPart,
  ScatterOutcome,
  SpillOutcome,
} from "../engine/contract.ts";
import type { RunsEntry } from "../engine/contract.ts";

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
  /** What runs files of an earlier run hold of these shards. */
  parts: (RunsPart & { shard: number })[];
  /** Whether everything scattered goes to runs files, for somebody else to reduce. */
  saveAll?: boolean;
  /** Whether earlier runs or tasks have read granules of the plan; default by `parts`. */
  provenBefore?: boolean;
}

/** When finished granules leave memory for a runs file although there is room, so that a crash costs little. */
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
  /** The path of the next runs file; its folder exists. */
  nextRunsFile(): string;
  onError: "report" | "fail";
  signal?: AbortSignal;
  /** Once it aborts no granule is begun any more; what is under way ends and is saved. */
  enough?: AbortSignal;
  onScattered?(outcome: ScatterOutcome): void;
  onFailed?(failure: FailedGranule): void;
  /** `granules` are whole in the file. Awaited before the file is used. */
  onSpilled?(outcome: SpillOutcome, granules: readonly ScatterOutcome[]): void | Promise<void>;
  /** Makes the shard durable; lanes go on meanwhile, a few shards ahead at most. */
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

/** The parts of a runs file, one a shard: neighbours in the file. */
export function partsOf(
  location: SourceLocation,
  entries: readonly RunsEntry[],
): (RunsPart & { shard: number })[] {
  const parts: (RunsPart & { shard: number })[] = [];
  for (const { shard, granule, group, offset, bytes } of entries) {
    let part = parts[parts.length - 1];
    if (part === undefined || part.shard !== shard) {
      part = { shard, location, offset, bytes: 0, entries: [] };
      parts.push(part);
    }
    part.bytes = offset + bytes - part.offset;
    part.entries.push({ granule, group, offset });
  }
  return parts;
}
