/**
 * A job that is cut into tasks: any machine that reaches its run directory does any task, and a task done
 * twice does no harm. Stages are data; `runs/` knows no stage by name.
 */

/** What came of a task; it stands in a record after what the task made is whole and in its place. */
export interface TaskOutcome {
  readonly stage: string;
  readonly task: number;
  /** Things that failed for good, with the reason; the task counts as done. */
  readonly failed: readonly TaskFailure[];
  /** How much was not begun because time was up: the same task is to be done again for the rest. */
  readonly left: number;
  /** How much of it was begun in this try. */
  readonly begun: number;
  /** What the job itself says of the task. */
  readonly detail: Readonly<Record<string, unknown>>;
}

interface TaskFailure {
  readonly id: string;
  readonly reason: string;
}

/** How far a stage is. */
export interface StageStatus {
  readonly name: string;
  readonly total: number;
  readonly done: number;
  /** Numbers of the tasks that are not done. */
  readonly left: readonly number[];
  /** Numbers of the tasks that are done with failures: tried once more in a run that is resumed. */
  readonly failed: readonly number[];
}

/** How far a run is: its stages in the order in which they are done. */
export interface JobStatus {
  readonly stages: readonly StageStatus[];
  readonly finished: boolean;
}

export interface TaskOptions {
  workers?: number;
  memoryBytes?: number;
  scratch?: string;
  /** How sources are read, over what the plan says. */
  driver?: string;
  signal?: AbortSignal;
  onWarning?(message: string): void;
  onProgress?(done: number): void;
}

/** Does tasks, one after the other, with what stays warm between them. */
export interface TaskWorker {
  /**
   * Once `enough` aborts nothing new is begun: what was done is saved, the rest is left. `planKey` is that
   * of the plan, where the caller knows it: the plan is read again when it is another. After an error the
   * worker is closed.
   */
  do(
    runDirectory: string,
    stage: string,
    task: number,
    options?: { enough?: AbortSignal; planKey?: string },
  ): Promise<TaskOutcome>;
  close(): Promise<void>;
}

/** What finishing a run gave. */
interface FinishOutcome {
  readonly failed: readonly TaskFailure[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What planning again gave: the plan's key, or that another run is at it. */
export interface PlanOutcome {
  readonly held: boolean;
  readonly key: string | null;
  /** Tasks by stage. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** A kind of job, as the commands and the backends use it. */
export interface JobKind {
  /** Plans a run from a description at an address, for kinds of jobs that are run on time. */
  plan?(
    description: string,
    runDirectory: string,
    options: Pick<TaskOptions, "signal" | "onWarning">,
  ): Promise<PlanOutcome>;
  worker(options: TaskOptions): TaskWorker;
  /** What comes after the last task: the store's documents, a collection, the report. */
  finish(runDirectory: string, options: Pick<TaskOptions, "signal" | "onWarning">): Promise<FinishOutcome>;
  status(runDirectory: string, options: Pick<TaskOptions, "signal" | "onWarning">): Promise<JobStatus>;
}

/** Kinds by the name that stands in a run's settings; each is loaded when first it is needed. */
export type JobKinds = Readonly<Record<string, () => Promise<JobKind>>>;
