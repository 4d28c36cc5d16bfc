/** Pixels after the algorithm of a request, and where they lie then. */
import type { OutputGrid, Pixels } from "../../core/raster/pixels.ts";
import type { ValueRange } from "../../core/raster/colour/rescale.ts";
import { badRequest } from "../http/problem.ts";
import { algorithmRequest, type RenderParameters } from "../parameters/render.ts";
import { rangesOfPixels } from "./default_range.ts";

interface Processed {
  readonly pixels: Pixels;
  readonly output: OutputGrid;
  readonly names: readonly string[];
  /** The ranges that the bands are drawn by unless the request states some; null draws bytes as they are. */
  readonly ranges: readonly ValueRange[] | null;
}

const METRES_A_DEGREE = 111_319.49;

/** Null where the request asks for no algorithm. Throws a 400 for values that it cannot take. */
export function processed(render: RenderParameters, pixels: Pixels, output: OutputGrid): Processed | null {
  const request = algorithmRequest(render);
  if (request === null) return null;
  const { name, algorithm, values } = request;
  const wanted = algorithm.inputBands;
  if (wanted !== null && pixels.bands.length < wanted) {
    throw badRequest(`algorithm ${name} takes ${wanted} bands (found ${pixels.bands.length})`);
  }
  let result;
  try {
    result = algorithm.apply(pixels, values, cellOf(output));
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`algorithm ${name}: ${error.message}`);
    throw error;
  }
  const bytes = result.pixels.bands.every((band) => band instanceof Uint8Array);
  const range = algorithm.outputRange;
  return {
    pixels: result.pixels,
    output: within(output, result.margin),
    names: result.names,
    ranges: bytes
      ? null
      : range === null
      ? rangesOfPixels(result.pixels)
      : result.pixels.bands.map(() => range),
  };
}

/** The sides of a pixel in the middle of an output; of longitudes and latitudes in metres. */
function cellOf({ crs, affine: [a, , , , e, top], height }: OutputGrid): { width: number; height: number } {
  if (!crs.geographic) return { width: Math.abs(a), height: Math.abs(e) };
  const latitude = (top + e * height / 2) * Math.PI / 180;
  return {
    width: Math.abs(a) * METRES_A_DEGREE * Math.max(1e-6, Math.cos(latitude)),
    height: Math.abs(e) * METRES_A_DEGREE,
  };
}

function within({ crs, affine: [a, b, c, d, e, f], width, height }: OutputGrid, margin: number): OutputGrid {
  return {
    crs,
    affine: [a, b, c + margin * (a + b), d, e, f + margin * (d + e)],
    width: width - 2 * margin,
    height: height - 2 * margin,
  };
}

/** `[left, bottom, right, top]` of an output that lies north up. */
export function boxOfOutput(
  { affine: [a, , left, , e, top], width, height }: OutputGrid,
): readonly [number, number, number, number] {
  return [left, top + e * height, left + a * width, top];
}
