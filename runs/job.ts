/**
 * A job that is cut into tasks: any machine that reaches its run directory does any task, and a task done
 * twice does no harm. Stages are data; `runs/` knows no stage by name.
 */

/** One stage of a job: its tasks have numbers from 0, and all may be done at the same time. */
export interface Stage {
  readonly name: string;
  readonly tasks: number;
}

/** What a task is given besides its number. */
export interface TaskContext {
  readonly signal?: AbortSignal;
  /** Once it aborts nothing new is begun: what was done is saved, the rest is left for another try. */
  readonly enough?: AbortSignal;
  readonly memoryBytes: number;
  readonly workers: number;
  onProgress?(done: number, total: number): void;
}

/** What became of a task; it stands in a record after what it made is whole and in its place. */
export interface TaskOutcome {
  /** Things that failed for good, with the reason; the task counts as done. */
  readonly failed: readonly { id: string; reason: string }[];
  /** Whether `enough` came before the end: the same task is to be done again for the rest. */
  readonly left: number;
}

/** How far a stage is. */
export interface StageStatus {
  readonly name: string;
  readonly total: number;
  readonly done: number;
  /** Numbers of the tasks that are not done. */
  readonly left: readonly number[];
  /** Numbers of the tasks that are done with failures. */
  readonly failed: readonly number[];
}

/** A planned job, opened from its run directory. */
export interface Job {
  /** `aggregate`, `publish`; stands in the plan, so that any command opens any run. */
  readonly kind: string;
  /** In the order in which they have to be done. */
  readonly stages: readonly Stage[];
  do(stage: string, task: number, context: TaskContext): Promise<TaskOutcome>;
  /** What comes after the last task: the store's documents, a collection, the report. */
  finish(context: TaskContext): Promise<unknown>;
  status(): Promise<{ stages: StageStatus[]; finished: boolean }>;
}
