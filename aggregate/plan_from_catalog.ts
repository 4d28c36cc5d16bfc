/** Plans from a catalog's file. */
import { type CatalogOptions, openCatalog } from "../catalog/file/open_catalog.ts";
import { plainCatalogFor } from "../catalog/query/filter.ts";
import { checkScratch } from "../core/tables/duckdb.ts";
import type { LazyDuck } from "../core/tables/lazy_duck.ts";
import { type IndexUse, useRowIndex } from "./row_index/use_index.ts";
import type { Pipeline } from "./pipeline.ts";
import { type PrepareOptions, withConfig } from "./plan/asked.ts";
import type { Plan } from "./plan/plan.ts";
import { prepareRun } from "./plan/prepare.ts";

interface PlanFromCatalog {
  plan: Plan;
  /** What the row index says of the plan's granules; undefined where none is asked. */
  rows: IndexUse | undefined;
}

/**
 * {@linkcode prepareRun} of a catalog's file, and what the row index at `index` says of it: by one DuckDB for both, which
 * is closed afterwards, and without any where neither needs it.
 */
export async function planFromCatalog(
  file: string,
  { duck, ...options }: Omit<CatalogOptions, "duck"> & { duck: LazyDuck },
  pipeline: Pipeline,
  asked: PrepareOptions,
  index: string | undefined,
): Promise<PlanFromCatalog> {
  const { filter } = withConfig(pipeline, asked);
  const planned = async (catalog: Parameters<typeof prepareRun>[0]): Promise<PlanFromCatalog> => {
    const plan = await prepareRun(catalog, pipeline, asked);
    // Granules of several sources are read whole.
    const asksIndex = index !== undefined && plan.pipeline.dataSource.sources === undefined;
    return { plan, rows: asksIndex ? await useRowIndex(plan, index, () => duck.open()) : undefined };
  };
  try {
    const plain = duck.isOpen ? undefined : plainCatalogFor(file, filter);
    if (plain !== undefined) {
      checkScratch(options);
      return await planned(plain);
    }
    const besides = index === undefined ? [] : [index];
    // A condition may ask of the views of `catalog sql`; nothing else does.
    const views = filter.where !== undefined;
    const catalog = await openCatalog(file, { ...options, duck: duck.open(), besides, views });
    try {
      return await planned(catalog);
    } finally {
      catalog.close();
    }
  } finally {
    await duck.close();
  }
}
