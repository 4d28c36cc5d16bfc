/**
 * granary's library: the same steps as the command line, as functions.
 *
 * ```ts
 * import { aggregate, buildCatalog, localGranules, openStore } from "granary";
 *
 * const granules = localGranules(["granules/"], { config: "atl06" });
 * await buildCatalog({
 *   rows: granules.rows,
 *   queries: () => [granules.query()],
 *   output: "catalog.parquet",
 *   cellOrder: 8,
 * });
 * await granules.close();
 * const { report } = await aggregate({ config: "atl06", catalog: "catalog.parquet", store: "store.zarr" });
 * const store = await openStore("store.zarr");
 * const { cellIds, values } = await store.read("h_mean", 12);
 * ```
 *
 * Functions throw {@linkcode GranaryError}s, told apart by `tag`; every long one takes an `AbortSignal`.
 *
 * @module
 */

// Errors.
export { type ErrorTag, EXIT_CODES, GranaryError } from "./base/errors.ts";

// Cells: HEALPix nested ids, their names and places.
export { cellName, mortonName, parseCellName } from "./catalog/cells/cell_name.ts";
export {
  decimalFromNested,
  nestedFromDecimal,
  nestedFromPacked,
  type OrderedCell,
  packedFromNested,
} from "./catalog/cells/morton.ts";
export { cellCentre, cellCorners, type LonLat } from "./catalog/cells/place.ts";
export { assignNested } from "./catalog/cells/assign.ts";
export { neighbours } from "./catalog/cells/neighbours.ts";

// Discovering granules.
export {
  type LocalGranules,
  localGranules,
  type LocalGranulesOptions,
} from "./aggregate/scan/local_granules.ts";
export {
  discoverCmr,
  discoverCmrJson,
  type DiscoverOptions,
  discoverStac,
  type Discovery,
} from "./catalog/sources/discover.ts";
export type { CmrQuery } from "./catalog/sources/cmr_query.ts";
export { defaultHttpIo, type HttpIo } from "./catalog/sources/http_text.ts";

// Catalogs.
export type { GranuleAsset, GranuleRow } from "./catalog/granule.ts";
export { buildCatalog, type BuildOptions, type BuildResult } from "./catalog/build.ts";
export { mergeCatalogs, type MergeResult } from "./catalog/merge.ts";
export { type Catalog, openCatalog } from "./catalog/open.ts";
export { type CatalogInfo, catalogInfo } from "./catalog/info.ts";
export { validateCatalog, type ValidationReport } from "./catalog/validate.ts";
export type { GranuleFilter } from "./catalog/filter.ts";
export { type Area, boxArea, geometryArea, readPolygonFile } from "./catalog/area.ts";
export { countParents, select, type Selection, type SelectOptions } from "./catalog/select.ts";
export { runSql } from "./catalog/sql.ts";
export { fetchGranules, type FetchOptions, type FetchReport } from "./catalog/fetch.ts";

// Configs.
export { loadConfig, loadPreset } from "./aggregate/config/load.ts";
export { parseConfig, type ParsedConfig } from "./aggregate/config/parse.ts";
export { PRESET_NAMES } from "./aggregate/config/presets/index.ts";
export type { LatitudeConvention, Pipeline } from "./aggregate/config/pipeline.ts";

// Planning and running.
export { type PrepareOptions, prepareRun } from "./aggregate/run/prepare.ts";
export { type Plan, type PlanOptions, planRun, type RunSelection } from "./aggregate/engine/plan.ts";
export { aggregate, type AggregateRequest } from "./aggregate/aggregate.ts";
export { executePlan, type RunOptions, type RunReport } from "./aggregate/run/execute.ts";
export { finish, status, work, type WorkOptions } from "./aggregate/work.ts";

// Looking.
export {
  type CellValues,
  GranaryStore,
  openStore,
  type StoreArray,
  type StoreLevel,
  type WholeLevel,
} from "./aggregate/store/open.ts";
export { type PlotOptions, plotStore, type PlotSummary } from "./aggregate/plot/plot.ts";
export { simulate, type SimulatedFile, type SimulateOptions } from "./aggregate/simulate/simulate.ts";
