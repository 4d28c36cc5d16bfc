/** The main job as one function: config and catalog in, store and report out. */
import { mayBePlain } from "../catalog/file/small_catalog.ts";
import { LazyDuck } from "../core/tables/lazy_duck.ts";
import type { AggregateOutcome } from "./fulfil.ts";
import { type AggregateRequest, selectionDuck } from "./request.ts";

export type { AggregateOutcome, AggregateRequest };

/**
 * Plans a run and, unless it is a dry one, executes it. Failed granules are in the report. Throws
 * GranaryErrors: bad input, refused credentials, failing disks, interruption.
 */
export async function aggregate(request: AggregateRequest): Promise<AggregateOutcome> {
  const duck = new LazyDuck({ ...selectionDuck(request), signal: request.signal });
  // Where it is needed it comes up while what needs it is loaded and the request is settled.
  if (needsDuck(request)) await duck.start();
  try {
    const { fulfil } = await import("./fulfil.ts");
    return await fulfil(request, duck);
  } finally {
    await duck.close();
  }
}

/** Whether it is certain, or not known yet, that the rows of a request are DuckDB's to select. */
function needsDuck({ catalog, filter }: AggregateRequest): boolean {
  return catalog === undefined || filter?.where !== undefined || !mayBePlain(catalog);
}
