/** From a request's search and reading to the pixels of an output: what tiles, parts and statistics share. */
import { GranaryError } from "../../core/errors.ts";
import type { Crs } from "../../core/raster/grid.ts";
import type { OutputGrid } from "../../core/raster/pixels.ts";
import type { PlacedGrid } from "../../core/raster/warp/suggest.ts";
import type { LonLatArea } from "../area/lonlat_area.ts";
import { type PartFit, partOutput, type PartSize, type PlaneBox } from "../area/part_output.ts";
import type { DataContext } from "../context.ts";
import type { Phases } from "../http/phases.ts";
import { badRequest } from "../http/problem.ts";
import { withParts } from "../layers/read_granule.ts";
import type { MosaicParameters } from "../parameters/mosaic.ts";
import type { Reading } from "../parameters/reading.ts";
import type { GranuleFilter } from "../parameters/search.ts";
import type { GranuleSource, ServedGranule } from "../search/granules.ts";
import { compose, type Composed } from "./compose.ts";

/** What of a request says which values are meant. */
export interface Selection {
  readonly source: GranuleSource;
  readonly filter: GranuleFilter;
  readonly reading: Reading;
  readonly mosaic: MosaicParameters;
  /** The share of empty pixels that counts as full, where the request says none. */
  readonly tolerance: number;
  readonly signal: AbortSignal;
  readonly phases: Phases;
}

export function findGranules(
  { limits }: DataContext,
  { source, filter, mosaic, signal, phases }: Selection,
  area: LonLatArea | null,
): Promise<ServedGranule[]> {
  const most = Math.min(mosaic.items_limit ?? limits.granules, limits.granules);
  return phases.of("search", () => source.find({ filter, area, most }, signal));
}

/** The pixels of an output that is known; undefined where there is nothing. */
export async function composeOutput(
  { reading: context, onGranuleFailure, pixels }: DataContext,
  { reading, mosaic, tolerance, signal, phases }: Selection,
  granules: readonly ServedGranule[],
  output: OutputGrid,
): Promise<Composed | undefined> {
  const done = await phases.of("wait", () => pixels.acquire(output.width * output.height, signal));
  try {
    return await compose(context, granules, output, {
      reading,
      selection: mosaic.pixel_selection,
      coverage: { ...mosaic, coverage_tolerance: mosaic.coverage_tolerance ?? tolerance },
      signal,
      phases,
      onFailure: onGranuleFailure,
    });
  } finally {
    done();
  }
}

/**
 * The output of a part, whose size may follow from the cells of the first granule that can be opened. Null
 * where there is no granule. Throws a 400 for an image larger than this server makes.
 */
export async function outputOfPart(
  context: DataContext,
  selection: Selection,
  granules: readonly ServedGranule[],
  crs: Crs,
  box: PlaneBox,
  size: PartSize,
  fit: PartFit,
): Promise<OutputGrid | null> {
  const place = await firstPlace(context, selection, granules);
  if (place === null) return null;
  const output = partOutput(place, crs, box, size, fit);
  const most = context.limits.imageSide;
  if (output.width > most || output.height > most) {
    throw badRequest(
      `the image would be ${output.width} x ${output.height} pixels, of which this server makes ${most} x ${most} ` +
        "(say max_size, or width and height, or a smaller area)",
    );
  }
  return output;
}

async function firstPlace(
  { reading: context, onGranuleFailure }: DataContext,
  { reading, signal, phases }: Selection,
  granules: readonly ServedGranule[],
): Promise<PlacedGrid | null> {
  let failure: GranaryError | undefined;
  for (const granule of granules) {
    signal.throwIfAborted();
    try {
      return await phases.of(
        "read",
        () =>
          withParts(
            context,
            granule,
            reading,
            ([{ grid: { width, height, affine, crs } }]) => Promise.resolve({ width, height, affine, crs }),
          ),
      );
    } catch (error) {
      if (!(error instanceof GranaryError) || error.tag !== "granule") throw error;
      failure ??= error;
      onGranuleFailure(granule, error);
    }
  }
  if (failure !== undefined) throw failure;
  return null;
}
