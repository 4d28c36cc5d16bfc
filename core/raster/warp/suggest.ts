/** The output that shows a whole grid in another system with about its own cells. */
import { inputError } from "../../errors.ts";
import { transformer } from "../crs/transform.ts";
import type { Crs, Grid } from "../grid.ts";
import { type OutputGrid, outputOfBox } from "../pixels.ts";
import { outputOfGrid } from "./plan.ts";

export type PlacedGrid = Pick<Grid, "width" | "height" | "affine" | "crs">;

type PlaneBox = readonly [left: number, bottom: number, right: number, top: number];

/** Points a side of the grid, and along each side of the lattice that stands in where a side has no image. */
const SAMPLES = 21;

/**
 * GDAL's rule (its "suggested warp output"): the box of the grid's sides, cut into square cells by which the
 * way from the first corner to the opposite one has as many as the grid's diagonal. A grid in the output's own
 * system is left as it is. Throws an input error for a grid that has no place there.
 */
export function suggestedOutput(grid: PlacedGrid, crs: Crs): OutputGrid {
  if (grid.crs.proj4 === crs.proj4) return outputOfGrid(grid);
  const { width, height, affine: [a, b, c, d, e, f] } = grid;
  const { forward } = transformer(grid.crs, crs);
  const at = (across: number, down: number) => {
    const [column, row] = [across * width, down * height];
    return forward(a * column + b * row + c, d * column + e * row + f);
  };
  const steps = Array.from({ length: SAMPLES }, (_, i) => i / (SAMPLES - 1));
  let points = steps.flatMap((t) => [at(t, 0), at(t, 1), at(0, t), at(1, t)]);
  if (!points.every(isPlace)) points = steps.flatMap((s) => steps.map((t) => at(s, t)));
  const places = points.filter(isPlace);
  if (places.length === 0) {
    throw inputError(`the grid has no place in ${crs.code ?? crs.name}`);
  }
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  const box: PlaneBox = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const [first, last] = [at(0, 0), at(1, 1)];
  let [across, down] = isPlace(first) && isPlace(last) ? [last[0] - first[0], last[1] - first[1]] : [0, 0];
  if (across === 0 || down === 0) [across, down] = [box[2] - box[0], box[3] - box[1]];
  const cell = Math.hypot(across, down) / Math.hypot(width, height);
  const columns = Math.max(1, Math.floor((box[2] - box[0]) / cell + 0.5));
  const rows = Math.max(1, Math.floor((box[3] - box[1]) / cell + 0.5));
  return { crs, affine: [cell, 0, box[0], 0, -cell, box[3]], width: columns, height: rows };
}

function isPlace([x, y]: readonly [number, number]): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** Parts of a cell that rounding, not a box, reaches into. */
const SLIVER = 1e-6;

/** The cells of an unrotated grid that a box touches, whole: it may reach beyond the grid. */
export function alignedOutput({ crs, affine }: OutputGrid, [left, bottom, right, top]: PlaneBox): OutputGrid {
  const [a, , c, , e, f] = affine;
  const [columns, rows] = [[(left - c) / a, (right - c) / a], [(top - f) / e, (bottom - f) / e]];
  const x0 = Math.floor(Math.min(...columns) + SLIVER);
  const x1 = Math.max(x0 + 1, Math.ceil(Math.max(...columns) - SLIVER));
  const y0 = Math.floor(Math.min(...rows) + SLIVER);
  const y1 = Math.max(y0 + 1, Math.ceil(Math.max(...rows) - SLIVER));
  return outputOfBox(crs, [c + x0 * a, f + y1 * e, c + x1 * a, f + y0 * e], x1 - x0, y1 - y0);
}
