/** How a stored grid is turned so that its first row is the northernmost and its first column the westernmost. */
import type { Affine } from "../raster/grid.ts";
import type { Spacing } from "./spacing.ts";

/** Where the oriented grid lies, and how its columns and rows lie in the file. */
export interface Orientation {
  readonly affine: Affine;
  /** Stored columns run from east to west. */
  readonly flipX: boolean;
  /** Stored rows run from south to north. */
  readonly flipY: boolean;
  /** Columns, counted from the west as stored, before the one that is the westernmost now. */
  readonly roll: number;
  readonly notes: readonly string[];
}

/** The orientation of a grid of `width` by `height` cells with the axes `x` and `y` as they are stored. */
export function orient(
  x: Spacing,
  y: Spacing,
  width: number,
  height: number,
  degrees: boolean,
): Orientation {
  const flipX = x.step < 0;
  const flipY = y.step > 0;
  const dx = Math.abs(x.step);
  const dy = Math.abs(y.step);
  const north = flipY ? farEdge(y, height) : y.edge;
  const stored = flipX ? farEdge(x, width) : x.edge;
  const { west, roll } = degrees ? westernmost(stored, dx, width) : { west: stored, roll: 0 };
  const notes: string[] = [];
  if (roll > 0) notes.push(`columns from ${stored} to ${stored + width * dx} degrees begin at ${west} now`);
  else if (west !== stored) notes.push(`longitudes from ${stored} are those from ${west}`);
  return { affine: [dx, 0, west, 0, -dy, north], flipX, flipY, roll, notes };
}

/** The outer edge of the last cell; whole numbers come out whole. */
function farEdge({ edge, step }: Spacing, cells: number): number {
  return Number((edge + cells * step).toPrecision(15));
}

/**
 * Where the westernmost column lies. A grid around the Earth begins at the first column whose centre is not
 * west of -180, unless it begins within a cell of -180 already; a part of it that lies past 180 or -180 whole
 * is moved around; one that holds the antimeridian stays in one piece.
 */
function westernmost(edge: number, step: number, width: number): { west: number; roll: number } {
  const east = edge + width * step;
  const around = Math.abs(width * step - 360) < step / 2;
  if (around) {
    if (Math.abs(edge + 180) < step * 0.999) return { west: edge, roll: 0 };
    const turns = 360 * Math.floor((edge + step / 2 + 180) / 360);
    const first = edge - turns;
    const roll = Math.max(0, Math.ceil((180 - first - step / 2) / step - 1e-6));
    if (roll >= width) return { west: first, roll: 0 };
    return { west: tidied(first + roll * step - 360), roll };
  }
  const outside = edge >= 180 - step * 1e-3 || east <= -180 + step * 1e-3;
  if (!outside) return { west: edge, roll: 0 };
  return { west: tidied(edge - 360 * Math.floor((edge + step / 2 + 180) / 360)), roll: 0 };
}

function tidied(value: number): number {
  return Number(value.toPrecision(15));
}
