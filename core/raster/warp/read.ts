/** From a grid to the pixels of an output: plan, read, warp. The windows of reading are bounded. */
import { inputError } from "../../errors.ts";
import type { Grid, GridValues, GridWindow, WindowRequest } from "../grid.ts";
import type { OutputGrid, Pixels } from "../pixels.ts";
import { planWarp, type WarpOptions, type WarpPlan } from "./plan.ts";
import { warp } from "./warp.ts";

/** Cells that a window may hold; a source without overviews is read strip by strip to stay below. */
export const MAX_WINDOW_CELLS = 1 << 25;
/** Pixels that an output may hold, whatever others allow. */
const MAX_OUTPUT_PIXELS = 1 << 26;

/**
 * The grid's values at an output, or undefined where no pixel touches it. Throws an input error for an output
 * whose single rows need more than `MAX_WINDOW_CELLS`.
 */
export async function readWarped(
  grid: Grid,
  output: OutputGrid,
  options: WarpOptions = {},
  signal?: AbortSignal,
): Promise<Pixels | undefined> {
  if (!(output.width >= 1 && output.height >= 1 && output.width * output.height <= MAX_OUTPUT_PIXELS)) {
    throw inputError(
      `an image of ${output.width} x ${output.height} pixels (wanted 1 to ${MAX_OUTPUT_PIXELS} in all)`,
    );
  }
  const plan = planWarp(grid, output, options);
  if (plan === undefined) return undefined;
  const cells = plan.window.width * plan.window.height;
  if (cells <= MAX_WINDOW_CELLS) return warp(await readPlanned(grid, plan, signal), plan);
  if (output.height === 1) {
    throw inputError(
      `${grid.name || "grid"}: a row of the image needs ${cells} cells, more than ${MAX_WINDOW_CELLS} ` +
        "(it has no overview that would do; ask for a smaller area or a finer image)",
    );
  }
  const upper = Math.floor(output.height / 2);
  const above = await readWarped(grid, rowsOf(output, 0, upper), options, signal);
  const below = await readWarped(grid, rowsOf(output, upper, output.height - upper), options, signal);
  return stacked(output, upper, above, below);
}

/** Reads the window of a plan; one that runs over the seam of a global grid is read in parts. */
export async function readPlanned(grid: Grid, plan: WarpPlan, signal?: AbortSignal): Promise<GridWindow> {
  const { window, level } = plan;
  const requests = windowRequests(grid.levels[level].width, plan);
  if (requests.length === 1) return await grid.readWindow(requests[0], signal);
  const read: GridWindow[] = [];
  for (const request of requests) read.push(await grid.readWindow(request, signal));
  const join = <T extends GridValues>(parts: readonly T[]): T => {
    const joined = new (parts[0].constructor as new (length: number) => T)(window.width * window.height);
    let x = 0;
    parts.forEach((part, index) => {
      const width = requests[index].width;
      for (let y = 0; y < window.height; y++) {
        joined.set(part.subarray(y * width, (y + 1) * width), y * window.width + x);
      }
      x += width;
    });
    return joined;
  };
  return {
    width: window.width,
    height: window.height,
    bands: read[0].bands.map((_, band) => join(read.map((part) => part.bands[band]))),
    mask: read.some((part) => part.mask !== null)
      ? join(read.map((part) => part.mask ?? new Uint8Array(part.width * part.height).fill(1)))
      : null,
  };
}

/** The requests that make up a plan's window, from west to east. Plain values: their costs can be counted. */
export function windowRequests(levelWidth: number, { window, level, bands }: WarpPlan): WindowRequest[] {
  const requests: WindowRequest[] = [];
  for (let x = window.x; x < window.x + window.width;) {
    const column = x - levelWidth * Math.floor(x / levelWidth);
    const width = Math.min(levelWidth - column, window.x + window.width - x);
    requests.push({
      level,
      x: column,
      y: window.y,
      width,
      height: window.height,
      ...(bands === undefined ? {} : { bands }),
    });
    x += width;
  }
  return requests;
}

function rowsOf(output: OutputGrid, first: number, height: number): OutputGrid {
  const [a, b, c, d, e, f] = output.affine;
  return { ...output, affine: [a, b, c + first * b, d, e, f + first * e], height };
}

function stacked(
  { width, height }: OutputGrid,
  upper: number,
  above: Pixels | undefined,
  below: Pixels | undefined,
): Pixels | undefined {
  const some = above ?? below;
  if (some === undefined) return undefined;
  const both = <T extends GridValues>(pick: (pixels: Pixels) => T, like: T): T => {
    const joined = new (like.constructor as new (length: number) => T)(width * height);
    if (above !== undefined) joined.set(pick(above), 0);
    if (below !== undefined) joined.set(pick(below), upper * width);
    return joined;
  };
  return {
    width,
    height,
    bands: some.bands.map((band, b) => both((pixels) => pixels.bands[b], band)),
    masks: some.masks.map((mask, b) => both((pixels) => pixels.masks[b], mask)),
  };
}
