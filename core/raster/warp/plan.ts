/**
 * What a warp will read: the level of the source, the window of it, and where each output pixel lies there.
 * Pure: nothing is opened, so that costs can be asserted and plans be sent to workers.
 */
import { transformer } from "../crs/transform.ts";
import type { Affine, Crs, Grid, GridLevel } from "../grid.ts";
import type { OutputGrid } from "../pixels.ts";
import { buildMesh, type Mesh, PATCH, type Place } from "./mesh.ts";
import { buildLines, coversAll } from "./lines.ts";
import { kernelOf, type Resampling, wantsCells } from "./resampling.ts";

/** What of a grid a plan needs. */
type GridShape = Pick<Grid, "width" | "height" | "affine" | "crs" | "levels" | "nodata">;

export interface WarpOptions {
  /** Default nearest. */
  readonly resampling?: Resampling;
  /** Indices of bands; default all. */
  readonly bands?: readonly number[];
  /** Takes the place of the grid's own. */
  readonly nodata?: number | null;
}

/** A plan as plain values. */
export interface WarpPlan {
  readonly width: number;
  readonly height: number;
  readonly resampling: Resampling;
  readonly level: number;
  /**
   * In cells of the level. On grids that go round the Earth columns run on beyond the seam: x may be
   * negative, x + width larger than the level.
   */
  readonly window: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** Whether the window is a whole turn, so that its last column lies beside its first. */
  readonly turns: boolean;
  readonly bands: readonly number[] | undefined;
  readonly nodata: number | null;
  /** In columns and rows of the window. */
  readonly mesh: Mesh;
  /** Cells of the level a pixel, across and down. */
  readonly cellsPerPixel: readonly [number, number];
  /** Cells of the full grid that one of the level stands for. */
  readonly cellsPerCell: number;
}

/** Source cells by which places may be off. */
const TOLERANCE = 0.01;
/** Overviews somewhat coarser than the output will do, as GDAL has it for nearest sampling. */
const OVERSAMPLING = 1.2;
/** Cells that methods which want the cells themselves may read; larger areas are read from overviews. */
const EXACT_CELLS = 1 << 24;

/**
 * Plans the warp of a grid to an output. Undefined where no pixel of the output touches the grid.
 *
 * The overview is the coarsest whose cells are no larger than 1.2 pixels; sums, extremes, modes and quantiles read the cells themselves as long as these are not too many.
 */
export function planWarp(
  grid: GridShape,
  output: OutputGrid,
  options: WarpOptions = {},
): WarpPlan | undefined {
  const resampling = options.resampling ?? "nearest";
  const source = placement(grid, output);
  const scale = scaleOf(output, source);
  if (scale === undefined) return undefined;
  const candidates = levelOrder(grid.levels, scale, resampling);
  let plan: WarpPlan | undefined;
  for (const level of candidates) {
    plan = planAt(grid, output, level, source, scale, resampling, options);
    if (plan === undefined || plan.window.width * plan.window.height <= EXACT_CELLS) break;
  }
  return plan;
}

interface Placement {
  /** Columns and rows of the full grid. */
  readonly place: Place;
  /** Columns of a turn, Infinity for grids of projected coordinates. */
  readonly period: number;
  /** Whether the grid goes all the way round. */
  readonly global: boolean;
}

function placement(grid: GridShape, output: OutputGrid): Placement {
  const [a, b, c, d, e, f] = output.affine;
  const [toColumn, toRow] = inverseOf(grid.affine);
  const same = grid.crs.proj4 === output.crs.proj4;
  const { forward } = transformer(output.crs, grid.crs);
  const straight = grid.affine[1] === 0 && grid.affine[3] === 0;
  const period = grid.crs.geographic && straight ? 360 / Math.abs(grid.affine[0]) : Infinity;
  const middle = grid.width / 2;
  return {
    period,
    global: period !== Infinity && Math.abs(period - grid.width) < 0.5,
    place(x, y) {
      const px = x + 0.5;
      const py = y + 0.5;
      const outX = a * px + b * py + c;
      const outY = d * px + e * py + f;
      const [gridX, gridY] = same ? [outX, outY] : forward(outX, outY);
      const column = toColumn(gridX, gridY);
      return [
        period === Infinity ? column : column - period * Math.floor((column - middle) / period + 0.5),
        toRow(gridX, gridY),
      ];
    },
  };
}

