/** Plans from a catalog's file. */
import { type CatalogOptions, openCatalog } from "../catalog/file/open_catalog.ts";
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
 * {@linkcode prepareRun} of a catalog's file, which is closed afterwards, and what the row index at `index` says of it:
 * one DuckDB for both.
 */
export async function planFromCatalog(
  file: string,
  options: CatalogOptions,
  pipeline: Pipeline,
  asked: PrepareOptions,
  index: string | undefined,
): Promise<PlanFromCatalog> {
  const besides = index === undefined ? [] : [index];
  // A condition may ask of the views of `catalog sql`; nothing else does.
  const views = withConfig(pipeline, asked).filter.where !== undefined;
  const catalog = await openCatalog(file, { ...options, besides, views });
  try {
    const plan = await prepareRun(catalog, pipeline, asked);
    // Granules of several sources are read whole.
    const asksIndex = index !== undefined && plan.pipeline.dataSource.sources === undefined;
    return { plan, rows: asksIndex ? await useRowIndex(plan, index, catalog.duck) : undefined };
  } finally {
    catalog.close();
  }
}
