/** `granary run status|work|finish`: a planned run of any job, a task at a time. */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { dollarsText, priced, type PricedBill } from "../../runs/prices.ts";
import type { LambdaBill } from "../../runs/lambda/lambda_bill.ts";
import { inputError } from "../../core/errors.ts";
import { formatBytes, formatCount, formatNumberOf, formatSeconds, parseBytes } from "../../core/units.ts";
import type { JobKinds, JobStatus, StageStatus, TaskOutcome } from "../../runs/job.ts";
import { REDUCE } from "../../aggregate/run_directory/stages.ts";
import type { RunStatus } from "../../aggregate/run/status.ts";
import { countOf, whole } from "../flags/numbers.ts";
import type { CliContext, Progress } from "../io/context.ts";
import { failOnFailures } from "../io/failures.ts";
import { printReport } from "../io/report.ts";
import { fileToWrite, storeToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --plan-only --batches 8
  granary run work store.zarr.run --stage scatter --task 0
  seq 0 7 | xargs -P 4 -I{} granary run work store.zarr.run --workers 1 --stage scatter --task {}
  granary run status store.zarr.run --json | jq -r '.stages[1].left[]' | xargs -P 4 -I{} granary run work store.zarr.run --workers 1 --stage reduce --task {}
  granary run status store.zarr.run
  granary run finish store.zarr.run`;

const RUN_DIR = "the run directory: a folder or s3://bucket/prefix";

interface WorkFlags {
  stage?: string;
  task?: number;
  scatter?: number;
  reduce?: number;
  workers?: number;
  memory?: string;
  scratch?: string;
  driver?: string;
}

export function addRun(program: Command, context: CliContext, kinds: JobKinds): void {
  const run = program.command("run").description("a planned run: how far it is, its tasks, its end");
  run.addHelpText("after", EXAMPLES);
  const status = (runDirectory: string) => showStatus(runDirectory, kinds, context);
  const work = (...[runDirectory, flags]: unknown[]) =>
    doTask(runDirectory as string, flags as WorkFlags, kinds, context);
  const finish = (runDirectory: string) => finishRun(runDirectory, kinds, context);

  run.command("status").description("show how far a run is: stages, failures")
    .argument("<run-dir>", RUN_DIR, storeToWrite).addHelpText("after", EXAMPLES).action(status);
  addWorkFlags(
    run.command("work").description("do one task of a planned run")
      .argument("<run-dir>", RUN_DIR, storeToWrite)
      .option("--stage <name>", "the stage, such as scatter or reduce")
      .option("--task <n>", "the number of the task in its stage", whole()),
  ).addHelpText("after", EXAMPLES).action(work);
  run.command("finish").description("finish a run when every task is done")
    .argument("<run-dir>", RUN_DIR, storeToWrite).addHelpText("after", EXAMPLES).action(finish);

  // The same by the names of version 0.1.0.
  program.command("runs", { hidden: true }).description("granary run status")
    .argument("<run-dir>", RUN_DIR, storeToWrite).action(status);
  addWorkFlags(
    program.command("work", { hidden: true }).description("granary run work")
      .argument("<run-dir>", RUN_DIR, storeToWrite)
      .option("--scatter <n>", "--stage scatter --task n", whole())
      .option("--reduce <n>", "--stage reduce --task n", whole()),
  ).action(work);
  program.command("finish", { hidden: true }).description("granary run finish")
    .argument("<run-dir>", RUN_DIR, storeToWrite).action(finish);
}

function addWorkFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  return command
    .option("--workers <n>", "worker threads (default: the cores that this process may use)", countOf)
    .option("--memory <size>", "memory for the whole process, such as 4GB")
    .option("--scratch <dir>", "folder for files in the making (default: the run directory)", fileToWrite)
    .option("--driver <drivers>", "how granules are read, over the plan's: auto, or local, https, s3");
}

/** The task that the flags name; version 0.1.0 had a flag for each stage. */
function taskOf({ stage, task, scatter, reduce }: WorkFlags): { stage: string; task: number } {
  const named = [
    ...stage === undefined && task === undefined ? [] : [{ stage, task }],
    ...scatter === undefined ? [] : [{ stage: "scatter", task: scatter }],
    ...reduce === undefined ? [] : [{ stage: "reduce", task: reduce }],
  ];
  const [only] = named;
  if (named.length !== 1 || only.stage === undefined || only.task === undefined) {
    throw inputError("say which task: --stage NAME --task N (granary run status lists what is left)");
  }
  return { stage: only.stage, task: only.task };
}

async function doTask(
  runDirectory: string,
  flags: WorkFlags,
  kinds: JobKinds,
  context: CliContext,
): Promise<void> {
  const { openJob } = await import("../../runs/open_job.ts");
  const { stage, task } = taskOf(flags);
  const onWarning = (message: string) => context.log.warn(message);
  const job = await openJob(runDirectory, kinds, { signal: context.signal, onWarning });
  let progress: Progress | undefined;
  const stop = new AbortController();
  const worker = job.worker({
    workers: flags.workers,
    memoryBytes: flags.memory === undefined ? undefined : parseBytes(flags.memory),
    scratch: flags.scratch,
    driver: flags.driver,
    signal: stop.signal,
    onWarning,
    onProgress: (done) => {
      progress ??= context.log.progress(stage, null, "done");
      progress.update(done);
    },
  });
  let outcome: TaskOutcome;
  try {
    // A task that is asked to stop saves what it has done.
    outcome = await worker.do(runDirectory, stage, task, { enough: context.signal });
  } finally {
    progress?.end();
    await worker.close();
  }
  context.signal.throwIfAborted();
  const { detail, ...done } = outcome;
  if (context.json) printReport(context, "run.work", { ...detail, ...done });
  else context.out.write(`${stage} task ${task}: ${describeDetail(outcome)}\n`);
  const message = `${outcome.failed.length} of ${stage} task ${task} could not be done`;
  failOnFailures(outcome.failed, message, context);
}

/** Numbers of a task's own account, in words. */
function describeDetail({ detail, left, failed }: TaskOutcome): string {
  const { granules, observations, files, items, to } = detail as {
    granules?: { total: number; read: number; kept: number };
    observations?: number;
    /** Of publishing. */
    files?: number;
    items?: readonly string[] | number;
    to?: string;
  };
  const count = typeof items === "number" ? items : items?.length;
  return [
    ...files === undefined ? [] : [`${formatCount(files)} files`],
    ...count === undefined ? [] : [`${formatCount(count)} items${to === undefined ? "" : ` to ${to}`}`],
    ...granules === undefined
      ? []
      : [`${granules.read} of ${granules.total} granules read, ${granules.kept} kept`],
    ...observations === undefined ? [] : [`${formatCount(observations)} observations`],
    ...left === 0 ? [] : [`${left} left`],
    ...failed.length === 0 ? [] : [`${failed.length} failed`],
  ].join(", ") || "done";
}

async function showStatus(runDirectory: string, kinds: JobKinds, context: CliContext): Promise<void> {
  const { openJob } = await import("../../runs/open_job.ts");
  const job = await openJob(runDirectory, kinds, { signal: context.signal });
  const found = await job.status(runDirectory, { signal: context.signal }) as
    & JobStatus
    & Partial<RunStatus>
    & {
      store?: string;
    };
  const bill = found.bill ? await pricedBill(found.bill) : found.bill;
  if (context.json) {
    return printReport(context, "run.status", { ...found, ...bill === undefined ? {} : { bill } });
  }
  const { granules, observations, storeBytes, workerSeconds } = found;
  context.out.table(["what", "value"], [
    ...found.store === undefined ? [] : [["store", found.store]],
    ["finished", finishedLine(found)],
    ...found.stages.map((stage) => [`${stage.name} tasks`, stageLine(stage)]),
    ...granules === undefined ? [] : [[
      "granules",
      `${formatCount(granules.scattered)} of ${formatCount(granules.total)} scattered` +
      (granules.failed.length === 0 ? "" : `, ${formatCount(granules.failed.length)} failed`),
    ]],
    ...observations === undefined ? [] : [["observations", observationLine(observations, found.rows)]],
    ...storeBytes === undefined ? [] : [["written", formatBytes(storeBytes)]],
    ...workerSeconds === undefined ? [] : [["work", workLine(workerSeconds, found.bytesRead ?? 0)]],
    ...bill === undefined || bill === null
      ? []
      : [["cost", `${dollarsText(bill.dollars, bill.prices)}, ${bill.invocations} invocations`]],
    ...granules?.failed.map(({ collection, id, reason }) => ["failed", `${collection} ${id}: ${reason}`]) ??
      [],
  ]);
}

/** Only a run on Lambda has one: the reader of prices is loaded then. */
async function pricedBill(bill: LambdaBill): Promise<PricedBill> {
  const { readPrices } = await import("../../runs/read_prices.ts");
  return priced(bill, readPrices(process.env));
}

function finishedLine({ finished, stages, granules }: JobStatus & Partial<RunStatus>): string {
  if (!finished) {
    const isDone = stages.every(({ left }) => left.length === 0);
    return isDone ? "no: granary run finish does the rest" : "no";
  }
  const failed = granules?.failed.length ?? 0;
  return failed === 0 ? "yes" : `yes, without ${formatNumberOf(failed, "failed granule")}`;
}

/** Observations of shards that are done; rows are of granules that were read. */
function observationLine(observations: number, rows: RunStatus["rows"] | undefined): string {
  const inStore = `${formatCount(observations)} in shards that are done`;
  return rows === undefined ? inStore : `${inStore}; ${formatCount(rows.rows)} were read`;
}

/** A reduce task has no failures of its own: it goes without the granules that could not be read. */
function stageLine({ name, done, total, left, failed }: StageStatus): string {
  const what = name === REDUCE ? ", without failed granules" : ", with failures";
  return `${done} of ${total} done${numbers(", left", left)}${numbers(what, failed)}`;
}

/** Time of workers, and how fast one of them read. */
function workLine({ scatter, reduce }: RunStatus["workerSeconds"], bytesRead: number): string {
  const rate = scatter > 0 ? ` (${formatBytes(bytesRead / scatter)} a second)` : "";
  return `${formatSeconds(scatter)} reading granules${rate}, ${formatSeconds(reduce)} making shards`;
}

function numbers(what: string, tasks: readonly number[]): string {
  if (tasks.length === 0) return "";
  return `${what}: ${tasks.slice(0, 12).join(", ")}${tasks.length > 12 ? ", …" : ""}`;
}

async function finishRun(runDirectory: string, kinds: JobKinds, context: CliContext): Promise<void> {
  const { openJob } = await import("../../runs/open_job.ts");
  const job = await openJob(runDirectory, kinds, { signal: context.signal });
  const { failed, detail } = await job.finish(runDirectory, { signal: context.signal });
  if (context.json) printReport(context, "run.finish", { ...detail, failed });
  else {
    const { store, output, published, observations, cells } = detail as {
      store?: string;
      output?: string;
      published?: number;
      observations?: number;
      cells?: Record<string, number>;
    };
    const orders = Object.entries(cells ?? {}).map(([order, count]) => `${formatCount(count)} at ${order}`);
    context.out.table(["what", "value"], [
      ...store === undefined ? [] : [["store", store]],
      ...output === undefined ? [] : [["output", output]],
      ...published === undefined ? [] : [["published", formatCount(published)]],
      ...observations === undefined ? [] : [["observations", formatCount(observations)]],
      ...orders.length === 0 ? [] : [["cells", orders.join(", ")]],
    ]);
  }
  const { incompleteParents } = detail as { incompleteParents?: number[] };
  const without = incompleteParents === undefined
    ? ""
    : `; ${incompleteParents.length} parent cells (or tiles) are without them, and the store says so`;
  failOnFailures(failed, `${failed.length} granules could not be done${without}`, context);
}
