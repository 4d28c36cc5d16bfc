/** The pixels of a request: granule after granule, in their order, until nothing is missing. */
import { GranaryError } from "../../core/errors.ts";
import { createMosaic, type Mosaic, type PixelSelection } from "../../core/raster/mosaic/mosaic.ts";
import { anyValid, isComplete, type OutputGrid } from "../../core/raster/pixels.ts";
import type { Phases } from "../http/phases.ts";
import type { CoverageParameters } from "../parameters/coverage.ts";
import type { Reading } from "../parameters/reading.ts";
import {
  checkValues,
  type NamedPixels,
  type ReadContext,
  readParts,
  withParts,
} from "../layers/read_granule.ts";
import type { ServedGranule } from "../search/granules.ts";
import { coveredAlready } from "./covered.ts";

/** Granules that are read at the same time, once the first has not sufficed. */
const READ_AHEAD = 4;
/** Outputs of more pixels are made of one granule after the other. */
const MOST_PIXELS_AHEAD = 1 << 20;

interface ComposeOptions {
  readonly reading: Reading;
  readonly selection: PixelSelection;
  readonly coverage: CoverageParameters & { coverage_tolerance: number };
  readonly signal: AbortSignal;
  readonly phases: Phases;
  /** Hears of granules that could not be read. */
  readonly onFailure: (granule: ServedGranule, error: GranaryError) => void;
}

export interface Composed extends NamedPixels {
  /** Granules that gave a pixel of the area a chance: those that were read. */
  readonly used: readonly string[];
  /** Granules that could not be read. */
  readonly failed: number;
}

/**
 * Undefined where no granule has anything there. One granule that cannot be read leaves the others to be
 * drawn; where none can be read, the first one's failure is thrown.
 */
export async function compose(
  context: ReadContext,
  granules: readonly ServedGranule[],
  output: OutputGrid,
  options: ComposeOptions,
): Promise<Composed | undefined> {
  const { selection, coverage, signal, phases } = options;
  const mosaic = createMosaic(selection);
  // Other values than the first are of all granules, unless the request says that a full picture is enough.
  const stops = coverage.exitwhenfull ?? selection === "first";
  const ended = new AbortController();
  const onAbort = () => ended.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const used: string[] = [];
  let descriptions: readonly string[] = [];
  let failure: GranaryError | undefined;
  let failed = 0;
  type Reading = { granule: ServedGranule; read: Promise<NamedPixels | undefined> };
  const ahead: Reading[] = [];
  const most = output.width * output.height > MOST_PIXELS_AHEAD ? 1 : READ_AHEAD;
  let next = 0;
  const begin = () => {
    while (next < granules.length) {
      const granule = granules[next++];
      // What lies under full pixels changes nothing of the first values, and of others on request only.
      if ((selection === "first" || coverage.skipcovered) && coveredAlready(granule.row, output, mosaic)) {
        continue;
      }
      const read = readGranule(context, granule, output, options, ended.signal);
      read.catch(() => {}); // thrown in its turn
      ahead.push({ granule, read });
      return;
    }
  };
  try {
    begin();
    for (let current = ahead.shift(); current !== undefined; current = ahead.shift()) {
      signal.throwIfAborted();
      try {
        const read = await current.read;
        if (read !== undefined) {
          await phases.of("warp", () => mosaic.add(read.pixels));
          if (used.length === 0) descriptions = read.descriptions;
          used.push(current.granule.row.id);
          if (stops && isEnough(mosaic, output, coverage.coverage_tolerance)) break;
        }
      } catch (error) {
        if (!(error instanceof GranaryError) || error.tag !== "granule") throw error;
        failed += 1;
        failure ??= error;
        options.onFailure(current.granule, error);
      }
      while (ahead.length < most && next < granules.length) begin();
    }
  } finally {
    ended.abort(new Error("enough was read"));
    signal.removeEventListener("abort", onAbort);
  }
  const pixels = mosaic.result();
  if (pixels !== undefined) return { pixels, descriptions, used, failed };
  if (failure !== undefined) throw failure;
  return undefined;
}

function readGranule(
  context: ReadContext,
  granule: ServedGranule,
  output: OutputGrid,
  { reading, phases }: ComposeOptions,
  signal: AbortSignal,
): Promise<NamedPixels | undefined> {
  return withParts(context, granule, reading, (parts) => {
    checkValues(context, parts, output);
    return readParts(parts, output, reading, signal, phases);
  });
}

function isEnough(mosaic: Mosaic, { width, height }: OutputGrid, tolerance: number): boolean {
  const masks = mosaic.valued();
  if (masks === undefined) return false;
  // Without a tolerance each band has to be full.
  if (tolerance === 0) return isComplete({ masks });
  const any = anyValid({ width, height, masks });
  let empty = 0;
  for (let i = 0; i < any.length; i++) empty += 1 - any[i];
  return empty <= tolerance * any.length;
}
