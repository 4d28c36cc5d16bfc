/**
 * Which tiles of a projected grid the observations in a HEALPix cell may lie in: no tile too few. The box around the image
 * of a cell's outline, and a margin, holds what lies in the cell, wherever the plane is whole. Where it is torn, as a
 * cylinder's is at its seam, a cell is halved until it is small beside a tile, and each side of the seam has its own tiles.
 */
import { MAX_NUMBER_ORDER } from "../cells/convention.ts";
import { cellOutline } from "../cells/place.ts";
import { inputError } from "../errors.ts";
import type { CrsTransform } from "../raster/crs/transform.ts";
import { CellFinder, planeOf } from "./assign.ts";
import { boxesOfCell, type DegreeBox } from "./degrees.ts";
import { cellOf, edgesOf, isInDegrees, type ProjectedGrid, sideOf, unitMetresOf } from "./grid.ts";

type Point = readonly [x: number, y: number];

const EARTH_METRES = 6371007.18;
/** Of the width of an image: edges bow out between points that are projected. */
const MARGIN = 0.25;
/** Cells whose images are wider than a tile are halved so often, so that fewer tiles beside them are taken along. */
const HALVINGS = 2;
/** An edge whose middle lies so far from the middle of its ends, in lengths of the edge, is torn. */
const TORN = 0.4;
/** Degrees and parts of a tile: what roundings of ids on either side may come to, and some. */
const DEGREE_MARGIN = 1e-7;
const TILE_MARGIN = 1e-6;
/** More tiles of one cell than this are of a place that the reference system is not for. */
const MOST_TILES = 2 ** 20;

/** The side of a square of the area of a HEALPix cell, in metres. */
function cellMetres(order: number): number {
  return EARTH_METRES * Math.sqrt((4 * Math.PI) / (12 * 4 ** order));
}

/** The coarsest order whose cells are at most half a tile wide, of those that catalogs have at hand. */
export function cellOrderFor(grid: ProjectedGrid, tileOrder: number): number {
  const side = sideOf(grid, tileOrder) * unitMetresOf(grid);
  for (let order = 4; order < 8; order++) if (2 * cellMetres(order) <= side) return order;
  return 8;
}

export class TileFinder {
  readonly #plane: CrsTransform;
  readonly #finder: CellFinder;
  readonly #side: number;
  readonly #inDegrees: boolean;
  /** The ends of the grid, in x and y. */
  readonly #least: readonly [number, number];
  readonly #greatest: readonly [number, number];
  readonly #known = new Map<number, Float64Array>();

  /** Tiles are the cells of `tileOrder`; HEALPix cells are those of `cellOrder`, on authalic latitudes. */
  constructor(readonly grid: ProjectedGrid, tileOrder: number, readonly cellOrder: number) {
    this.#plane = planeOf(grid);
    this.#finder = new CellFinder(grid, tileOrder);
    this.#side = sideOf(grid, tileOrder);
    this.#inDegrees = isInDegrees(grid);
    const [west, north] = edgesOf(grid, 0, [0, 0]), span = sideOf(grid, 0);
    this.#least = [west, north - span];
    this.#greatest = [west + span, north];
  }

