/** The main job as one function: config and catalog in, store and report out. */
import { inputError } from "../core/errors.ts";
import { outputAddress } from "../core/files/output.ts";
import type { Area } from "../core/geometry/area.ts";
import type { DuplicateRule } from "../catalog/duplicates.ts";
import { chooseAsset, locationBy, parseDrivers } from "../catalog/driver.ts";
import type { DriverKind } from "../core/access/location.ts";
import type { SourceOpener } from "../core/access/open.ts";
import { openTarget } from "../core/access/targets.ts";
import { parseCellAt } from "../core/cells/cell_name.ts";
import type { DuckOptions } from "../core/tables/duckdb.ts";
import type { GranuleFilter } from "../catalog/query/select.ts";
import { openCatalog } from "../catalog/file/open_catalog.ts";
import { loadConfig } from "./config/load.ts";
import { MAX_SHARD } from "./config/schema.ts";
import type { ClipRule, Pipeline } from "./pipeline.ts";
import type { LatitudeConvention } from "../core/cells/convention.ts";
import { shareMemory } from "./schedule/budget.ts";
import { startExecutor } from "./schedule/executor.ts";
import type { Plan } from "./plan/plan.ts";
import {
  defaultMemoryBytes,
  defaultWorkers,
  executePlan,
  prepareRemaining,
  type RunOptions,
  type RunReport,
} from "./run/execute.ts";
import { jobLeaseOptions } from "../runs/slurm/slurm_lease.ts";
import { parseLevels } from "./plan/levels.ts";
import { refuseForeignFolder } from "./run/store_folder.ts";
import { RowIndexCollector } from "./row_index/collect.ts";
import { rowIndexPath } from "../catalog/row_index/paths.ts";
import { useRowIndex } from "./row_index/use_index.ts";
import { prepareRun } from "./plan/prepare.ts";
import { Lease } from "../runs/lease.ts";
import { absoluteAddress, defaultRunDirectory } from "../runs/run_directory.ts";
import { expectRemote, isRemote, lazyOpener, locator, openRunDirectory } from "./places.ts";
import type { RunDirectory } from "./run/run_directory.ts";
import { StorePlace } from "./run/store_place.ts";

/** What `granary aggregate` is asked. Absent values are the config's, or the defaults of the engine. */
export interface AggregateRequest {
  /** A preset, a YAML file, or a pipeline. */
  config: string | Pipeline;
  catalog?: string;
  store?: string;
  driver?: string;
  /** Names of parent cells. */
  cells?: readonly string[];
  maxCells?: number;
  /** Conditions on the catalog's columns, over the config's. */
  filter?: GranuleFilter;
  /** Parents, granules and observations under all of these areas. */
  areas?: readonly Area[];
  /** What of the areas' cells is left out, over the config's. */
  clip?: ClipRule;
  unknownExtent?: boolean;
  /** Granules whose observations others have too: default "fold", one of each is taken. */
  duplicates?: DuplicateRule;
  workers?: number;
  memoryBytes?: number;
  scratch?: string;
  runDirectory?: string;
  /** `6-12`, `12,9,6`. */
  levels?: string;
  parentOrder?: number;
  childOrder?: number;
  latitude?: LatitudeConvention;
  layout?: "compact" | "sphere";
  shard?: number;
  mode?: RunOptions["mode"];
  onError?: RunOptions["onError"];
  checkpoint?: RunOptions["checkpoint"];
  /** Plan and do nothing. */
  dryRun?: boolean;
  /** Plan, and write the run directory for others to do the tasks. */
  planOnly?: boolean;
  /** A row index; by default the one beside the catalog, if it is there. */
  rowIndex?: string;
  /** The order of a row index to write beside the catalog, of the granules that are read whole. */
  writeRowIndex?: number;
  /** Scatter batches to cut. */
  batches?: number;
  signal?: AbortSignal;
  onWarning?(message: string): void;
  onNote?(message: string): void;
  onProgress?: RunOptions["onProgress"];
}

const MAX_ORDER = 29;

/** Of the memory for a run, what DuckDB may use while it selects; it is given back before the run reads. */
const SELECTION_SHARE = 0.5;

/** With less DuckDB does not open a catalog; a run needs more than this anyway. */
const LEAST_SELECTION_BYTES = 128e6;

/**
 * Plans a run and, unless it is a dry one, executes it. Failed granules are in the report. Throws
 * GranaryErrors: bad input, refused credentials, failing disks, interruption.
 */
