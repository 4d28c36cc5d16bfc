/** Plans from a catalog's file. */
import { type CatalogOptions, openCatalog } from "../../catalog/file/open_catalog.ts";
import type { Pipeline } from "../pipeline.ts";
import type { PrepareOptions } from "./asked.ts";
import type { Plan } from "./plan.ts";
import { prepareRun } from "./prepare.ts";

/** {@linkcode prepareRun} of a catalog's file, which is closed afterwards. */
export async function planFromCatalog(
  file: string,
  options: CatalogOptions,
  pipeline: Pipeline,
  asked: PrepareOptions,
): Promise<Plan> {
  const catalog = await openCatalog(file, options);
  try {
    return await prepareRun(catalog, pipeline, asked);
  } finally {
    catalog.close();
  }
}
