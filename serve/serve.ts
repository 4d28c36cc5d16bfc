/** The server: its endpoints put together, listening until told to stop. */
import { getRequestListener } from "@hono/node-server";
import { SourceOpener } from "../core/access/open.ts";
import { listenHttp } from "../core/http/listen.ts";
import { VERSION } from "../core/version.ts";
import type { ServeContext } from "./context.ts";
import { type DriverChoice, parseDrivers } from "../catalog/driver.ts";
import { Api } from "./http/api.ts";
import { Metrics } from "./http/metrics.ts";
import { DEFAULT_LIMITS, type ServeLimits } from "./limits.ts";
import { BlockStore } from "./layers/block_store.ts";
import { GridFiles } from "./layers/grid_files.ts";
import { addCatalogs } from "./routes/catalogs.ts";
import { addColormaps } from "./routes/colormaps.ts";
import { addCompatibility } from "./routes/compatibility.ts";
import { addLanding } from "./routes/landing.ts";
import { addService } from "./routes/service.ts";
import { addGranules } from "./routes/granules.ts";
import { addMap } from "./routes/map.ts";
import { addLegacy } from "./routes/legacy.ts";
import { addParts } from "./routes/parts.ts";
import { addPoint } from "./routes/point.ts";
import { addSeries } from "./routes/series.ts";
import { addStatistics } from "./routes/statistics.ts";
import { addTileJson } from "./routes/tilejson.ts";
import { addStores } from "./routes/stores.ts";
import { addStoreTiles } from "./routes/store_tiles.ts";
import { addZarr } from "./routes/zarr.ts";
import { StoreBlocks } from "./stores/block_cache.ts";
import { StoreShelf } from "./stores/store_shelf.ts";
import { addTileMatrixSets } from "./routes/tile_matrix_sets.ts";
import { addTiles } from "./routes/tiles.ts";
import { addTimeSeries } from "./routes/timeseries.ts";
import { CmrSearch } from "./search/cmr_source.ts";
import { CatalogShelf } from "./search/shelf.ts";
import { GranuleSources } from "./search/sources.ts";

export interface ServeOptions {
  host: string;
  port: number;
  /** Places of catalogs, as {@linkcode CatalogShelf.open} takes them. */
  catalogs: readonly string[];
  /** Places of stores, as {@linkcode StoreShelf.open} takes them. */
  stores?: readonly string[];
  /** The search endpoint of CMR; undefined does not ask it. */
  cmrUrl?: string | undefined;
  /** By which of a granule's addresses it is read; default what is nearest. */
  drivers?: DriverChoice;
  /** Bytes of decoded blocks that are kept. */
  memoryBytes?: number;
  allowOrigin: string | null;
  baseUrl: string | null;
  limits?: Partial<ServeLimits>;
  signal: AbortSignal;
  log: {
    info: (message: string) => void;
    warn: (message: string) => void;
    /** A line a request; absent for none. */
    request?: (line: string) => void;
  };
  onListening: (url: string) => void;
}

/** Requests that came before the stop have so long to be answered. */
const GRACE_MS = 8_000;
/** A request that has not come whole by then is refused. */
const SLOWEST_REQUEST_MS = 30_000;
const MOST_CONNECTIONS = 10_000;
const DEFAULT_AT_ONCE = 8;
/** Bytes of decoded blocks that are kept, unless stated. */
const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;

/** Serves until the signal aborts; then answers what came, and ends. */
export async function serve(options: ServeOptions): Promise<void> {
  const { log, signal } = options;
  const limits: ServeLimits = { ...DEFAULT_LIMITS, atOnce: DEFAULT_AT_ONCE, ...options.limits };
  const metrics = new Metrics();
  const catalogs = await CatalogShelf.open(options.catalogs, { note: log.info });
  const stopped = new AbortController();
  const opener = new SourceOpener({ warn: log.warn, signal: stopped.signal });
  const cmr = options.cmrUrl === undefined ? null : new CmrSearch(options.cmrUrl, opener, log.warn);
  if (cmr !== null) metrics.counter("granary_cmr_requests_total", "Requests to CMR.", () => cmr.requests);
  const stores = await StoreShelf.open(options.stores ?? [], opener, log.info);
  const memoryBytes = options.memoryBytes ?? DEFAULT_MEMORY_BYTES;
  // Where stores are served, half of the memory is theirs.
  const storeBlocks = new StoreBlocks(stores.names().length === 0 ? 0 : memoryBytes / 2);
  const blocks = new BlockStore(memoryBytes - storeBlocks.capacityBytes);
  const files = new GridFiles(opener, blocks);
  metrics.gauge("granary_blocks_bytes", "Bytes of decoded blocks that are kept.", () => blocks.usedBytes);
  metrics.counter(
    "granary_block_hits_total",
    "Blocks that were kept when they were needed.",
    () => blocks.hits,
  );
  metrics.counter("granary_block_misses_total", "Blocks that had to be read.", () => blocks.misses);
  metrics.gauge(
    "granary_store_blocks_bytes",
    "Bytes of decoded blocks of stores that are kept.",
    () => storeBlocks.usedBytes,
  );
  metrics.gauge("granary_files_open", "Files that are kept open.", () => files.kept);
  metrics.counter("granary_file_opens_total", "Files that were opened.", () => files.opens);
  const api = new Api({
    limits,
    metrics,
    allowOrigin: options.allowOrigin,
    baseUrl: options.baseUrl,
    onRequest: log.request ?? (() => {}),
    onFailure: (message) => log.warn(message),
  });
  const context: ServeContext = {
    api,
    limits,
    metrics,
    catalogs,
    stores,
    storeBlocks,
    sources: new GranuleSources(catalogs, cmr),
    opener,
    reading: {
      files,
      drivers: options.drivers ?? parseDrivers("auto"),
      localRegion: await opener.aws.region(),
    },
    onGranuleFailure: ({ row }, error) => log.warn(`${row.collection} ${row.id}: ${error.message}`),
    version: VERSION,
    ready: () => !signal.aborted,
  };
  addLanding(context);
  addService(context);
  addCatalogs(context);
  addTileMatrixSets(context);
  addColormaps(context);
  addTileJson(context);
  addGranules(context);
  addPoint(context);
  addCompatibility(context);
  addTiles(context);
  addParts(context);
  addStatistics(context);
  addTimeSeries(context);
  addSeries(context);
  addStores(context);
  addStoreTiles(context);
  addZarr(context);
  addMap(context);
  addLegacy(context);
  try {
    const listener = await listenHttp(
      getRequestListener(api.app.fetch, { overrideGlobalObjects: false }),
      {
        host: options.host,
        port: options.port,
        requestTimeoutMs: SLOWEST_REQUEST_MS,
        mostConnections: MOST_CONNECTIONS,
      },
    );
    options.onListening(listener.url);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await listener.close(GRACE_MS);
  } finally {
    stopped.abort(signal.reason);
    catalogs.close();
    await stores.close();
    files.close();
    await opener.close();
  }
}
