/** `granary aggregate`: observations of a catalog's granules to statistics of cells in a Zarr store. */
import type { Command } from "@commander-js/extra-typings";
import { compileLater } from "../../core/compile_later.ts";
import { formatBytes, formatCount, formatNumberOf, formatSeconds } from "../../core/units.ts";
import { dollarsText } from "../../runs/prices.ts";
import { filterText } from "../../core/observations/row_condition.ts";
import type { AggregateRequest } from "../../aggregate/aggregate.ts";
import type { Estimate } from "../../aggregate/estimate.ts";
import { DEFAULT_CLIP } from "../../aggregate/pipeline.ts";
import type { Plan } from "../../aggregate/plan/plan.ts";
import type { RunReport } from "../../aggregate/run/whole_run.ts";
import type { CliContext, Progress } from "../io/context.ts";
import { addAggregateOptions, type AggregateFlags, aggregateRequest, zonesFrom } from "../flags/aggregate.ts";
import { areaFrom } from "../flags/area.ts";
import { backendFrom } from "../flags/backend.ts";
import { sideOf } from "../../core/projected/grid.ts";
import { unitOfGrid } from "../../core/projected/mapping.ts";
import { failOnFailures } from "../io/failures.ts";
import { runBackend } from "./run_backend.ts";
import { printReport } from "../io/report.ts";

const EXAMPLES = `
Examples:
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --dry-run
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --levels 6-12 --overwrite
  granary aggregate -c atl06 -c atl08 --catalog catalog.parquet -o both.zarr
  granary aggregate -c atl06 --catalog march.parquet -o months.zarr --every month --append
  granary aggregate -c atl06 --catalog catalog.parquet -o plane.zarr --crs EPSG:3413 --resolution 1000
  granary aggregate -c atl06 --catalog catalog.parquet -o one.zarr --cells 6/45763,-6134114
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --where "provider = 'NSIDC_CPRD'" --memory 2GB

Cells are named by order and nested id (6/45763) or by morton id (-6134114). A run that was interrupted
goes on with --resume. Exit code 3: some granules could not be read; the store says which cells are without them.`;

export function addAggregate(program: Command, context: CliContext): void {
  const command = program.command("aggregate")
    .description("aggregate the observations of a catalog's granules to HEALPix cells in a Zarr store");
  addAggregateOptions(command);
  command
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
      compileLater();
      const { aggregate } = await import("../../aggregate/aggregate.ts");
      const flags = options as AggregateFlags;
      const backend = backendFrom(flags);
      const progress = new RunProgress(context);
      const request: AggregateRequest = {
        ...aggregateRequest(flags, await areaFrom(flags), await zonesFrom(flags)),
        signal: context.signal,
        exitsAfter: true,
        onWarning: (message) => context.log.warn(message),
        onNote: (message) => context.log.info(message),
        onProgress: (state) => progress.show(state),
      };
      try {
        if (backend !== undefined && !request.dryRun) request.planOnly = true;
        const { plan, report, runDirectory, estimate } = await aggregate(request);
        progress.end();
        if (backend !== undefined && runDirectory !== null) {
          await runBackend(backend, plan, runDirectory, flags.driver, context);
          return;
        }
        if (report === null) printPlan(plan, estimate, context);
        else showReport(report, plan, context);
      } finally {
        progress.end();
      }
    });
}

/** Granules while they are read, then shards while they are written. */
class RunProgress {
  #progress: Progress | undefined;

  constructor(private readonly context: CliContext) {}

  show(state: Parameters<NonNullable<AggregateRequest["onProgress"]>>[0]): void {
    // Sizes that the catalog does not know are not made up: granules are counted then.
    if (state.phase === "scatter") {
      this.#progress ??= state.bytesTotal === null
        ? this.context.log.progress("aggregate", state.granulesTotal, "granules")
        : this.context.log.progress("aggregate", state.bytesTotal, "bytes");
    }
    const [done, total, what] = state.phase === "scatter"
      ? [state.granules, state.granulesTotal, "granules"]
      : [state.shards, state.shardsTotal, "shards"];
    this.#progress?.update(
      state.bytes ?? state.granules,
      `${formatCount(done)}/${formatCount(total)} ${what}`,
    );
  }

  end(): void {
    this.#progress?.end();
  }
}

