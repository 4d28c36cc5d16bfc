/** What an aggregation is asked, and the same with the config's answers and the defaults where nothing is asked. */
import { type GranuleDrivers, parseDrivers } from "../catalog/driver_choice.ts";
import { isRemoteCatalog } from "../catalog/file/remote_catalogs.ts";
import { safeName } from "../core/access/redact.ts";
import { inputError } from "../core/errors.ts";
import { outputAddress, placeFor, READS_ANYWHERE } from "../core/files/address.ts";
import type { DuckOptions } from "../core/tables/duckdb.ts";
import type { Pipeline } from "./pipeline.ts";
import type { PrepareOptions } from "./plan/asked.ts";
import { type ConfigRequest, requestedPipeline } from "./requested_pipeline.ts";
import { requestedSelection, type SelectionRequest } from "./requested_selection.ts";
import type { RunOptions } from "./run/run_options.ts";
import { defaultMemoryBytes, defaultWorkers } from "./schedule/budget.ts";

/** What `granary aggregate` is asked. Absent values are the config's, or the defaults of the engine. */
export interface AggregateRequest extends ConfigRequest, SelectionRequest {
  catalog?: string;
  store?: string;
  driver?: string;
  workers?: number;
  memoryBytes?: number;
  scratch?: string;
  runDirectory?: string;
  mode?: RunOptions["mode"];
  onError?: RunOptions["onError"];
  checkpoint?: RunOptions["checkpoint"];
  /** Plan and do nothing. */
  dryRun?: boolean;
  /** With a plan, to measure at one granule from where it is, where none is on this machine. */
  calibrate?: boolean;
  /** Plan, and write the run directory for others to do the tasks. */
  planOnly?: boolean;
  /** A row index; by default the one beside the catalog, if it is there. */
  rowIndex?: string;
  /** The order of a row index to write beside the catalog, of the granules that are read whole. */
  writeRowIndex?: number;
  /** The process exits when the outcome is told: threads are left to end with it. */
  exitsAfter?: boolean;
  onWarning?(message: string): void;
  onNote?(message: string): void;
  onProgress?: RunOptions["onProgress"];
}

/** A request of which nothing is open any more. */
interface SettledRequest {
  pipeline: Pipeline;
  /** The catalog's file. */
  catalog: string;
  /** The store's address. */
  store: string;
  drivers: GranuleDrivers;
  selection: PrepareOptions;
  workers: number;
  memoryBytes: number;
  duck: DuckOptions;
  /** Plans alone are wanted. */
  planning: boolean;
}

/** Of the memory for a run, what DuckDB may use while it selects; it is given back before the run reads. */
const SELECTION_SHARE = 0.5;

/** With less DuckDB does not open a catalog; a run needs more than this anyway. */
const LEAST_SELECTION_BYTES = 128e6;

function memoryOf({ memoryBytes }: AggregateRequest): number {
  return memoryBytes ?? defaultMemoryBytes();
}

/** The DuckDB that selects for a request. */
export function selectionDuck(request: AggregateRequest): DuckOptions {
  const share = Math.floor(memoryOf(request) * SELECTION_SHARE);
  return { memoryBytes: Math.max(share, LEAST_SELECTION_BYTES), scratch: request.scratch };
}

/** Throws an input error for what a request may not ask, and where catalog or store are named nowhere. */
export async function settleRequest(
  request: AggregateRequest,
  warn: (message: string) => void,
): Promise<SettledRequest> {
  if (request.calibrate && !request.dryRun) {
    throw inputError("--calibrate goes with --dry-run (a run needs none)");
  }
  const { pipeline, driverPlace, configs } = await requestedPipeline(request, warn);
  if (configs > 1 && (request.rowIndex ?? request.writeRowIndex) !== undefined) {
    throw inputError(
      "--row-index and --write-row-index go with one config: rows of an index are those of one",
    );
  }
  const named = request.catalog ?? pipeline.catalog;
  if (named === null) throw inputError("no catalog: say --catalog FILE, or name one in the config");
  const store = request.store ?? pipeline.output.store;
  if (store === null) throw inputError("no store: say -o STORE, or name one as output.store in the config");
  const catalog = placeFor(named, READS_ANYWHERE), address = outputAddress(store);
  if (isRemoteCatalog(catalog) && request.writeRowIndex !== undefined && request.rowIndex === undefined) {
    throw inputError(
      `${safeName(catalog)}: a row index is not written beside a catalog that lies elsewhere` +
        " (name a file of this machine by --row-index)",
    );
  }
  const memoryBytes = memoryOf(request);
  const driver = request.driver ?? pipeline.dataSource.driver ?? "auto";
  return {
    pipeline,
    selection: requestedSelection(request, pipeline),
    catalog,
    store: address,
    workers: request.workers ?? defaultWorkers(),
    memoryBytes,
    duck: selectionDuck(request),
    planning: request.dryRun === true || request.planOnly === true,
    drivers: {
      text: driver,
      saidBy: request.driver === undefined ? driverPlace ?? "--driver auto" : "--driver",
      choice: parseDrivers(driver),
    },
  };
}