export async function aggregate(
  request: AggregateRequest,
): Promise<{ plan: Plan; report: RunReport | null; runDirectory: RunDirectory | null }> {
  const warn = request.onWarning ?? (() => {});
  const { pipeline, driverPlace } = overridden(request, warn);
  const catalogFile = request.catalog ?? pipeline.catalog;
  if (catalogFile === null) throw inputError("no catalog: say --catalog FILE, or name one in the config");
  const named = request.store ?? pipeline.output.store;
  if (named === null) throw inputError("no store: say -o STORE, or name one as output.store in the config");
  const store = outputAddress(named);
  const driverText = request.driver ?? pipeline.dataSource.driver ?? "auto";
  parseDrivers(driverText);
  const workers = request.workers ?? defaultWorkers();
  const memoryBytes = request.memoryBytes ?? defaultMemoryBytes();
  const planning = request.dryRun || request.planOnly;
  if (!request.dryRun && !isRemote(store)) refuseForeignFolder(store);
  if (!planning) shareMemory(memoryBytes, Math.max(1, workers)); // too little is refused before anything starts

  const openerOnce = lazyOpener(request.signal, warn);
  // Threads come up while DuckDB selects.
  const executor = planning ? undefined : startExecutor(workers, () => Promise.resolve(openerOnce()));
  try {
    const plan = await planFromCatalog(catalogFile, pipeline, request, memoryBytes);
    for (const { what, granules } of plan.leftOut) warn(`left out: ${what} (${granules} granules)`);
    refuseUnreachable(plan, driverText, request.driver === undefined ? driverPlace : "--driver");
    if (request.dryRun) return { plan, report: null, runDirectory: null };
    const remote = isRemote(store);
    const directory = runDirectory(request, store, openerOnce);
    if (executor === undefined) {
      await writePlan(plan, request, store, directory, openerOnce);
      return { plan, report: null, runDirectory: directory };
    }
    const rows = await useRowIndex(plan, catalogFile, request.rowIndex, duckOptions(request, memoryBytes));
    rows?.notes.forEach(warn);
    const collector = rowIndexCollector(request, plan);
    const report = await executePlan(plan, {
      rowsOf: rows?.rowsOf,
      rowIndex: collector,
      store: remote ? openTarget(store, openerOnce()) : store,
      runDirectory: directory,
      scratch: request.scratch,
      mode: request.mode,
      locate: await locator(plan, driverText, openerOnce, warn),
      expect: expectRemote(openerOnce),
      driver: driverText,
      reader: { open: (location) => openerOnce().open(location) },
      memoryBytes,
      onError: request.onError,
      checkpoint: request.checkpoint,
      signal: request.signal,
      onProgress: request.onProgress,
      onNote: request.onNote,
      onWarning: warn,
      lease: {
        ...jobLeaseOptions(),
        onWait: (holder, seconds) =>
          warn(`waiting up to ${seconds} s to see whether ${holder.host} still runs it`),
      },
      executor,
    });
    if (collector !== undefined) {
      const file = request.rowIndex ?? rowIndexPath(catalogFile);
      const added = await collector.write(file, duckOptions(request, memoryBytes));
      request.onNote?.(`${file}: row index of ${added} more granules, at order ${collector.order}`);
    }
    return { plan, report, runDirectory: directory };
  } finally {
    await executor?.close();
    await openerOnce.close();
  }
}

/**
 * Throws an input error where no granule of the plan has an address for the drivers that were asked for:
 * `place` is where that was said.
 */
function refuseUnreachable(plan: Plan, driverText: string, place: string | null): void {
  const choice = parseDrivers(driverText);
  const kinds: readonly DriverKind[] = choice === "auto" ? ["local", "https", "s3"] : choice;
  const reachable = plan.granules.some((row) => {
    const asset = chooseAsset(row, plan.pipeline.dataSource.asset);
    return kinds.some((kind) => locationBy(row, kind, asset) !== undefined);
  });
  if (reachable) return;
  throw inputError(
    `${place ?? "--driver auto"}: no granule of the selection has an address for ${kinds.join(" or ")}` +
      ` (granary catalog urls shows where they lie${
        place === "--driver" ? "" : "; --driver overrules the config"
      })`,
  );
}

