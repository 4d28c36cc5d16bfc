/**
 * Square cells on the plane of a projected reference system, or in degrees of longitude and latitude, as a pyramid: an order has cells of half the side of the
 * order above, four in each, and a cell's id is the Morton code of its column (even bits) and row (odd bits), so that
 * the cell above has the id divided by 4, as with nested HEALPix ids. Columns go east and rows go south; the origin is a
 * corner of cells at every order but 0, whose one cell it is the middle of.
 */
import { evenBits, interleaveNumber } from "../cells/bits.ts";
import { MAX_NUMBER_ORDER } from "../cells/convention.ts";
import { inputError } from "../errors.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import {
  ellipsoid,
  linearUnit,
  parameter,
  type Parameters,
  parseParameters,
} from "../raster/crs/parameters.ts";
import type { Crs } from "../raster/grid.ts";

/** Where cells lie. Plain data. */
export interface ProjectedGrid {
  /** The code of a reference system: `EPSG:3413`, or `EPSG:4326` for degrees. */
  crs: string;
  /** The side of the finest cells, in units of the reference system. */
  resolution: number;
  /** x and y of a corner of cells. */
  origin: [x: number, y: number];
}

/** The pyramid is at least so wide, as far as ids reach: in metres, more than the Earth is around. */
const SPAN_METRES = 40_960_000;
/** In degrees twice around: from an origin at one end of the longitudes to the other is half of it. */
const SPAN_DEGREES = 720;

const EARTH_METRES = 6371007.18;
const METRES_A_DEGREE = EARTH_METRES * Math.PI / 180;
/** Metres, as GRS80 has it too. */
const WGS84_SEMI_MAJOR = 6378137;

/** What is asked of a reference system for every cell, by its code. */
const kept = new Map<string, { crs: Crs; metres: number }>();
/** A process sees few reference systems; stores could name many. */
const KEPT = 64;

/** The reference system of a grid. Throws an input error for a code that is unknown, or of degrees on another datum. */
export function crsOfGrid(grid: Pick<ProjectedGrid, "crs">): Crs {
  return known(grid).crs;
}

/** Whether x and y are longitude and latitude in degrees. */
export function isInDegrees(grid: Pick<ProjectedGrid, "crs">): boolean {
  return known(grid).crs.geographic;
}

/** Metres of a unit of x and y; of a degree along a meridian. */
export function unitMetresOf(grid: Pick<ProjectedGrid, "crs">): number {
  return known(grid).metres;
}

function known({ crs: code }: Pick<ProjectedGrid, "crs">): { crs: Crs; metres: number } {
  let found = kept.get(code);
  if (found === undefined) {
    const crs = crsOfCode(code);
    if (crs.geographic) checkDegrees(crs, code);
    const metres = crs.geographic ? METRES_A_DEGREE : linearUnit(parseParameters(crs.proj4)).metres;
    found = { crs, metres };
    if (kept.size >= KEPT) kept.clear();
    kept.set(code, found);
  }
  return found;
}

/** Refuses degrees that are not those of observations: from another meridian, or on another datum. */
function checkDegrees(crs: Crs, code: string): void {
  if (isOfWgs84(parseParameters(crs.proj4))) return;
  throw inputError(
    `${code}: its longitudes and latitudes are not those of WGS 84 (wanted EPSG:4326 for a grid in degrees, or a` +
      " projected reference system, such as EPSG:3413, EPSG:6933 or a zone of UTM)",
    { code },
  );
}

/**
 * Whether longitudes and latitudes of a definition are those of WGS 84: from Greenwich, without a shift to WGS 84, on an
 * ellipsoid of its axis (definitions of an older datum may lack the shifts, which come in files). A transform would tell
 * the same; what computes it is loaded by those alone who have a projection.
 */
function isOfWgs84(parameters: Parameters): boolean {
  const shifts = (parameters.get("towgs84") ?? "0").split(",");
  return shifts.every((shift) => Number(shift) === 0) && parameter(parameters, "pm", 0) === 0 &&
    ellipsoid(parameters)?.semiMajor === WGS84_SEMI_MAJOR;
}

/** The order of the finest cells: the least at which the pyramid is as wide as it must be, or the last. */
export function finestOrder(grid: ProjectedGrid): number {
  const cells = isInDegrees(grid)
    ? SPAN_DEGREES / grid.resolution
    : SPAN_METRES / (grid.resolution * unitMetresOf(grid));
  return Math.min(MAX_NUMBER_ORDER, Math.max(0, Math.ceil(Math.log2(cells))));
}

/** The side of the cells of an order, in units of the reference system. */
export function sideOf(grid: ProjectedGrid, order: number): number {
  return grid.resolution * 2 ** (finestOrder(grid) - order);
}

/** x of the west edge of a column, and y of the north edge of a row. */
export function edgesOf(
  grid: ProjectedGrid,
  order: number,
  [column, row]: readonly [column: number, row: number],
): [x: number, y: number] {
  const side = sideOf(grid, order), half = 2 ** order / 2;
  return [grid.origin[0] + (column - half) * side, grid.origin[1] - (row - half) * side];
}

/** The id of the cell in a column and a row. */
export function cellOf(column: number, row: number): number {
  return interleaveNumber(column, row);
}

/** Column and row of a cell. */
export function columnAndRow(id: number): [column: number, row: number] {
  const low = id >>> 0;
  const high = Math.floor(id / 4294967296);
  return [
    evenBits(low) | evenBits(high) << 16,
    evenBits(low >>> 1) | evenBits(high >>> 1) << 16,
  ];
}
