/** What a run is told besides its plan. */
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";
import type { LeaseOptions } from "../../runs/lease.ts";
import type { IndexedRows } from "../engine/contract.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import type { Executor } from "../schedule/executor.ts";
import type { Checkpoint } from "../schedule/schedule_work.ts";
import type { SpillReader } from "./spilled_work.ts";
import type { StoreMode } from "./store_place.ts";
import type { RunProgress } from "./tally.ts";

/** Where a run is, and how it begins there. */
export interface PlaceOptions {
  /** The store's folder, or another place by a target. */
  store: string | ObjectTarget;
  /** What to do with a store that is there; default "new", which refuses it. */
  mode?: StoreMode;
  /** Default: a folder beside the store. Needed when the store is not in a folder. */
  runDirectory?: RunDirectory;
  /** The run directory beside the store, in which its lease lies; of a store in a folder it is known. */
  besideStore?: ObjectTarget;
  /** Folder for spill files; by default the run directory. */
  scratch?: string;
  /** Remembered for tasks of the run that others do. */
  driver?: string;
  lease?: LeaseOptions;
  signal?: AbortSignal;
  /** Called where nobody was before: what the run reads may be fetched while its places are taken. */
  onAdmitted?(): void;
  /** What a resumed run keeps and redoes, in a sentence. */
  onNote?(note: string): void;
  onWarning?(message: string): void;
}

export interface RunOptions extends PlaceOptions {
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  /** What a row index says of each granule. */
  rowsOf?(granule: number): IndexedRows | null;
  /** Takes the runs of granules that were read whole, at an order of cells. */
  rowIndex?: { order: number; add(granule: number, runs: GroupRuns[]): void };
  /** Opens spill files that are on S3. */
  reader?: SpillReader;
  workers?: number;
  memoryBytes?: number;
  onError?: "report" | "fail";
  checkpoint?: Checkpoint;
  onProgress?(progress: RunProgress): void;
  /** Threads that were started before the plan was ready. */
  executor?: Executor;
  /** The process exits when the run is done: its threads are left to end with it. */
  exitsAfter?: boolean;
}