type Coordinate = (x: number, y: number) => number;

/** Column and row of a place, by the inverse of an affine. */
function inverseOf([a, b, c, d, e, f]: Affine): [Coordinate, Coordinate] {
  // Division keeps the middles of aligned cells exact where the product with a reciprocal would not.
  if (b === 0 && d === 0) return [(x) => (x - c) / a, (_, y) => (y - f) / e];
  const determinant = a * e - b * d;
  return [
    (x, y) => (e * (x - c) - b * (y - f)) / determinant,
    (x, y) => (a * (y - f) - d * (x - c)) / determinant,
  ];
}

interface Scale {
  /** Steps of the source column and row along x, then along y, in cells of the full grid a pixel. */
  readonly step: readonly [number, number, number, number];
  /** Cells a pixel: the side of the square of equal area. */
  readonly ratio: number;
}

/** Places along each side at which the scale is measured; more where some of the few have none, off the Earth. */
const SCALE_SAMPLES = [3, 5, 17];

/** The median of the local scales. */
function scaleOf(output: OutputGrid, { place, period }: Placement): Scale | undefined {
  const { width, height } = output;
  for (const samples of SCALE_SAMPLES) {
    const found: Scale[] = [];
    for (let j = 0; j < samples; j++) {
      for (let i = 0; i < samples; i++) {
        const x = (width - 1) * i / (samples - 1);
        const y = (height - 1) * j / (samples - 1);
        const [u, v] = place(x, y);
        const right = place(x + 0.25, y);
        const below = place(x, y + 0.25);
        const turn = (column: number) =>
          4 * (period === Infinity ? column - u : column - u - period * Math.round((column - u) / period));
        const step = [turn(right[0]), 4 * (right[1] - v), turn(below[0]), 4 * (below[1] - v)] as const;
        const ratio = Math.sqrt(Math.abs(step[0] * step[3] - step[1] * step[2]));
        if (ratio > 0 && Number.isFinite(ratio)) found.push({ step, ratio });
      }
    }
    const enough = samples === SCALE_SAMPLES[0] ? samples ** 2 : 1;
    if (found.length >= enough) return found.sort((a, b) => a.ratio - b.ratio)[found.length >> 1];
  }
  return undefined;
}

/** The levels to try, the first that fits is taken. */
function levelOrder(
  levels: readonly GridLevel[],
  { ratio }: Scale,
  resampling: Resampling,
): number[] {
  const limit = ratio * OVERSAMPLING;
  let wanted = 0;
  levels.forEach((level, index) => {
    if (levels[0].width / level.width <= limit) wanted = index;
  });
  if (!wantsCells(resampling)) return [wanted];
  return Array.from({ length: wanted + 1 }, (_, index) => index);
}

function planAt(
  grid: GridShape,
  output: OutputGrid,
  level: number,
  { place, period, global }: Placement,
  scale: Scale,
  resampling: Resampling,
  options: WarpOptions,
): WarpPlan | undefined {
  const { width: columns, height: rows } = grid.levels[level];
  const across = columns / grid.width;
  const down = rows / grid.height;
  const levelPlace: Place = (x, y) => {
    const [u, v] = place(x, y);
    return [u * across, v * down];
  };
  const [ux, vx, uy, vy] = scale.step;
  const step = [ux * across, vx * down, uy * across, vy * down] as const;
  const cellsPerPixel = [Math.hypot(step[0], step[2]), Math.hypot(step[1], step[3])] as const;
  const turn = global ? columns : period * across;
  const reach = reachOf(resampling, cellsPerPixel);
  const extent = [
    global ? -Infinity : -reach[0],
    -reach[1],
    global ? Infinity : columns + reach[0],
    rows + reach[1],
  ];
  let mesh = buildMesh(output, levelPlace, { tolerance: TOLERANCE, period: turn, step, extent });
  const bent = grid.crs.proj4 !== output.crs.proj4 && turn === Infinity;
  if (resampling === "nearest" && bent && coversAll(mesh, output)) mesh = buildLines(output, levelPlace);
  const bounds = { columns, rows, turn: global ? turn : Infinity };
  const found = windowOf(mesh, bounds, reach);
  if (found === undefined) return undefined;
  const { window, turns } = found;
  for (let p = 0; p < mesh.length; p += PATCH) {
    mesh[p + 4] -= window.x;
    mesh[p + 5] -= window.y;
  }
  return {
    width: output.width,
    height: output.height,
    resampling,
    level,
    window,
    turns,
    bands: options.bands,
    nodata: options.nodata === undefined ? grid.nodata : options.nodata,
    mesh,
    cellsPerPixel,
    cellsPerCell: 1 / (across * down),
  };
}

