/** What every endpoint of a server works with. */
import type { SourceOpener } from "../core/access/open.ts";
import type { Api } from "./http/api.ts";
import type { Metrics } from "./http/metrics.ts";
import type { ReadContext } from "./layers/read_granule.ts";
import type { ServeLimits } from "./limits.ts";
import type { ServedGranule } from "./search/granules.ts";
import type { CatalogShelf } from "./search/shelf.ts";
import type { StoreBlocks } from "./stores/block_cache.ts";
import type { StoreShelf } from "./stores/store_shelf.ts";
import type { GranuleSources } from "./search/sources.ts";

export interface ServeContext {
  readonly api: Api;
  readonly limits: ServeLimits;
  readonly metrics: Metrics;
  readonly catalogs: CatalogShelf;
  readonly stores: StoreShelf;
  readonly storeBlocks: StoreBlocks;
  /** Where requests look for granules. */
  readonly sources: GranuleSources;
  /** The one way to bytes, with the server's own credentials. */
  readonly opener: SourceOpener;
  /** How granules are read: open files, cached blocks, drivers. */
  readonly reading: ReadContext;
  /** Hears of a granule that could not be read while others could. */
  readonly onGranuleFailure: (granule: ServedGranule, error: Error) => void;
  readonly version: string;
  /** Whether requests are taken: false once the server is stopping. */
  ready(): boolean;
}
