/** Scans granule files on worker threads, or on this one. */
import { Worker } from "node:worker_threads";
import { openFileSyncSource } from "../../../core/access/file_source.ts";
import { InlineSlots, ThreadSlots } from "../../../core/workers/slots.ts";
import { answerTask, TaskQueue } from "../../../core/workers/task_queue.ts";
import { type GranuleScan, scanGranule, type ScanTask } from "./scan_granule.ts";

type Scanner = TaskQueue<ScanTask, GranuleScan>;

/** Starts `workers` threads; none means this thread. */
export function startScanner(workers: number): Scanner {
  return new TaskQueue(
    workers === 0
      ? new InlineSlots(
        answerTask(({ file, ...task }: ScanTask) => scanGranule(openFileSyncSource(file), task)),
      )
      : new ThreadSlots(workers, () => new Worker(new URL("./scan_worker.ts", import.meta.url))),
  );
}