/** Cells around a pixel's middle that its method reads, across and down. */
function reachOf(resampling: Resampling, cellsPerPixel: readonly [number, number]): [number, number] {
  if (resampling === "nearest") return [0, 0];
  const kernel = kernelOf(resampling);
  const radius = kernel === undefined ? 1 : kernel.radius;
  const reach = (cells: number) => Math.ceil(radius * Math.max(1, cells)) + 1;
  return [reach(cellsPerPixel[0]), reach(cellsPerPixel[1])];
}

/** The cells that the patches touch, with a margin, within the level. */
function windowOf(
  mesh: Mesh,
  { columns, rows, turn }: { columns: number; rows: number; turn: number },
  [reachAcross, reachDown]: readonly [number, number],
): { window: WarpPlan["window"]; turns: boolean } | undefined {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  // On a grid that goes round, columns are counted from near the first patch that lies on the grid.
  let first = NaN;
  const at = (from: number, x: number, y: number) =>
    mesh[from] + x * mesh[from + 2] + y * mesh[from + 4] + x * y * mesh[from + 6];
  for (let p = 0; p < mesh.length; p += PATCH) {
    const w = mesh[p + 2] - 1, h = mesh[p + 3] - 1;
    const va = at(p + 5, 0, 0), vb = at(p + 5, w, 0), vc = at(p + 5, 0, h), vd = at(p + 5, w, h);
    const v0 = Math.min(va, vb, vc, vd), v1 = Math.max(va, vb, vc, vd);
    if (!(v1 >= 0 && v0 < rows)) continue;
    const ua = at(p + 4, 0, 0), ub = at(p + 4, w, 0), uc = at(p + 4, 0, h), ud = at(p + 4, w, h);
    let u0 = Math.min(ua, ub, uc, ud), u1 = Math.max(ua, ub, uc, ud);
    if (turn === Infinity) {
      if (!(u1 >= 0 && u0 < columns)) continue;
    } else {
      if (first !== first) first = u0;
      const shift = turn * Math.round((u0 - first) / turn);
      mesh[p + 4] -= shift;
      u0 -= shift;
      u1 -= shift;
    }
    left = Math.min(left, u0);
    right = Math.max(right, u1);
    top = Math.min(top, v0);
    bottom = Math.max(bottom, v1);
  }
  if (!(left <= right)) return undefined;
  const y0 = Math.max(0, Math.floor(top) - reachDown);
  const y1 = Math.min(rows, Math.floor(bottom) + 1 + reachDown);
  let x0 = Math.floor(left) - reachAcross;
  let x1 = Math.floor(right) + 1 + reachAcross;
  const turns = turn !== Infinity && x1 - x0 >= turn;
  if (turns) {
    [x0, x1] = [0, columns];
  } else if (turn === Infinity) {
    x0 = Math.max(0, x0);
    x1 = Math.min(columns, x1);
  }
  if (x1 <= x0 || y1 <= y0) return undefined;
  return { window: { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, turns };
}

/** The output that lies exactly on a grid's cells. */
export function outputOfGrid(grid: { crs: Crs; affine: Affine; width: number; height: number }): OutputGrid {
  return { crs: grid.crs, affine: grid.affine, width: grid.width, height: grid.height };
}
