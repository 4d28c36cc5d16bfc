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
 * Functions throw {@linkcode GranaryError}s, distinguished by `tag`; every long one takes an `AbortSignal`.
 *
 * @module
 */

// Errors.
export { type ErrorTag, EXIT_CODES, GranaryError } from "./core/errors.ts";

// Cells: HEALPix nested ids, their names and places.
export { cellName, mortonName, parseCellName } from "./core/cells/cell_name.ts";
export {
  decimalFromNested,
  nestedFromDecimal,
  nestedFromPacked,
  type OrderedCell,
  packedFromNested,
} from "./core/cells/morton.ts";
export { cellCentre, cellCorners, type LonLat } from "./core/cells/place.ts";
export { assignNested } from "./core/cells/assign.ts";
export { neighbours } from "./core/cells/neighbours.ts";

// Discovering granules.
export type { LocalGranules } from "./catalog/discover/files/local_granules.ts";
export { localGranules, type LocalGranulesOptions } from "./aggregate/local_granules.ts";
export {
  discoverCmr,
  discoverCmrJson,
  type DiscoverOptions,
  discoverStac,
  type Discovery,
} from "./catalog/discover/discover.ts";
export type { CmrQuery } from "./catalog/discover/cmr/cmr_query.ts";
export { defaultHttpIo, type HttpIo } from "./catalog/discover/draft/http_text.ts";

// Catalogs.
export type { GranuleAsset, GranuleRow } from "./catalog/granule.ts";
export { buildCatalog, type BuildOptions, type BuildResult } from "./catalog/write/build.ts";
export { writeCellIndex, type WrittenCellIndex } from "./catalog/cell_index/write_index.ts";
export { mergeCatalogs, type MergeResult } from "./catalog/write/merge.ts";
export { type Catalog, openCatalog } from "./catalog/file/open_catalog.ts";
export { type CatalogInfo, catalogInfo } from "./catalog/query/info.ts";
export { validateCatalog, type ValidationReport } from "./catalog/validate/validate.ts";
export type { GranuleFilter } from "./catalog/query/filter.ts";
export { type Area, boxArea, geometryArea } from "./core/geometry/area.ts";
export { readPolygonFile } from "./core/vector/area_file.ts";
export { countParents, select, type Selection, type SelectOptions } from "./catalog/query/select.ts";
export { runSql } from "./catalog/query/sql.ts";
export { fetchGranules, type FetchOptions, type FetchReport } from "./catalog/mirror/fetch.ts";

// Configs.
export { loadConfig, loadPreset } from "./aggregate/config/load.ts";
export { parseConfig, type ParsedConfig } from "./aggregate/config/parse.ts";
export { PRESET_NAMES } from "./products/presets/index.ts";
export type { Pipeline } from "./aggregate/pipeline.ts";
export type { LatitudeConvention } from "./core/cells/convention.ts";

// Planning and running.
export type { PrepareOptions } from "./aggregate/plan/asked.ts";
export { prepareRun } from "./aggregate/plan/prepare.ts";
export { type Plan, type PlanOptions, planRun, type RunSelection } from "./aggregate/plan/plan.ts";
export { aggregate, type AggregateOutcome, type AggregateRequest } from "./aggregate/aggregate.ts";
export { executePlan } from "./aggregate/run/execute.ts";
export type { RunOptions } from "./aggregate/run/run_options.ts";
export type { RunReport } from "./aggregate/run/whole_run.ts";
export { finish, status, work } from "./aggregate/job.ts";
export type { TaskOptions, TaskOutcome } from "./runs/job.ts";

// Looking.
export type { StoreArray, StoreLevel } from "./core/store/levels.ts";
export { type CellValues, GranaryStore, openStore, type WholeLevel } from "./core/store/open.ts";
export { type PlotOptions, plotStore, type PlotSummary } from "./aggregate/map/plot.ts";
export { simulate, type SimulatedFile, type SimulateOptions } from "./products/simulate/simulate.ts";
