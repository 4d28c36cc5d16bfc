/** A file of grids to COGs: opened, planned, then written one by one. */
import type { ObjectTarget } from "../access/object_target.ts";
import type { Source } from "../access/source.ts";
import { isNoTarget } from "../access/no_bucket.ts";
import { GranaryError, inputError } from "../errors.ts";
import type { TiffRoute } from "../geotiff/keep/route.ts";
import { compressionName } from "../geotiff/tags.ts";
import { type CogBand, type CogSummary, existsAlready, writeCog } from "../geotiff/write/cog.ts";
import {
  type CogOutput,
  cogOutputs,
  fileName,
  granuleName,
  type OutputOptions,
} from "../geotiff/write/outputs.ts";
import type { CogOptions } from "../geotiff/write/plan.ts";
import { countBands } from "../raster/count_bands.ts";
import type { Grid, GridBand, GridFile, RefusedVariable } from "../raster/grid.ts";
import { openGrids } from "./open_grids.ts";
import type { GridMask } from "./placing.ts";

export interface CogRequest extends OutputOptions, Omit<CogOptions, "bands"> {
  /** The first part of every key; default the name of the file. */
  readonly granule?: string;
  /** Globs over the variables' paths; default every variable that is a grid. */
  readonly variables?: readonly string[];
  /** A code that goes before what the file says of its axes. */
  readonly crs?: string;
  /** The named grid on which variables with latitudes and longitudes of two dimensions lie. */
  readonly grid?: string;
  /** Values outside of the range that a variable states as valid are written as no values. */
  readonly mask?: GridMask;
  /**
   * A TIFF's cells stay as they are where they can: a cloud-optimized one byte for byte, a tiled one with its
   * parts in order. Else they are written again.
   */
  readonly keep?: boolean;
  /** Whether the cells of a file that stays are decoded, for statistics. */
  readonly count?: boolean;
}

/** A file that is open, and what it will become. Its opener closes it. */
export interface CogPlanOfFile {
  readonly name: string;
  readonly granule: string;
  readonly source: Source;
  readonly file: GridFile;
  readonly outputs: readonly CogOutput[];
  /** Variables that are no grids. Those that were named by their whole path are errors instead. */
  readonly refused: readonly RefusedVariable[];
}

/** What was written of a file, and where it came from. */
export interface WrittenCog extends Omit<CogSummary, "bands" | "compression" | "overviews"> {
  /** Whether cells were written again, or the file kept whole or in its parts. */
  readonly made: TiffRoute["kind"];
  /** Those of a file that stayed are counted by wish. */
  readonly bands: readonly (GridBand & Partial<CogBand>)[];
  /** No level is known of what others compressed. */
  readonly compression: { readonly name: string; readonly level: number | null };
  readonly overviews: CogSummary["overviews"] | "kept";
  readonly source: string;
  readonly granule: string;
  readonly variable: string;
  /** Milliseconds since 1970 UTC, where all bands are of one time. */
  readonly time: number | null;
}

/**
 * Opens a file and says which COGs it becomes. Throws an input error, and closes the source, where no
 * variable that was asked for is a grid, or where one that was named is none.
 */
