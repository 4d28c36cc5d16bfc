/** What a file offers as grids, as plain data for people and programs. */
import type { Grid, GridFile } from "../raster/grid.ts";
import { momentText } from "./calendar_time.ts";

export interface GridsDescription {
  readonly grids: readonly GridDescription[];
  /** Variables of two dimensions or more that are no grids, with the rule and the reason. */
  readonly refused: readonly { readonly name: string; readonly rule: string; readonly reason: string }[];
}

export interface GridDescription {
  /** The variable's path; empty for a TIFF. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dtype: string;
  readonly crs: { readonly code: string | null; readonly name: string; readonly proj4: string };
  /** x = a * column + b * row + c, y = d * column + e * row + f, of a cell's upper left corner. */
  readonly affine: readonly number[];
  /** Width and height of a cell, in units of the system. */
  readonly resolution: readonly [number, number];
  /** Text where no JSON number is: `nan`, `inf`, `-inf`. */
  readonly nodata: number | string | null;
  readonly unit: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly bands: readonly { readonly name: string; readonly time: string | null }[];
  readonly levels: readonly {
    readonly width: number;
    readonly height: number;
    readonly block_width: number;
    readonly block_height: number;
  }[];
  /** What was assumed or corrected in placing it. */
  readonly notes: readonly string[];
}

export function describeGrids({ grids, refused }: GridFile): GridsDescription {
  return { grids: grids.map(describeGrid), refused: [...refused] };
}

function describeGrid(grid: Grid): GridDescription {
  const { name, width, height, dtype, crs, affine, bands, levels, notes } = grid;
  const [first] = bands;
  return {
    name,
    width,
    height,
    dtype,
    crs: { code: crs.code, name: crs.name, proj4: crs.proj4 },
    affine: [...affine],
    resolution: [Math.hypot(affine[0], affine[3]), Math.hypot(affine[1], affine[4])],
    nodata: jsonNumber(grid.nodata),
    unit: first?.unit ?? null,
    scale: first?.scale ?? 1,
    offset: first?.offset ?? 0,
    bands: bands.map((band) => ({
      name: band.name,
      time: band.time === null ? null : momentText(band.time),
    })),
    levels: levels.map((level) => ({
      width: level.width,
      height: level.height,
      block_width: level.blockWidth,
      block_height: level.blockHeight,
    })),
    notes: [...notes],
  };
}

function jsonNumber(value: number | null): number | string | null {
  if (value === null || Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
