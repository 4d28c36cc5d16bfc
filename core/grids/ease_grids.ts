/**
 * EASE-Grid 2.0: equal-area grids on which products of soil moisture, snow and sea ice lie, known by their
 * latitudes and longitudes (Brodzik et al. 2012, doi:10.3390/ijgi1010032; sizes of NSIDC's tables).
 */
import { crsOfCode } from "../raster/crs/codes.ts";
import { transformer } from "../raster/crs/transform.ts";
import type { Crs } from "../raster/grid.ts";

/** A whole grid: its system, its size, and the upper left corner and the width of its square cells in metres. */
export interface NamedGrid {
  readonly name: string;
  readonly code: string;
  readonly columns: number;
  readonly rows: number;
  readonly west: number;
  readonly north: number;
  readonly cell: number;
}

/** Half of the cylindrical grid's width: 180 degrees at the true scale of 30 degrees. */
const HALF_WIDTH = 17367530.445161516;
/** Half of the polar grids' edges. */
const HALF_EDGE = 9_000_000;

const CYLINDRICAL: readonly (readonly [string, number, number])[] = [
  ["01", 34704, 14616],
  ["03", 11568, 4872],
  ["09", 3856, 1624],
  ["25", 1388, 584],
  ["36", 964, 406],
];

const POLAR: readonly (readonly [string, number])[] = [["03", 6000], ["09", 2000], ["25", 720], ["36", 500]];

/** The grids by name: `EASE2_M36km`, of the North `EASE2_N25km`, of the South `EASE2_S09km`. */
export const NAMED_GRIDS: readonly NamedGrid[] = [
  ...CYLINDRICAL.map(([size, columns, rows]): NamedGrid => {
    const cell = 2 * HALF_WIDTH / columns;
    const name = `EASE2_M${size}km`;
    return { name, code: "EPSG:6933", columns, rows, west: -HALF_WIDTH, north: rows / 2 * cell, cell };
  }),
  ...[["N", "EPSG:6931"], ["S", "EPSG:6932"]].flatMap(([pole, code]) =>
    POLAR.map(([size, edge]): NamedGrid => ({
      name: `EASE2_${pole}${size}km`,
      code,
      columns: edge,
      rows: edge,
      west: -HALF_EDGE,
      north: HALF_EDGE,
      cell: 2 * HALF_EDGE / edge,
    }))
  ),
];

/** The centre of a cell of an array, by its row and column, in degrees. */
export interface KnownCell {
  readonly row: number;
  readonly column: number;
  readonly latitude: number;
  readonly longitude: number;
}

/** Cells that a centre may be off: coordinates are float32, and 1 km cells are 7e-6 degrees of them wide. */
const TOLERANCE = 0.05;

/** Where an array lies in the grid: its first row and column; null where its cells are not the grid's. */
export function fitNamedGrid(
  grid: NamedGrid,
  cells: readonly KnownCell[],
): { readonly row: number; readonly column: number } | null {
  if (cells.length < 2) return null;
  const { forward } = transformer(crsOfCode("EPSG:4326"), crsOfCode(grid.code));
  let fit: { row: number; column: number } | null = null;
  for (const { row, column, latitude, longitude } of cells) {
    const [x, y] = forward(longitude, latitude);
    const atColumn = (x - grid.west) / grid.cell - 0.5 - column;
    const atRow = (grid.north - y) / grid.cell - 0.5 - row;
    fit ??= { row: Math.round(atRow), column: Math.round(atColumn) };
    if (!(Math.abs(atColumn - fit.column) <= TOLERANCE && Math.abs(atRow - fit.row) <= TOLERANCE)) {
      return null;
    }
  }
  return fit;
}

/** The system of the grid. */
export function namedGridCrs(grid: NamedGrid): Crs {
  return crsOfCode(grid.code);
}