function printPlan(plan: Plan, estimate: Estimate | undefined, context: CliContext): void {
  if (context.json) {
    printReport(context, "aggregate.plan", {
      ...plan,
      granules: plan.granules.map(({ geometry: _geometry, cells: _cells, ...row }) => row),
      ...estimate === undefined ? {} : { estimate },
    });
    return;
  }
  const { store } = plan;
  context.out.table(["what", "value"], [
    ["plan", plan.key],
    ["granules", `${formatCount(plan.granules.length)}, ${sizeLine(plan)}`],
    [
      partsWord(plan),
      `${formatCount(store.parents.length)} of order ${store.parentOrder}`,
    ],
    ["scatter batches", formatCount(plan.batches.length)],
    ["levels", levelsText(store)],
    ["layout", `${store.layout}, ${store.parentsPerShard} parents a shard, ${plan.shards.length} shards`],
    ["variables", store.variables.map((variable) => variable.name).join(", ")],
    store.plane === undefined ? ["latitude", store.latitude] : ["grid", planeText(store.plane)],
    ...rowLines(plan),
    ...plan.leftOut.map(({ what, granules }) => ["left out", `${what}: ${formatCount(granules)} granules`]),
    ...estimate === undefined ? [] : estimateLines(estimate),
  ]);
}

/** Orders; on a projected grid with the sides of their cells. */
function levelsText({ levels, plane }: Plan["store"]): string {
  if (plane === undefined) return levels.join(", ");
  return levels.map((order) => `${order} (${sideOf(plane.grid, order)} ${unitOfGrid(plane.grid)})`).join(
    ", ",
  );
}

function planeText({ grid }: NonNullable<Plan["store"]["plane"]>): string {
  return `${grid.crs}, cells of ${grid.resolution} ${unitOfGrid(grid)} from ${grid.origin.join(",")}`;
}

/** What the run will cost, as it was measured at one granule. */
function estimateLines(estimate: Estimate): [string, string][] {
  const { readBytes, requests, observations, storeBytes, seconds, lambda, workers } = estimate;
  const memory: [string, string] = ["memory", `at most ${formatBytes(estimate.memoryBytes)}`];
  if (readBytes === null || requests === null || observations === null || storeBytes === null) {
    return [memory, ["reads, time, store", `unknown: ${estimate.unknown}`]];
  }
  const { least, most } = storeBytes;
  return [
    ["reads", `about ${formatBytes(readBytes)} in ${formatCount(requests)} requests`],
    ["observations", `about ${formatCount(observations)}`],
    memory,
    [
      "store",
      least === most ? `about ${formatBytes(least)}` : `${formatBytes(least)} to ${formatBytes(most)}`,
    ],
    ["time", `about ${formatSeconds(seconds!)} with ${workers} workers`],
    ["Lambda", `${dollarsText(lambda!.dollars, lambda!.prices)}, with ${lambda!.memoryMegabytes} MB`],
    ["measured at", estimate.measuredAt!],
  ];
}

