/** `granary publish plan|run|status|retry|watch|check|schema`: a dataset's workflow from its YAML. */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { suggestion } from "../../core/suggest.ts";
import { DATASET_NAMES, datasetText } from "../../products/datasets/index.ts";
import { formatCount, formatNumberOf } from "../../core/units.ts";
import type { Dataset } from "../../publish/dataset.ts";
import type { PublishPlan } from "../../publish/plan/plan.ts";
import { addBackendOptions, type BackendFlags, backendFrom } from "../flags/backend.ts";
import { countOf } from "../flags/numbers.ts";
import { OVERWRITE } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { addPublishImport } from "./publish_import.ts";
import { finishReport } from "./publish_report.ts";
import type { SceneFlags } from "./publish_open.ts";
import { filesToRead, fileToRead, storeToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary publish dataset omto3d > omto3d.yaml
  granary publish check omto3d.yaml
  granary publish run omto3d.yaml --dry-run
  granary publish run omto3d.yaml
  granary publish run datasets/*.yaml
  granary publish status omto3d.yaml --json | jq '.failed'
  granary publish retry omto3d.yaml
  granary publish watch omto3d.yaml --every 1h
  granary publish schema > dataset.schema.json
  granary publish plan omto3d.yaml && granary run work omto3d.run --stage convert --task 0

A run discovers, converts what is new, tells the targets and ends; said again it does what is left. A run that
meets a living one ends with exit code 0. Exit code 3 when granules failed: status lists them.`;

const DATASET = "the dataset's YAML";
const RUN_DIR = "the run directory, a folder or s3://bucket/prefix (default: beside the YAML, by its name)";

interface PublishFlags extends SceneFlags, BackendFlags {
  dryRun?: true;
}

export function addPublish(program: Command, context: CliContext): void {
  const publish = program.command("publish").description("grids to COGs and STAC, kept up to date")
    .addHelpText(
      "after",
      EXAMPLES,
    );
  addRunFlags(
    publish.command("run").description("discover, convert what is new, tell the targets")
      .argument("<datasets...>", DATASET, filesToRead)
      .option("--dry-run", "discover and say what would be done; write nothing"),
    true,
  ).action((...[files, flags]: unknown[]) => runAll(files as string[], flags as PublishFlags, context));
  addRunFlags(
    publish.command("plan").description("discover, and plan the tasks for granary run work")
      .argument("<dataset>", DATASET, fileToRead),
    false,
  ).action((...[file, flags]: unknown[]) => planOnly(file as string, flags as PublishFlags, context));
  publish.command("status").description("show how far a dataset is, and what failed")
    .argument("<dataset>", DATASET, fileToRead).option("--run-dir <dir>", RUN_DIR, storeToWrite)
    .addHelpText("after", EXAMPLES)
    .action((file, flags) => showStatus(file, flags, context));
  addRunFlags(
    publish.command("retry").description("run, with what failed for good tried again")
      .argument("<dataset>", DATASET, fileToRead)
      .argument("[granules...]", "ids of the granules to try (default: all that failed)"),
    true,
  ).action((...[file, ids, flags]: unknown[]) => {
    const named = ids as string[];
    return runOne(file as string, flags as PublishFlags, context, named.length === 0 ? true : named);
  });
  addRunFlags(
    publish.command("watch").description("run again and again, on a host without a scheduler")
      .argument("<datasets...>", DATASET, filesToRead)
      .requiredOption("--every <time>", "from the start of a run to that of the next, such as 30m, 1h or 1d"),
    false,
  ).action((...[files, flags]: unknown[]) =>
    watch(files as string[], flags as PublishFlags & { every: string }, context)
  );
  publish.command("check").description("check datasets, and name what is wrong by line and column")
    .argument("<datasets...>", DATASET, filesToRead)
    .addHelpText("after", EXAMPLES)
    .action((files) => check(files, context));
  addPublishImport(publish, context);
  publish.command("dataset").description("print the YAML of a dataset that comes with granary, to begin with")
    .argument("<name>", `one of ${DATASET_NAMES.join(", ")}`)
    .addHelpText("after", EXAMPLES)
    .action((name) => {
      const text = datasetText(name);
      if (text === undefined) {
        throw inputError(`"${name}" does not come with granary${suggestion(name, DATASET_NAMES)}`);
      }
      context.out.write(text);
    });
  publish.command("schema").description("print the JSON Schema of a dataset's YAML")
    .addHelpText("after", EXAMPLES)
    .action(async () => {
      const { datasetJsonSchema } = await import("../../publish/config/schema.ts");
      context.out.json(datasetJsonSchema());
    });
}

function addRunFlags(command: CommandUnknownOpts, backends: boolean): CommandUnknownOpts {
  command
    .option("--run-dir <dir>", RUN_DIR, storeToWrite)
    .option("--keep", "leave what was made under another config as it is")
    .option(OVERWRITE, "replace what no run of here made at the output and the targets")
    .option("--workers <n>", "cores to use (default: all of this process)", countOf)
    .option("--driver <drivers>", "how granules are read: auto, or local, https, s3 with commas");
  if (backends) addBackendOptions(command);
  return command.addHelpText("after", EXAMPLES);
}

async function runAll(files: readonly string[], flags: PublishFlags, context: CliContext): Promise<void> {
  if (files.length > 1 && flags.runDir !== undefined) {
    throw inputError("--run-dir is of one dataset (found several)");
  }
  let failure: unknown;
  for (const file of files) {
    context.signal.throwIfAborted();
    try {
      await runOne(file, flags, context, false);
    } catch (error) {
      // The others are not to wait for one dataset's trouble; the first one's decides the exit code.
      if (files.length === 1 || context.signal.aborted) throw error;
      context.log.error(`${file}: ${(error as Error).message}`);
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

async function runOne(
  file: string,
  flags: PublishFlags,
  context: CliContext,
  retry: boolean | readonly string[],
): Promise<void> {
  const backend = backendFrom(flags);
  const { withDataset } = await import("./publish_open.ts");
  await withDataset(file, flags, context, async (scene) => {
    const { directory, dataset } = scene;
    const options = { ...scene.options, retry };
    if (flags.dryRun === true) {
      const { planRun } = await import("../../publish/run/plan_run.ts");
      printPlan(await planRun(directory, dataset, { ...options, dryRun: true }), null, context);
      return;
    }
    if (backend !== undefined) {
      const { runPublishBackend } = await import("./publish_backend.ts");
      return await runPublishBackend(backend, scene, options, context);
    }
    compileLater();
    const { publishDataset } = await import("../../publish/publish.ts");
    const progress = context.log.progress(dataset.name, null, "granules");
    try {
      const published = await publishDataset(directory, dataset, {
        ...options,
        onPlan: (plan) => context.log.info(planLine(plan)),
        onConverted: (granules) => progress.update(granules),
      });
      progress.end();
      if ("heldBy" in published) {
        const { host, pid, job, since } = published.heldBy;
        const who = job ?? `process ${pid} on ${host}`;
        context.log.info(`${dataset.name}: ${who} is at it since ${since}; nothing was done`);
        if (context.json) printReport(context, "publish.held", { dataset: dataset.name, host, pid, since });
        return;
      }
      finishReport(published.report, context);
    } finally {
      progress.end();
    }
  });
}

function planLine({ dataset, convert, kept, failed }: PublishPlan): string {
  const why = new Map<string, number>();
  for (const { why: reason } of convert) why.set(reason, (why.get(reason) ?? 0) + 1);
  const reasons = [...why].map(([reason, count]) => `${formatCount(count)} ${WHY[reason] ?? reason}`).join(
    ", ",
  );
  return `${dataset.name}: ${formatNumberOf(convert.length, "granule")} to convert` +
    `${reasons === "" ? "" : ` (${reasons})`}, ${formatCount(kept)} kept` +
    (failed.length === 0 ? "" : `, ${formatCount(failed.length)} given up`);
}

const WHY: Readonly<Record<string, string>> = {
  new: "new",
  source: "of a changed source",
  config: "of a changed config",
  outputs: "whose files are gone",
  retry: "to try again",
};

function printPlan(plan: PublishPlan, runDirectory: string | null, context: CliContext): void {
  const { dataset, convert, kept, failed, setAside } = plan;
  if (context.json) {
    printReport(context, "publish.plan", {
      dataset: dataset.name,
      output: dataset.output,
      ...(runDirectory === null ? {} : { runDirectory }),
      key: plan.key,
      convert: convert.map(({ row, why }) => ({ collection: row.collection, id: row.id, why })),
      kept,
      failed,
      setAside: Object.entries(setAside).map(([reason, granules]) => ({ reason, granules })),
    });
    return;
  }
  context.log.info(planLine(plan));
  context.out.table(["granule", "why"], convert.map(({ row, why }) => [row.id, WHY[why] ?? why]));
}

async function planOnly(file: string, flags: PublishFlags, context: CliContext): Promise<void> {
  const { withDataset } = await import("./publish_open.ts");
  await withDataset(file, flags, context, async ({ directory, dataset, options }) => {
    const { takeRun } = await import("../../publish/run/take_run.ts");
    const { planRun } = await import("../../publish/run/plan_run.ts");
    const taken = await takeRun(directory, context.signal);
    if ("heldBy" in taken) {
      throw inputError(
        `${directory.name}: a run is at it since ${taken.heldBy.since} (plan when it has ended)`,
      );
    }
    try {
      printPlan(await planRun(directory, dataset, options), directory.address, context);
    } finally {
      await taken.lease.release();
    }
  });
}

async function showStatus(file: string, flags: { runDir?: string }, context: CliContext): Promise<void> {
  const { runDirectoryOf } = await import("./publish_open.ts");
  const { status } = await import("../../publish/job.ts");
  const runDirectory = runDirectoryOf(file, flags);
  const found = await status(runDirectory, { signal: context.signal });
  if (context.json) printReport(context, "publish.status", { runDirectory, ...found });
  else {
    const left = found.stages.reduce((sum, stage) => sum + stage.left.length, 0);
    context.out.table(["what", "value"], [
      ["dataset", found.dataset],
      ["output", found.output],
      ["planned", found.planned],
      ["state", found.finished ? "finished" : left === 0 ? "every task is done" : `${left} tasks left`],
      ["granules", `${formatCount(found.converted)} of ${formatCount(found.discovered)} converted`],
      ...found.setAside === 0 ? [] : [["set aside", formatCount(found.setAside)]],
      ...found.outdated.length === 0
        ? []
        : [["items of before", `${formatNumberOf(found.outdated.length, "granule")}, until the next run`]],
      ...found.failed.map(({ id, reason, permanent }) => [
        permanent ? "failed" : "to try again",
        reason.startsWith(id) ? reason : `${id}: ${reason}`,
      ]),
    ]);
  }
  if (found.failed.length > 0) {
    throw new GranaryError("granule", `${formatNumberOf(found.failed.length, "granule")} failed`);
  }
}

async function watch(
  files: readonly string[],
  flags: PublishFlags & { every: string },
  context: CliContext,
): Promise<void> {
  const { watchEvery } = await import("../../publish/watch.ts");
  await watchEvery(flags.every, context.signal, async () => {
    try {
      await runAll(files, flags, context);
    } catch (error) {
      if (context.signal.aborted) throw error;
      // A dataset that is wrong stays so; all else may have passed by the next time.
      if ((error as { tag?: unknown }).tag === "input") throw error;
      context.log.error((error as Error).message);
    }
  });
}

async function check(files: readonly string[], context: CliContext): Promise<void> {
  const { loadDataset } = await import("../../publish/config/load.ts");
  const datasets: Dataset[] = files.map((file) => loadDataset(file));
  if (context.json) {
    printReport(context, "publish.check", {
      datasets: datasets.map((dataset, i) => ({ file: files[i], ...dataset })),
    });
    return;
  }
  for (const [i, { name, output, targets }] of datasets.entries()) {
    context.out.write(`OK: ${files[i]}: ${name} to ${output}, ${formatNumberOf(targets.length, "target")}\n`);
  }
}
