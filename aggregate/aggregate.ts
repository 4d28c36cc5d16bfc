/** The main job as one function: config and catalog in, store and report out. */
import { startDuck } from "../core/tables/duckdb.ts";
import type { AggregateOutcome } from "./fulfil.ts";
import { type AggregateRequest, selectionDuck } from "./request.ts";

export type { AggregateOutcome, AggregateRequest };

/**
 * Plans a run and, unless it is a dry one, executes it. Failed granules are in the report. Throws
 * GranaryErrors: bad input, refused credentials, failing disks, interruption.
 */
export async function aggregate(request: AggregateRequest): Promise<AggregateOutcome> {
  // It comes up while what needs it is loaded and the request is settled.
  const { opened } = await startDuck({ ...selectionDuck(request), signal: request.signal });
  try {
    const { fulfil } = await import("./fulfil.ts");
    return await fulfil(request, opened);
  } finally {
    await opened.then((duck) => duck.close(), () => {});
  }
}
