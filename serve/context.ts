/** What the endpoints of a server work with. */
import type { SourceOpener } from "../core/access/open.ts";
import type { Api } from "./http/api.ts";
import type { Metrics } from "./http/metrics.ts";
import type { OperationList } from "./http/operation.ts";
import type { ReadContext } from "./layers/read_granule.ts";
import type { LeftOut } from "./http/left_out.ts";
import type { ServeLimits } from "./limits.ts";
import type { PixelBudget } from "./pixel_budget.ts";
import type { GranulePlaces, ServedGranule } from "./search/granules.ts";
import type { ServedCatalogs } from "./search/served_catalogs.ts";
import type { StoreBlocks } from "./stores/block_cache.ts";
import type { ServedStores } from "./stores/served_stores.ts";
import type { GranuleSources } from "./search/sources.ts";

/** What endpoints need that take pixels or cells apart: all of it can be had in a worker thread. */
export interface DataContext {
  readonly api: OperationList;
  readonly limits: ServeLimits;
  /** Where requests look for granules. */
  readonly sources: GranulePlaces;
  /** How granules are read: open files, cached blocks, drivers. */
  readonly reading: ReadContext;
  readonly stores: ServedStores;
  readonly storeBlocks: StoreBlocks;
  /** Pixels of outputs that are made at the same time. */
  readonly pixels: PixelBudget;
  /** Hears of a granule that could not be read while others could. */
  readonly onGranuleFailure: (granule: ServedGranule, error: Error) => void;
  /** What answers about many stores or catalogs leave out. */
  readonly leftOut: LeftOut;
}

/** What every other endpoint needs. */
export interface ServeContext extends DataContext {
  readonly api: Api;
  readonly metrics: Metrics;
  readonly catalogs: ServedCatalogs;
  readonly sources: GranuleSources;
  /** The one way to bytes, with the server's own credentials. */
  readonly opener: SourceOpener;
  readonly version: string;
  /** Whether requests are taken: false once the server is stopping. */
  ready(): boolean;
}