/** Collects a row index, where one is asked for and the run can make it. */
function rowIndexCollector(request: AggregateRequest, plan: Plan): RowIndexCollector | undefined {
  const order = request.writeRowIndex;
  if (order === undefined) return undefined;
  const { latitude, levels } = plan.store;
  if (latitude !== "authalic") throw inputError("a geodetic run writes no row index: its cells are authalic");
  if (order > levels[0]) {
    throw inputError(`a row index of order ${order} is finer than the run's cells, of order ${levels[0]}`);
  }
  return new RowIndexCollector(plan, order);
}

function duckOptions(request: AggregateRequest, memoryBytes: number): DuckOptions {
  const share = Math.floor(memoryBytes * SELECTION_SHARE);
  return { memoryBytes: Math.max(share, LEAST_SELECTION_BYTES), scratch: request.scratch };
}

async function planFromCatalog(
  file: string,
  pipeline: Pipeline,
  request: AggregateRequest,
  memoryBytes: number,
): Promise<Plan> {
  const catalog = await openCatalog(file, duckOptions(request, memoryBytes));
  try {
    return await prepareRun(catalog, pipeline, {
      cells: selectedCells(pipeline, request),
      maxCells: request.maxCells,
      filter: request.filter,
      areas: request.areas,
      unknownExtent: request.unknownExtent,
      duplicates: request.duplicates,
      levels: request.levels === undefined ? undefined : parseLevels(request.levels),
      batches: request.batches,
      signal: request.signal,
    });
  } finally {
    catalog.close();
  }
}

/** The parents that the request names. */
function selectedCells(pipeline: Pipeline, request: AggregateRequest): Set<number> | undefined {
  const { parentOrder } = pipeline.output;
  return request.cells && new Set(request.cells.map((name) => Number(parseCellAt(name, parentOrder))));
}

/** The config's pipeline with what the request says over it. */
function overridden(
  request: AggregateRequest,
  warn: (message: string) => void,
): { pipeline: Pipeline; driverPlace: string | null } {
  let pipeline: Pipeline;
  let driverPlace: string | null = null;
  if (typeof request.config === "string") {
    const parsed = loadConfig(request.config);
    parsed.warnings.forEach(warn);
    pipeline = parsed.pipeline;
    driverPlace = parsed.driverPlace;
  } else pipeline = request.config;
  const { output } = pipeline;
  checkOverride("--parent-order", request.parentOrder, 0, MAX_ORDER);
  checkOverride("--child-order", request.childOrder, 0, MAX_ORDER);
  checkOverride("--shard", request.shard, 1, MAX_SHARD);
  const changed = {
    ...pipeline,
    output: {
      ...output,
      parentOrder: request.parentOrder ?? output.parentOrder,
      childOrder: request.childOrder ?? output.childOrder,
      latitude: request.latitude ?? output.latitude,
      layout: request.layout ?? output.layout,
      shard: request.shard ?? output.shard,
    },
    bounds: { ...pipeline.bounds, ...request.clip === undefined ? {} : { clip: request.clip } },
  };
  return { pipeline: changed, driverPlace };
}

/** What a config may not say, a request may not say over it. */
function checkOverride(flag: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw inputError(`${flag} ${value} is out of range (wanted a whole number from ${least} to ${most})`);
}

/** Writes the plan into a run directory where no run lives, and makes sure that the store may be made. */
async function writePlan(
  plan: Plan,
  request: AggregateRequest,
  store: string,
  directory: RunDirectory,
  opener: () => SourceOpener,
): Promise<void> {
  const mode = request.mode ?? "new";
  const place = await StorePlace.at(openTarget(store, opener()), plan.store.parentOrder);
  place.check(mode, await directory.exists());
  if (mode === "new") await directory.refuseUnfinished();
  if (mode === "resume") await directory.checkResume(plan, place);
  const lease = await Lease.take(directory.target, { signal: request.signal, ...jobLeaseOptions() });
  try {
    if (mode !== "resume") {
      await directory.clear();
      await place.empty();
    }
    const driver = request.driver ?? plan.pipeline.dataSource.driver ?? "auto";
    const created = new Date().toISOString();
    const settings = { kind: "aggregate", store: absoluteAddress(store), driver, created };
    const remaining = await prepareRemaining(plan, directory, place, settings, request.onNote);
    await directory.putLeft(plan, remaining);
  } finally {
    await lease.release();
  }
}

/** A store on S3 has its run directory there, and its runs files on this machine. */
function runDirectory(request: AggregateRequest, store: string, opener: () => SourceOpener): RunDirectory {
  const place = request.runDirectory ?? defaultRunDirectory(store);
  return openRunDirectory(place, request.scratch, opener);
}
