/** Cells of many places at once, by a projected grid. */
import { interleave16 } from "../cells/bits.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import { type CrsTransform, transformer } from "../raster/crs/transform.ts";
import { gridLongitude, rowOf, SAME } from "./degrees.ts";
import { cellOf, crsOfGrid, finestOrder, isInDegrees, type ProjectedGrid, sideOf } from "./grid.ts";

const NONE = -1;

/**
 * Places so little west or north of an edge, in cells, are on it. Runtimes compute projections with other last bits; a
 * place on an edge, such as the meridian that a grid is centred on, has one cell in all of them.
 */
const ON_EDGE = 1e-9;

/** From longitude and latitude in degrees, on WGS84, to the grid's plane and back. */
export function planeOf(grid: ProjectedGrid): CrsTransform {
  return isInDegrees(grid) ? SAME : transformer(crsOfCode("EPSG:4326"), crsOfGrid(grid));
}

/** Columns and rows of places, for one grid and order. */
export class CellFinder {
  readonly #transform: CrsTransform;
  readonly #inDegrees: boolean;
  readonly #side: number;
  readonly #cells: number;
  /** Whole cells from the grid's north-west corner to the origin, and at order 0 half of its one cell. */
  readonly #half: number;
  readonly #shift: number;
  readonly #origin: readonly [number, number];
  column = NONE;
  row = NONE;

  constructor(grid: ProjectedGrid, readonly order: number = finestOrder(grid)) {
    this.#transform = planeOf(grid);
    this.#inDegrees = isInDegrees(grid);
    this.#side = sideOf(grid, order);
    this.#cells = 2 ** order;
    this.#half = Math.floor(this.#cells / 2);
    this.#shift = this.#cells / 2 - this.#half;
    this.#origin = grid.origin;
  }

  /** Sets `column` and `row`; false where the place is none on Earth, or none on the grid. */
  find(longitude: number, latitude: number): boolean {
    if (!(Math.abs(latitude) <= 90 && longitude >= -180 && longitude <= 360)) return false;
    if (this.#inDegrees) return this.findOnPlane(gridLongitude(longitude, ON_EDGE * this.#side), latitude);
    const [x, y] = this.#transform.forward(longitude > 180 ? longitude - 360 : longitude, latitude);
    return this.findOnPlane(x, y);
  }

  /** The same of a place on the grid's plane; in degrees, of a longitude that is below 180. */
  findOnPlane(x: number, y: number): boolean {
    const shift = this.#shift * this.#side;
    const west = this.#origin[0] - shift, north = this.#origin[1] + shift;
    const column = Math.floor((x - west) / this.#side + ON_EDGE) + this.#half;
    const row =
      (this.#inDegrees
        ? rowOf(y, north, this.#side, ON_EDGE)
        : Math.floor((north - y) / this.#side + ON_EDGE)) + this.#half;
    if (!(column >= 0 && row >= 0 && column < this.#cells && row < this.#cells)) return false;
    this.column = column;
    this.row = row;
    return true;
  }
}

/** Of each place the parent's id, -1 for none, and the child's place in its parent, as HEALPix's `assignCells` gives them. */
export function assignProjected(
  longitude: Float64Array,
  latitude: Float64Array,
  finder: CellFinder,
  depth: number,
  out: { parent: Float64Array; child: Uint32Array },
): void {
  const mask = 2 ** depth - 1;
  for (let i = 0; i < longitude.length; i++) {
    if (!finder.find(longitude[i], latitude[i])) {
      out.parent[i] = NONE;
      continue;
    }
    const { column, row } = finder;
    out.parent[i] = cellOf(column >> depth, row >> depth);
    out.child[i] = interleave16(column & mask, row & mask);
  }
}

/** Ids of the cells of places; -1 for none. */
export function assignIds(
  longitude: Float64Array,
  latitude: Float64Array,
  finder: CellFinder,
  out: Float64Array,
): void {
  for (let i = 0; i < longitude.length; i++) {
    out[i] = finder.find(longitude[i], latitude[i]) ? cellOf(finder.column, finder.row) : NONE;
  }
}
