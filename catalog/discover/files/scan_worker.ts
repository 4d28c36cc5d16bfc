/** The worker thread that scans granule files. */
import { openFileSyncSource } from "../../../core/access/file_source.ts";
import { answerTask, type TaskAnswer, type TaskMessage } from "../../../core/workers/task_queue.ts";
import { answerMessages } from "../../../core/workers/worker_port.ts";
import { type GranuleScan, scanGranule, type ScanTask } from "./scan_granule.ts";

answerMessages<TaskMessage<ScanTask>, TaskAnswer<GranuleScan>>(() =>
  answerTask(({ file, ...task }) => scanGranule(openFileSyncSource(file), task))
);