/** What is taken of the granules' rows. */
function rowLines({ pipeline: { bounds, dataSource } }: Plan): [string, string][] {
  const { startDate, endDate, bbox, areas = [], clip = DEFAULT_CLIP } = bounds;
  const names = [
    ...bbox === null ? [] : [`box ${bbox.join(",")}`],
    ...areas.map((area) =>
      "bbox" in area
        ? `box ${area.bbox.join(",")}`
        : "name" in area
        ? area.name
        : "file" in area
        ? area.file
        : area.region
    ),
  ];
  return [
    ...startDate === null && endDate === null ? [] : [[
      "time",
      `${startDate ?? "the first"} to ${endDate ?? "the last"}, granules and observations`,
    ]] as const,
    ...names.length === 0 ? [] : [["area", `${names.join(" and ")}, --clip ${clip}`]] as const,
    ...(dataSource.sources?.map((source) => source.dataSource) ?? [dataSource])
      .flatMap(({ filters }) => filters.map((filter) => ["filter", filterText(filter)] as const)),
  ].map(([what, value]) => [what, value]);
}

/** What a run is cut into. */
function partsWord({ store }: Plan): string {
  return store.plane === undefined ? "parent cells" : "tiles";
}

function showReport(report: RunReport, plan: Plan, context: CliContext): void {
  const { failed } = report.granules;
  if (report.groups.present === 0 && report.groups.empty > 0) {
    context.log.warn(
      "no granule has the config's datasets in any of its groups (look at granary inspect GRANULE)",
    );
  }
  if (context.json) printReport(context, "aggregate", report);
  else {
    const cells = Object.entries(report.cells).map(([order, count]) => `${formatCount(count)} at ${order}`);
    context.out.table(["what", "value"], [
      ["store", report.store],
      ["granules", granuleLine(report)],
      ["observations", observationLine(report)],
      ["cells", cells.join(", ")],
      [partsWord(plan), formatCount(report.parents)],
      ["written", `${formatCount(report.objects)} objects, ${formatBytes(report.storeBytes)}`],
      ["time", `${formatSeconds(report.seconds.total)} with ${formatNumberOf(report.workers, "worker")}`],
    ]);
  }
  failOnFailures(
    failed,
    `${failed.length} of ${report.granules.total} granules could not be read;` +
      ` ${report.incompleteParents.length} ${partsWord(plan)} are without them, and the store says so` +
      " (say --resume to try them again)",
    context,
  );
}

/** The granules' size as far as the catalog knows it. */
function sizeLine({ granules }: Plan): string {
  const known = granules.flatMap(({ size_bytes }) => size_bytes === null ? [] : [size_bytes]);
  if (known.length === 0) return "of unknown size";
  const bytes = formatBytes(known.reduce((sum, size) => sum + size, 0));
  const unknown = granules.length - known.length;
  return unknown === 0 ? bytes : `${bytes} and ${formatCount(unknown)} of unknown size`;
}

/** All of a run, and what of it was done now where it had been begun before. */
function granuleLine({ granules, reads, allParts }: RunReport): string {
  const { total, read, kept } = granules;
  const done = kept > 0 ? ` (${formatCount(kept)} before, ${formatCount(read)} now)` : "";
  const size = ({ bytes, requests }: RunReport["reads"]) =>
    `${formatBytes(bytes)} in ${formatCount(requests)} reads`;
  const now = allParts.reads.requests > reads.requests && read > 0 ? `, of which ${size(reads)} now` : "";
  return `${formatCount(read + kept)} of ${formatCount(total)} read${done}, ${size(allParts.reads)}${now}`;
}

function observationLine({ allParts, granules, storeObservations }: RunReport): string {
  const { counts } = allParts;
  // Granules that a later part needed for other cells were read again: their rows are not distinguished then.
  const again = allParts.granules > granules.read + granules.kept;
  if (again) return `${formatCount(storeObservations)} in the store`;
  const dropped = Object.entries({
    filtered: counts.filtered,
    "without values": counts.empty,
    "outside the selected cells": counts.elsewhere,
    "outside the time": counts.untimely,
    "outside the area": counts.outside,
    "without a place": counts.misplaced,
  }).filter(([, count]) => count > 0).map(([why, count]) => `${formatCount(count)} ${why}`);
  return `${formatCount(storeObservations)} of ${formatCount(counts.rows)}` +
    (dropped.length > 0 ? ` (${dropped.join(", ")})` : "");
}
