/** `granary aggregate`: observations of a catalog's granules to statistics of cells in a Zarr store. */
import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { formatBytes, formatCount, formatSeconds, parseBytes } from "../../core/units.ts";
import { GranaryError } from "../../core/errors.ts";
import type { AggregateRequest } from "../../aggregate/aggregate.ts";
import type { Plan } from "../../aggregate/plan/plan.ts";
import { DEFAULT_CHECKPOINT } from "../../aggregate/schedule/checkpoint.ts";
import type { RunReport } from "../../aggregate/run/execute.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { addFilterOptions, type FilterFlags, filterFrom } from "../flags/catalog_filter.ts";
import type { CliContext, Progress } from "../io/context.ts";
import { addBackendOptions, backendFrom, runBackend } from "../flags/backend.ts";
import { addAreaOptions, type AreaFlags, areaFrom } from "../flags/area.ts";

const EXAMPLES = `
Examples:
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --dry-run
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --levels 6-12 --overwrite
  granary aggregate -c atl06 --catalog catalog.parquet -o one.zarr --cells 6/45763,-6134114
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --where "provider = 'NSIDC_CPRD'" --memory 2GB

Cells are named by order and nested id (6/45763) or by morton id (-6134114). A run that was interrupted
goes on with --resume. Exit code 3: some granules could not be read; the store says which cells lack them.`;

export function addAggregate(program: Command, context: CliContext): void {
  const command = program.command("aggregate")
    .description("aggregate the observations of a catalog's granules to HEALPix cells in a Zarr store")
    .requiredOption("-c, --config <config>", `a preset (${PRESET_NAMES.join(", ")}) or a YAML file`)
    .option("--catalog <file>", "the catalog (GeoParquet); the config may name it")
    .option("-o, --output <store>", "the Zarr store: a folder or s3://bucket/prefix; the config may name it")
    .option("--driver <drivers>", "how granules are read: auto, or local, https, s3 in order of preference")
    .option("--cells <names>", "only these parent cells, with commas between")
    .option("--max-cells <n>", "at most so many parent cells, the first in order", wholeNumber)
    .option("--unknown-extent", "take granules too whose extent the catalog does not know")
    .option("--workers <n>", "worker threads (default: the cores that this process may use)", wholeNumber)
    .option("--memory <size>", "memory for the whole process, such as 4GB (default: 60 % of what is allowed)")
    .option("--scratch <dir>", "folder for what does not fit memory (default: the run directory)")
    .option("--run-dir <dir>", "the run directory (default: the store's name with .run)")
    .option("--levels <orders>", "orders to write, such as 6-12 (default: the child order alone)")
    .option("--parent-order <n>", "order of the parent cells, over the config's", wholeNumber)
    .option("--child-order <n>", "order of the cells, over the config's", wholeNumber)
    .addOption(
      new Option("--latitude <convention>", "how cells read latitudes, over the config's")
        .choices(["authalic", "geodetic"] as const),
    )
    .addOption(
      new Option("--layout <layout>", "layout of the store, over the config's")
        .choices(["compact", "sphere"] as const),
    )
    .option("--shard <n>", "parent cells a Zarr shard, over the config's", wholeNumber)
    .addOption(new Option("--overwrite", "replace a store that is there").conflicts("resume"))
    .option("--resume", "go on with the run that made what is there")
    .addOption(
      new Option("--on-error <what>", "a granule that cannot be read: report it and go on, or fail")
        .choices(["report", "fail"] as const).default("report" as const),
    )
    .option(
      "--checkpoint <seconds>",
      `how often a long run saves what it has read (default: ${DEFAULT_CHECKPOINT.seconds})`,
      wholeNumber,
    )
    .option("--dry-run", "print the plan and do nothing; with --json all of it")
    .option("--plan-only", "write the run directory for granary work, and do nothing more")
    .option(
      "--write-row-index <order>",
      "add the granules read whole to the row index beside the catalog, at this order of cells",
      wholeNumber,
    )
    .option("--row-index <file>", "a row index (default: the one beside the catalog, if it is there)")
    .option("--batches <n>", "scatter batches to cut the granules into", wholeNumber);
  addBackendOptions(command);
  addFilterOptions(command);
  addAreaOptions(command);
  command
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
      const { aggregate } = await import("../../aggregate/aggregate.ts");
      const backend = backendFrom(options as object);
      const flags: AreaFlags & FilterFlags = options as object;
      const area = await areaFrom(flags);
      let progress: Progress | undefined;
      const request: AggregateRequest = {
        config: options.config,
        catalog: options.catalog,
        store: options.output,
        driver: options.driver,
        cells: options.cells?.split(",").map((name) => name.trim()),
        maxCells: options.maxCells,
        filter: filterFrom(flags),
        areas: area === undefined ? [] : [area],
        rowIndex: options.rowIndex,
        writeRowIndex: options.writeRowIndex,
        unknownExtent: options.unknownExtent,
        workers: options.workers,
        memoryBytes: options.memory === undefined ? undefined : parseBytes(options.memory),
        scratch: options.scratch,
        runDirectory: options.runDir,
        levels: options.levels,
        parentOrder: options.parentOrder,
        childOrder: options.childOrder,
        latitude: options.latitude,
        layout: options.layout,
        shard: options.shard,
        mode: options.overwrite ? "overwrite" : options.resume ? "resume" : "new",
        onError: options.onError,
        checkpoint: options.checkpoint === undefined
          ? undefined
          : { ...DEFAULT_CHECKPOINT, seconds: options.checkpoint },
        dryRun: options.dryRun ?? false,
        planOnly: options.planOnly ?? false,
        batches: options.batches,
        signal: context.signal,
        onWarning: (message) => context.log.warn(message),
        onNote: (message) => context.log.info(message),
        onProgress: (state) => {
          if (state.phase === "scatter") {
            progress ??= context.log.progress("aggregate", state.bytesTotal, "bytes");
            progress.update(
              state.bytes,
              `${formatCount(state.granules)}/${formatCount(state.granulesTotal)} granules`,
            );
          } else {
            progress?.update(
              state.bytes,
              `${formatCount(state.shards)}/${formatCount(state.shardsTotal)} shards`,
            );
          }
        },
      };
      try {
        if (backend !== undefined && !request.dryRun) request.planOnly = true;
        const { plan, report, runDirectory } = await aggregate(request);
        progress?.end();
        if (backend !== undefined && runDirectory !== null) {
          await runBackend(backend, plan, runDirectory, options.driver, context);
          return;
        }
        if (report === null) printPlan(plan, context);
        else printReport(report, context);
      } finally {
        progress?.end();
      }
    });
}

