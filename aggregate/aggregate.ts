/** The main job as one function: config and catalog in, store and report out. */
import { inputError } from "../base/errors.ts";
import { type Area, boxArea } from "../catalog/area.ts";
import { chooseAsset, locate, parseDrivers } from "../catalog/access/driver.ts";
import type { SourceLocation } from "../catalog/access/location.ts";
import { SourceOpener } from "../catalog/access/open.ts";
import { openTarget } from "../catalog/access/targets.ts";
import { parseCellAt } from "../catalog/cells/cell_name.ts";
import { openCatalog } from "../catalog/open.ts";
import { loadConfig } from "./config/load.ts";
import type { LatitudeConvention, Pipeline } from "./config/pipeline.ts";
import { startExecutor } from "./engine/executor.ts";
import type { Plan } from "./engine/plan.ts";
import {
  defaultMemoryBytes,
  defaultWorkers,
  executePlan,
  type RunOptions,
  type RunReport,
} from "./run/execute.ts";
import { parseLevels } from "./run/levels.ts";
import { prepareRun } from "./run/prepare.ts";
import { RunDirectory } from "./run/run_directory.ts";

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
  where?: string;
  providers?: readonly string[];
  area?: Area;
  unknownExtent?: boolean;
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
  dryRun?: boolean;
  signal?: AbortSignal;
  onWarning?(message: string): void;
  onNote?(message: string): void;
  onProgress?: RunOptions["onProgress"];
}

/** Of the memory for a run, what DuckDB may use while it selects; it is given back before the run reads. */
const SELECTION_SHARE = 0.5;

/**
 * Plans a run and, unless it is a dry one, executes it. Failed granules are in the report. Throws
 * GranaryErrors: bad input, refused credentials, failing disks, interruption.
 */
export async function aggregate(
  request: AggregateRequest,
): Promise<{ plan: Plan; report: RunReport | null }> {
  const warn = request.onWarning ?? (() => {});
  const pipeline = overridden(request, warn);
  const catalogFile = request.catalog ?? pipeline.catalog;
  if (catalogFile === null) throw inputError("no catalog: say --catalog FILE, or name one in the config");
  const store = request.store ?? pipeline.output.store;
  if (store === null) throw inputError("no store: say -o STORE, or name one as output.store in the config");
  const driver = parseDrivers(request.driver ?? pipeline.dataSource.driver ?? "auto");
  const workers = request.workers ?? defaultWorkers();
  const memoryBytes = request.memoryBytes ?? defaultMemoryBytes();

  let opener: SourceOpener | undefined;
  const openerOnce = () => opener ??= new SourceOpener({ signal: request.signal, warn });
  // Threads come up while DuckDB selects.
  const executor = request.dryRun ? undefined : startExecutor(workers, () => Promise.resolve(openerOnce()));
  try {
    const plan = await planFromCatalog(catalogFile, pipeline, request, memoryBytes);
    for (const { what, granules } of plan.leftOut) warn(`left out: ${what} (${granules} granules)`);
    if (executor === undefined) return { plan, report: null };
    const remote = /^s3:\/\//i.test(store);
    const needsRegion = driver === "auto" && plan.granules.some((row) => row.s3_base !== null);
    const localRegion = needsRegion ? await openerOnce().aws.region() : undefined;
    const report = await executePlan(plan, {
      store: remote ? openTarget(store, openerOnce()) : store,
      runDirectory: runDirectory(request, store, remote, openerOnce),
      scratch: request.scratch,
      mode: request.mode,
      locate: (granule): SourceLocation => {
        const row = plan.granules[granule];
        const asset = chooseAsset(row, pipeline.dataSource.asset);
        return locate(row, driver, { localRegion, asset, warn });
      },
      memoryBytes,
      onError: request.onError,
      checkpoint: request.checkpoint,
      signal: request.signal,
      onProgress: request.onProgress,
      onNote: request.onNote,
      lease: {
        onWait: (holder, seconds) =>
          warn(`waiting up to ${seconds} s to see whether ${holder.host} still runs it`),
      },
      executor,
    });
    return { plan, report };
  } finally {
    await executor?.close();
  }
}

async function planFromCatalog(
  file: string,
  pipeline: Pipeline,
  request: AggregateRequest,
  memoryBytes: number,
): Promise<Plan> {
  const catalog = await openCatalog(file, {
    memoryBytes: Math.floor(memoryBytes * SELECTION_SHARE),
    scratch: request.scratch,
  });
  try {
    return await prepareRun(catalog, pipeline, {
      cells: selectedCells(pipeline, request),
      maxCells: request.maxCells,
      where: request.where,
      providers: request.providers,
      unknownExtent: request.unknownExtent,
      levels: request.levels === undefined ? undefined : parseLevels(request.levels),
      signal: request.signal,
    });
  } finally {
    catalog.close();
  }
}

/** The parents under every condition on place: named cells, an area, the config's box. */
function selectedCells(pipeline: Pipeline, request: AggregateRequest): Set<number> | undefined {
  const { parentOrder, latitude } = pipeline.output;
  const conditions: Set<number>[] = [];
  if (request.cells !== undefined) {
    conditions.push(new Set(request.cells.map((name) => Number(parseCellAt(name, parentOrder)))));
  }
  if (request.area !== undefined) conditions.push(new Set(request.area.cells(parentOrder, latitude)));
  const { bbox } = pipeline.bounds;
  if (bbox !== null) conditions.push(new Set(boxArea(...bbox).cells(parentOrder, latitude)));
  if (conditions.length === 0) return undefined;
  const [first, ...others] = conditions;
  return new Set([...first].filter((cell) => others.every((other) => other.has(cell))));
}

/** The config's pipeline with what the request says over it. */
function overridden(request: AggregateRequest, warn: (message: string) => void): Pipeline {
  let pipeline: Pipeline;
  if (typeof request.config === "string") {
    const parsed = loadConfig(request.config);
    parsed.warnings.forEach(warn);
    pipeline = parsed.pipeline;
  } else pipeline = request.config;
  const { output } = pipeline;
  return {
    ...pipeline,
    output: {
      ...output,
      parentOrder: request.parentOrder ?? output.parentOrder,
      childOrder: request.childOrder ?? output.childOrder,
      latitude: request.latitude ?? output.latitude,
      layout: request.layout ?? output.layout,
      shard: request.shard ?? output.shard,
    },
  };
}

/** A store on S3 has its run directory there, and its runs files on this machine. */
function runDirectory(
  request: AggregateRequest,
  store: string,
  remote: boolean,
  opener: () => SourceOpener,
): RunDirectory | undefined {
  const place = request.runDirectory ?? (remote ? `${store.replace(/\/+$/, "")}.run` : undefined);
  if (place === undefined) return undefined;
  if (!/^s3:\/\//i.test(place)) return RunDirectory.in(place, request.scratch);
  if (request.scratch === undefined) {
    throw inputError(`${place}: a run directory on S3 needs --scratch DIR for what does not fit memory`);
  }
  return RunDirectory.at(openTarget(place, opener()), request.scratch);
}
