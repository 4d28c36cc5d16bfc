/** What is asked of a file whose grids are opened. */
import type { GridMask } from "./placing.ts";

export interface OpenGridsOptions {
  /** The coordinate reference system of the axes, by its code: goes before what the file says. */
  readonly crs?: string;
  /** The named grid on which variables with latitudes and longitudes of two dimensions lie: `EASE2_M36km`. */
  readonly grid?: string;
  /** Values outside of the range that a variable states as valid are read as no values. */
  readonly mask?: GridMask;
  /** Globs over the variables' paths; a glob without a slash is one of names. Default: all. A TIFF has one grid. */
  readonly variables?: readonly string[];
  readonly signal?: AbortSignal;
}