  /** Ids of the tiles that the cell may have observations in, ascending. Throws an input error for more than there can be. */
  tilesOf(cell: number): Float64Array {
    let tiles = this.#known.get(cell);
    if (tiles === undefined) {
      const found = new Set<number>();
      if (this.#inDegrees) this.#addInDegrees(cell, this.cellOrder, found);
      else this.#add(cell, this.cellOrder, found);
      tiles = Float64Array.from(found).sort();
      this.#known.set(cell, tiles);
    }
    return tiles;
  }

  #add(cell: number, order: number, found: Set<number>): void {
    const places = cellOutline(cell, order, "authalic", 2);
    const outline = places.map(([longitude, latitude]) => this.#plane.forward(longitude, latitude));
    const placed = outline.filter(isPlaced);
    if (placed.length === 0) return;
    const isWhole = placed.length === outline.length && !isTorn(outline);
    const width = Math.max(span(outline, 0), span(outline, 1));
    const isCut = isWhole
      ? width > this.#side && order - this.cellOrder < HALVINGS
      : 4 * cellMetres(order) > this.#side * unitMetresOf(this.grid) && order < MAX_NUMBER_ORDER;
    if (isCut) {
      for (let child = 0; child < 4; child++) this.#add(4 * cell + child, order + 1, found);
      return;
    }
    if (isWhole) this.#addBox(outline, MARGIN * width, found);
    else for (const point of placed) this.#addBox([point], this.#side / 2, found);
    // A place beside the antimeridian may have its cell, by a rounding, and its image on the other side.
    const beyond = places.filter(([longitude]) => Math.abs(longitude) > 180 - 1e-9)
      .map(([longitude, latitude]) => this.#plane.forward(longitude < 0 ? 180 : -180, latitude)).filter(
        isPlaced,
      );
    if (beyond.length > 0) this.#addBox(beyond, this.#side / 2, found);
  }

  #addInDegrees(cell: number, order: number, found: Set<number>): void {
    const boxes = boxesOfCell(cell, order, Math.max(DEGREE_MARGIN, TILE_MARGIN * this.#side));
    const width = Math.max(
      ...boxes.map(({ west, south, east, north }) => Math.max(east - west, north - south)),
    );
    if (width > this.#side && order - this.cellOrder < HALVINGS) {
      for (let child = 0; child < 4; child++) this.#addInDegrees(4 * cell + child, order + 1, found);
      return;
    }
    for (const box of boxes) this.#addBox(cornersWithin(box, TILE_MARGIN * this.#side), 0, found);
  }

  /** The tiles of the box around points and a margin, as far as the grid goes. */
  #addBox(points: readonly Point[], margin: number, found: Set<number>): void {
    // Steps of half a tile meet every tile of the box.
    const [columns, rows] = [0, 1].map((axis) => {
      const all = points.map((point) => point[axis]);
      const from = Math.max(this.#least[axis], Math.min(...all) - margin);
      const to = Math.min(this.#greatest[axis], Math.max(...all) + margin);
      const count = Math.max(1, Math.ceil((to - from) / (this.#side / 2)));
      return { from, to, count, step: (to - from) / count };
    });
    if (columns.from > columns.to || rows.from > rows.to) return;
    if (columns.count * rows.count > 4 * MOST_TILES) {
      throw inputError(
        `${this.grid.crs}: places of the catalog lie where this reference system stretches them over more than` +
          ` ${MOST_TILES} tiles (take the part of the catalog that it is for, with --polygon, --bbox or --region,` +
          " or a coarser resolution)",
      );
    }
    for (let row = 0; row <= rows.count; row++) {
      for (let column = 0; column <= columns.count; column++) {
        const x = columns.from + column * columns.step, y = rows.from + row * rows.step;
        if (!this.#finder.findOnPlane(x, y)) continue;
        found.add(cellOf(this.#finder.column, this.#finder.row));
      }
    }
  }
}

/** Two corners of a box; what ends at the antimeridian or the south pole ends before the edge of the tile after it. */
function cornersWithin({ west, south, east, north }: DegreeBox, margin: number): Point[] {
  return [[west, Math.max(south, -90 + margin)], [Math.min(east, 180 - margin), north]];
}

function isPlaced([x]: Point): boolean {
  return Number.isFinite(x);
}

function span(points: readonly Point[], axis: number): number {
  let least = Infinity, greatest = -Infinity;
  for (const point of points) {
    least = Math.min(least, point[axis]);
    greatest = Math.max(greatest, point[axis]);
  }
  return greatest - least;
}

/** Whether an edge's image is no short line between its ends. Points are corners and middles of edges in turn. */
function isTorn(outline: readonly Point[]): boolean {
  for (let i = 0; i + 2 < outline.length; i += 2) {
    const [from, middle, to] = outline.slice(i, i + 3);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const off = Math.hypot(middle[0] - (from[0] + to[0]) / 2, middle[1] - (from[1] + to[1]) / 2);
    if (!(off <= TORN * length)) return true;
  }
  return false;
}