export async function planCogs(source: Source, name: string, request: CogRequest): Promise<CogPlanOfFile> {
  const { variables, crs, grid, mask, signal } = request;
  try {
    const file = await openGrids(source, name, {
      ...(variables === undefined ? {} : { variables }),
      ...(crs === undefined ? {} : { crs }),
      ...(grid === undefined ? {} : { grid }),
      ...(mask === undefined ? {} : { mask }),
      ...(signal === undefined ? {} : { signal }),
    });
    const granule = request.granule ?? granuleName(name);
    checkFound(name, file, variables);
    return {
      name,
      granule,
      source,
      file,
      outputs: cogOutputs(granule, file.grids, request),
      refused: file.refused,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function checkFound(name: string, { grids, refused }: GridFile, variables?: readonly string[]): void {
  const reasons = refused.map((variable) => `${variable.name || "its image"}: ${variable.reason}`);
  const named = refused.filter((variable) =>
    variables?.some((glob) => glob.replace(/^\//, "") === variable.name.replace(/^\//, ""))
  );
  if (named.length > 0) {
    throw inputError(`${name}: ${named[0].name}: ${named[0].reason}`, { rule: named[0].rule });
  }
  if (grids.length > 0) return;
  if (refused.length > 0) {
    const more = refused.length > 1 ? ` (and ${refused.length - 1} more variables)` : "";
    throw inputError(`${name}: holds no grid: ${reasons[0]}${more}`, { rule: refused[0].rule });
  }
  throw inputError(
    variables === undefined
      ? `${name}: holds no grid: no variable has two dimensions (granary inspect shows what it holds)`
      : `${name}: no variable of two dimensions is called ${
        variables.join(" or ")
      } (granary inspect shows their names)`,
  );
}

/** Those of a plan's files that are there already. */
export async function existingOutputs(plan: CogPlanOfFile, target: ObjectTarget): Promise<string[]> {
  const prefix = commonFolder(plan.outputs.map(({ key }) => key));
  const there = await target.sizes(prefix);
  return plan.outputs.map(({ key }) => key).filter((key) => there.has(key));
}

function commonFolder(keys: readonly string[]): string {
  if (keys.length === 1) return keys[0];
  const folders = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("/") + 1)));
  return folders.size === 1 ? [...folders][0] : "";
}

/** Writes one file of a plan. */
export async function writePlannedCog(
  plan: CogPlanOfFile,
  output: CogOutput,
  target: ObjectTarget,
  request: CogRequest,
): Promise<WrittenCog> {
  const { grid, bands, key, time } = output;
  const source = fileName(plan.name);
  const tags = {
    SOURCE: source,
    ...(grid.name === "" ? {} : { VARIABLE: grid.name }),
    ...request.tags,
  };
  const origin = { source: plan.name, granule: plan.granule, variable: grid.name, time };
  try {
    const mayStay = request.keep === true && grid.name === "" && bands.length === grid.bands.length;
    const route = mayStay ? await routeOf(plan.source, request.signal) : null;
    if (route !== null && route.kind !== "encoded") {
      return { ...await keepFile(plan.source, grid, route, target, key, request), ...origin };
    }
    const summary = await writeCog(grid, target, key, { ...request, bands, tags });
    const notes = route === null ? [] : [`its cells are written again, since ${route.because}`];
    return { ...summary, notes: [...summary.notes, ...notes], made: "encoded", ...origin };
  } catch (error) {
    throw named(error, plan.name);
  }
}

async function routeOf(source: Source, signal: AbortSignal | undefined): Promise<TiffRoute> {
  const { tiffRoute } = await import("../geotiff/keep/route.ts");
  return await tiffRoute(source, { blocks: true, signal });
}

async function keepFile(
  source: Source,
  grid: Grid,
  route: Exclude<TiffRoute, { kind: "encoded" }>,
  target: ObjectTarget,
  key: string,
  { replace = false, count = false, signal }: CogRequest,
): Promise<Omit<WrittenCog, "source" | "granule" | "variable" | "time">> {
  const counted = count ? await countBands(grid, signal) : null;
  const { putTiff } = await import("../geotiff/keep/put.ts");
  const put = await putTiff(source, route, target, key, {
    replace,
    decoded: counted !== null,
    signal,
  });
  if (put === null) throw existsAlready(target, key);
  const { width, height, affine, crs, dtype, nodata, levels } = grid;
  const { image } = route.structure.main;
  return {
    key,
    ...put,
    made: route.kind,
    width,
    height,
    affine,
    crs,
    dtype,
    nodata,
    bands: grid.bands.map((band, i) => ({ ...band, ...counted?.[i] })),
    levels: levels.map(({ width, height }) => ({ width, height })),
    tileSize: image.blockWidth,
    compression: { name: compressionName(image.compression), level: null },
    overviews: levels.length > 1 ? "kept" : "none",
    notes: route.kind === "reordered"
      ? [...grid.notes, `its blocks stay as they are, in another order: ${route.because}`]
      : [...grid.notes, ...route.better.map((what) => `${what} (--cogs rewrite makes it again)`)],
  };
}

/** An input error about a grid, with the file that it is of. */
function named(error: unknown, name: string): unknown {
  if (!(error instanceof GranaryError) || error.tag !== "input" || error.message.includes(name)) return error;
  if (isNoTarget(error)) return error;
  return inputError(`${name}: ${error.message}`, { ...error.details });
}
