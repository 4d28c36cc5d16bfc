/** A window of a source to the pixels of an output, by a plan. Opens nothing. */
import type { GridDtype, GridValues, GridWindow } from "../grid.ts";
import { INTEGER_RANGES } from "../integer_range.ts";
import type { Pixels } from "../pixels.ts";
import { sampleArea } from "./areas.ts";
import { sampleKernel } from "./kernels.ts";
import { nearestCells } from "./nearest.ts";
import type { WarpPlan } from "./plan.ts";
import { type AreaName, kernelOf } from "./resampling.ts";

/**
 * Pixels have the source's element type; what methods compute is rounded to it, halves upward. A pixel has no
 * value outside the grid and where the source has none: nodata, NaN, a mask.
 * @param window what was read by the plan: of its level and its size
 */
export function warp(window: GridWindow, plan: WarpPlan): Pixels {
  const { width, height } = plan;
  if (window.width !== plan.window.width || window.height !== plan.window.height) {
    throw new RangeError(
      `a window of ${window.width} x ${window.height} cells was read, ` +
        `${plan.window.width} x ${plan.window.height} were planned`,
    );
  }
  const cells = nearestCells(plan);
  let inside: Uint8Array | undefined;
  const bands: GridValues[] = [];
  const masks: Uint8Array[] = [];
  for (const values of window.bands) {
    const nodata = nodataOf(values, plan.nodata);
    if (plan.resampling === "nearest") {
      const marks = nodata !== null || isFloat(values);
      const [band, mask] = marks
        ? gatherMarked(values, cells, window.mask, nodata)
        : gather(values, cells, inside ??= insideMask(cells, window.mask));
      bands.push(band);
      masks.push(mask);
      continue;
    }
    const valid = validCells(values, window.mask, nodata);
    const computed = new Float64Array(width * height);
    const mask = new Uint8Array(width * height);
    const kernel = kernelOf(plan.resampling);
    if (kernel !== undefined) {
      for (let i = 0; i < mask.length; i++) mask[i] = cells[i] >= 0 ? valid[cells[i]] : 0;
      sampleKernel(plan, kernel, values, valid, cells, computed);
    } else {
      sampleArea(plan, plan.resampling as AreaName, values, valid, computed, mask);
    }
    bands.push(rounded(computed, values, mask, nodata));
    masks.push(mask);
  }
  return { width, height, bands, masks };
}

/** A nodata value as it stands among float32 elements. */
function nodataOf(values: GridValues, nodata: number | null): number | null {
  return nodata !== null && values instanceof Float32Array ? Math.fround(nodata) : nodata;
}

function isFloat(values: GridValues): boolean {
  return values instanceof Float32Array || values instanceof Float64Array;
}

/** 1 for pixels that lie on a cell which the file doesn't mask. */
function insideMask(cells: Int32Array, fileMask: Uint8Array | null): Uint8Array {
  const inside = new Uint8Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    inside[i] = cell >= 0 && (fileMask === null || fileMask[cell] !== 0) ? 1 : 0;
  }
  return inside;
}

/** The values of the cells, of bands that mark no cell of their own: they share one mask. */
function gather(values: GridValues, cells: Int32Array, inside: Uint8Array): [GridValues, Uint8Array] {
  const band = emptyLike(values, cells.length);
  for (let i = 0; i < cells.length; i++) if (inside[i] !== 0) band[i] = values[cells[i]];
  return [band, inside];
}

/** The values of the cells, but for those that nodata, NaN or the file's mask mark. */
function gatherMarked(
  values: GridValues,
  cells: Int32Array,
  fileMask: Uint8Array | null,
  nodata: number | null,
): [GridValues, Uint8Array] {
  const band = emptyLike(values, cells.length);
  const mask = new Uint8Array(cells.length);
  if (nodata !== null) band.fill(nodata);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell < 0 || (fileMask !== null && fileMask[cell] === 0)) continue;
    const value = values[cell];
    if (value === nodata || value !== value) continue;
    band[i] = value;
    mask[i] = 1;
  }
  return [band, mask];
}

function validCells(values: GridValues, fileMask: Uint8Array | null, nodata: number | null): Uint8Array {
  const valid = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    valid[i] = value === value && value !== nodata && (fileMask === null || fileMask[i] !== 0) ? 1 : 0;
  }
  return valid;
}

/** The element type of an array, by numpy's name. */
export function dtypeOf(values: GridValues): GridDtype {
  return values.constructor.name.replace("Array", "").toLowerCase() as GridDtype;
}

function emptyLike(values: GridValues, length: number): GridValues {
  return new (values.constructor as new (length: number) => GridValues)(length);
}

function rounded(
  computed: Float64Array,
  like: GridValues,
  mask: Uint8Array,
  nodata: number | null,
): GridValues {
  const band = emptyLike(like, computed.length);
  const range = INTEGER_RANGES[dtypeOf(like)];
  for (let i = 0; i < computed.length; i++) {
    if (mask[i] === 0) {
      if (nodata !== null) band[i] = nodata;
    } else if (range === undefined) {
      band[i] = computed[i];
    } else {
      band[i] = Math.min(range[1], Math.max(range[0], Math.floor(computed[i] + 0.5)));
    }
  }
  return band;
}