function printPlan(plan: Plan, context: CliContext): void {
  if (context.json) {
    context.out.json({
      ...plan,
      granules: plan.granules.map(({ geometry: _geometry, cells: _cells, ...row }) => row),
    });
    return;
  }
  const { store } = plan;
  const bytes = plan.granules.reduce((sum, row) => sum + (row.size_bytes ?? 0), 0);
  context.out.table(["what", "value"], [
    ["plan", plan.key],
    ["granules", `${formatCount(plan.granules.length)}, ${formatBytes(bytes)}`],
    ["parent cells", `${formatCount(store.parents.length)} of order ${store.parentOrder}`],
    ["scatter batches", formatCount(plan.batches.length)],
    ["levels", store.levels.join(", ")],
    ["layout", `${store.layout}, ${store.parentsPerShard} parents a shard, ${plan.shards.length} shards`],
    ["variables", store.variables.map((variable) => variable.name).join(", ")],
    ["latitude", store.latitude],
    ...plan.leftOut.map(({ what, granules }) => ["left out", `${what}: ${formatCount(granules)} granules`]),
  ]);
}

function printReport(report: RunReport, context: CliContext): void {
  const { failed } = report.granules;
  if (report.groups.present === 0 && report.groups.empty > 0) {
    context.log.warn(
      "no granule has the config's datasets in any of its groups (look at granary inspect GRANULE)",
    );
  }
  if (context.json) context.out.json(report);
  else {
    const cells = Object.entries(report.cells).map(([order, count]) => `${formatCount(count)} at ${order}`);
    context.out.table(["what", "value"], [
      ["store", report.store],
      ["granules", granuleLine(report)],
      ["observations", observationLine(report)],
      ["cells", cells.join(", ")],
      ["parent cells", formatCount(report.parents)],
      ["written", `${formatCount(report.objects)} objects, ${formatBytes(report.storeBytes)}`],
      ["time", `${formatSeconds(report.seconds.total)} with ${report.workers} workers`],
    ]);
  }
  if (failed.length === 0) return;
  for (const { collection, id, reason } of failed) context.log.error(`${collection} ${id}: ${reason}`);
  throw new GranaryError(
    "granule",
    `${failed.length} of ${report.granules.total} granules could not be read;` +
      ` ${report.incompleteParents.length} parent cells lack them, and the store says so` +
      " (say --resume to try them again)",
    { details: { failed: failed.map(({ id }) => id) } },
  );
}

function granuleLine({ granules, reads }: RunReport): string {
  const kept = granules.kept > 0 ? `, ${formatCount(granules.kept)} kept from before` : "";
  return `${formatCount(granules.read)} of ${formatCount(granules.total)} read${kept}, ${
    formatBytes(reads.bytes)
  } in ${formatCount(reads.requests)} reads`;
}

function observationLine({ observations: counts }: RunReport): string {
  const dropped = Object.entries({
    filtered: counts.filtered,
    "without values": counts.empty,
    "outside the selected cells": counts.elsewhere,
    "without a place": counts.misplaced,
  }).filter(([, count]) => count > 0).map(([why, count]) => `${formatCount(count)} ${why}`);
  return `${formatCount(counts.kept)} of ${formatCount(counts.rows)}` +
    (dropped.length > 0 ? ` (${dropped.join(", ")})` : "");
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Wanted a whole number.");
  return Number(text);
}
