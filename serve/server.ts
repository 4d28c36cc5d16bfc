/** The server: its endpoints put together over catalogs, stores and files, without a socket. */
import { SourceOpener } from "../core/access/open.ts";
import { VERSION } from "../core/version.ts";
import { type DriverChoice, parseDrivers } from "../catalog/driver_choice.ts";
import { RemoteCatalogs } from "../catalog/file/remote_catalogs.ts";
import type { ServeContext } from "./context.ts";
import { type AllowedOrigins, Api } from "./http/api.ts";
import { Metrics } from "./http/metrics.ts";
import { DEFAULT_LIMITS, mostValues, type ServeLimits } from "./limits.ts";
import { PixelBudget } from "./pixel_budget.ts";
import { BlockStore } from "./layers/block_store.ts";
import { GridFiles } from "./layers/grid_files.ts";
import { addFeeds } from "./feeds/feeds.ts";
import type { ServedFeed } from "./feeds/served_feed.ts";
import { addCatalogs } from "./routes/catalogs.ts";
import { addDataEndpoints } from "./routes/data.ts";
import { addAlgorithms } from "./routes/algorithms.ts";
import { addColormaps } from "./routes/colormaps.ts";
import { addLanding } from "./routes/landing.ts";
import { addService } from "./routes/service.ts";
import { addGranules } from "./routes/granules.ts";
import { addMap } from "./routes/map.ts";
import { addLegacy } from "./routes/legacy.ts";
import { addTileJson } from "./routes/tilejson.ts";
import { addZarr } from "./routes/zarr.ts";
import { StoreBlocks } from "./stores/block_cache.ts";
import { ServedStores, storeReaders } from "./stores/served_stores.ts";
import { addTileMatrixSets } from "./routes/tile_matrix_sets.ts";
import { addTimeSeries } from "./routes/timeseries.ts";
import { addWmts } from "./routes/wmts.ts";
import { CmrSearch } from "./search/cmr_source.ts";
import { LeftOut, leftOutMessage } from "./http/left_out.ts";
import { ServedCatalogs } from "./search/served_catalogs.ts";
import { GranuleSources } from "./search/sources.ts";
import type { WorkerCounts } from "./workers/contract.ts";
import { WorkerPool } from "./workers/pool.ts";

export interface ServerOptions {
  /** Places of catalogs, as {@linkcode ServedCatalogs.open} takes them. */
  catalogs: readonly string[];
  /** Places of stores, as {@linkcode ServedStores.open} takes them. */
  stores?: readonly string[];
  /** Feeds whose state is shown. */
  feeds?: readonly ServedFeed[];
  /** The search endpoint of CMR; undefined does not ask it. */
  cmrUrl?: string | undefined;
  /** By which of a granule's addresses it is read; default what is nearest. */
  drivers?: DriverChoice;
  /** Bytes of decoded blocks that are kept, by all threads together. */
  memoryBytes?: number;
  /** Threads that take pixels apart; 0 does it in this one. */
  workers?: number;
  allowOrigin: AllowedOrigins;
  baseUrl: string | null;
  limits?: Partial<ServeLimits>;
  signal: AbortSignal;
  log: {
    info: (message: string) => void;
    warn: (message: string) => void;
    /** A line a request; absent for none. */
    request?: (line: string) => void;
  };
}

export interface Server {
  /**
   * Answers one request; never rejects. `env` holds the connection, where there is one, or as `basePath` what clients
   * write between the host and this server's paths.
   */
  fetch(request: Request, env?: object): Response | Promise<Response>;
  /** Ends what is under way, and closes all that is open. */
  close(reason?: unknown): Promise<void>;
}

const DEFAULT_AT_ONCE = 8;
/** Bytes of decoded blocks that are kept, unless stated. */
const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;

