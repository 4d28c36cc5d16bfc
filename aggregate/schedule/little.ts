/** Runs that are done before threads would have started. */
import type { SourceLocation } from "../../core/access/location.ts";
import { GranaryError } from "../../core/errors.ts";
import type { IndexedRows } from "../engine/contract.ts";

/** Rows that one thread reads while others would start. */
const LITTLE_ROWS = 200_000;
/** Opening a granule takes a while, too. */
const LITTLE_GRANULES = 16;

interface Reading {
  granules: number;
  /** What a row index says of a granule; null where all of it is read. */
  rowsOf(granule: number): IndexedRows | null;
  locate(granule: number): SourceLocation;
}

/** Whether this thread does a run by itself sooner than with others: few rows, of few granules on this machine. */
export function readsLittle({ granules, rowsOf, locate }: Reading): boolean {
  if (granules > LITTLE_GRANULES) return false;
  let rows = 0;
  for (let granule = 0; granule < granules; granule++) {
    const indexed = rowsOf(granule);
    if (indexed === null || !isLocal(() => locate(granule))) return false;
    for (const { spans } of indexed.groups) for (const { count } of spans) rows += count;
  }
  return rows <= LITTLE_ROWS;
}

function isLocal(locate: () => SourceLocation): boolean {
  try {
    return locate().kind === "local";
  } catch (error) {
    // A granule without an address fails when its turn comes.
    if (error instanceof GranaryError && error.tag === "granule") return false;
    throw error;
  }
}