/** Opens what is served. Once the signal aborts, the server is no longer ready. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { log, signal } = options;
  const limits: ServeLimits = { ...DEFAULT_LIMITS, atOnce: DEFAULT_AT_ONCE, ...options.limits };
  const metrics = new Metrics();
  const stopped = new AbortController();
  const opener = new SourceOpener({ warn: log.warn, signal: stopped.signal });
  const remote = new RemoteCatalogs(opener);
  const catalogs = await ServedCatalogs.open(options.catalogs, { note: log.info, remote });
  const cmr = options.cmrUrl === undefined ? null : new CmrSearch(options.cmrUrl, opener, log.warn);
  if (cmr !== null) metrics.counter("granary_cmr_requests_total", "Requests to CMR.", () => cmr.requests);
  const stores = await ServedStores.open(options.stores ?? [], storeReaders(opener), log.info);
  const memoryBytes = options.memoryBytes ?? DEFAULT_MEMORY_BYTES;
  // Where stores are served, half of the memory is theirs.
  const storeBytes = stores.names().length === 0 ? 0 : memoryBytes / 2;
  const drivers = options.drivers ?? parseDrivers("auto");
  const localRegion = await opener.aws.region();
  const leftOut = new LeftOut((what, why) => log.warn(leftOutMessage(what, why)));
  const sources = new GranuleSources(catalogs, cmr, leftOut);
  const workers = options.workers ?? 0;
  const pool = workers === 0 ? undefined : new WorkerPool({
    count: workers,
    settings: {
      limits,
      drivers,
      localRegion,
      gridBytes: (memoryBytes - storeBytes) / workers,
      storeBytes: storeBytes / workers,
      stores: stores.places,
    },
    desk: { opener, sources, readerOf: storeReaders(opener) },
    warn: log.warn,
    leftOut,
  });
  // What threads keep is theirs; this one keeps blocks only where it has no threads.
  const storeBlocks = new StoreBlocks(pool === undefined ? storeBytes : 0);
  const blocks = new BlockStore(pool === undefined ? memoryBytes - storeBytes : 0);
  const files = new GridFiles(opener, blocks);
  const counts = (): WorkerCounts =>
    pool?.counts ?? {
      blockBytes: blocks.usedBytes,
      blockHits: blocks.hits,
      blockMisses: blocks.misses,
      storeBytes: storeBlocks.usedBytes,
      filesOpen: files.kept,
      opens: files.opens,
    };
  addCounts(metrics, counts);
  metrics.counter(
    "granary_workers_replaced_total",
    "Worker threads that had to be replaced.",
    () => pool?.replaced ?? 0,
  );
  const api = new Api({
    limits,
    metrics,
    allowOrigin: options.allowOrigin,
    baseUrl: options.baseUrl,
    onRequest: log.request,
    onFailure: (message) => log.warn(message),
    apart: pool === undefined ? undefined : (operation, asked) => pool.run(operation, asked),
  });
  const context: ServeContext = {
    api,
    limits,
    metrics,
    catalogs,
    stores,
    storeBlocks,
    sources,
    opener,
    reading: {
      files,
      drivers,
      localRegion,
      mostValues: mostValues(limits),
    },
    pixels: new PixelBudget(limits.pixels),
    onGranuleFailure: ({ row }, error) => log.warn(`${row.collection} ${row.id}: ${error.message}`),
    leftOut,
    version: VERSION,
    ready: () => !signal.aborted,
  };
  addLanding(context);
  addService(context);
  addCatalogs(context);
  addTileMatrixSets(context);
  addAlgorithms(context);
  addColormaps(context);
  addTileJson(context);
  addWmts(context);
  addGranules(context);
  addTimeSeries(context);
  addDataEndpoints(context);
  addZarr(context);
  addMap(context, (options.feeds ?? []).map(({ name }) => name));
  addFeeds(context, options.feeds ?? []);
  addLegacy(context);
  return {
    fetch: (request, env) => api.app.fetch(request, env),
    async close(reason) {
      stopped.abort(reason);
      await pool?.close();
      catalogs.close();
      remote.close();
      await stores.close();
      files.close();
      await opener.close();
    },
  };
}

function addCounts(metrics: Metrics, counts: () => WorkerCounts): void {
  metrics.gauge(
    "granary_blocks_bytes",
    "Bytes of decoded blocks that are kept.",
    () => counts().blockBytes,
  );
  metrics.counter(
    "granary_block_hits_total",
    "Blocks that were kept when they were needed.",
    () => counts().blockHits,
  );
  metrics.counter("granary_block_misses_total", "Blocks that had to be read.", () => counts().blockMisses);
  metrics.gauge(
    "granary_store_blocks_bytes",
    "Bytes of decoded blocks of stores that are kept.",
    () => counts().storeBytes,
  );
  metrics.gauge("granary_files_open", "Files that are kept open.", () => counts().filesOpen);
  metrics.counter("granary_file_opens_total", "Files that were opened.", () => counts().opens);
}
