/**
 * Where the cells of a level lie, whatever grid they are of: the one thing that readers ask of a grid. Places are longitude
 * and latitude in degrees, geodetic on WGS84 (or a sphere's, where HEALPix cells are on a sphere).
 */
import { assignNested } from "../cells/assign.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import { cellCentre, cellCorners, cellOutline, type LonLat } from "../cells/place.ts";
import { assignIds, CellFinder } from "../projected/assign.ts";
import { type ProjectedGrid, sideOf, unitMetresOf } from "../projected/grid.ts";
import { CellPlaces } from "../projected/places.ts";
import { TileFinder } from "../projected/tiles.ts";

export interface LevelCells {
  /** What the cells are, in words: two levels of one order have the same cells where the words are the same. */
  readonly name: string;
  /** Ids are below this. */
  readonly count: number;
  /** The side of a cell: of a square of its area, or that on the plane. */
  readonly metres: number;
  centre(id: number | bigint): LonLat;
  corners(id: number | bigint): readonly LonLat[];
  /** The outline from a corner and back to it, counterclockwise, each edge in so many parts. */
  outline(id: number | bigint, parts: number): LonLat[];
  /** Parts of an edge in which it is as good as straight in longitude and latitude. */
  partsOf(id: number | bigint): number;
  /** Ids of cells that may have their centre in a shape, of which `cover` gives the HEALPix cells of an order. */
  covering(cover: (order: number) => Iterable<number>): Iterable<number>;
  /** Ids of places; -1 for none. */
  assign(longitude: Float64Array, latitude: Float64Array, out: Float64Array): void;
}

const EARTH_METRES = 6371007.18;
const MOST_PARTS = 16;
/** At this order and finer, edges of HEALPix cells are as good as straight lines between their corners. */
const STRAIGHT_ORDER = 8;

export class HealpixCells implements LevelCells {
  readonly count: number;
  readonly metres: number;

  constructor(readonly order: number, readonly latitude: LatitudeConvention) {
    this.count = 12 * 4 ** order;
    this.metres = EARTH_METRES * Math.sqrt((4 * Math.PI) / this.count);
  }

  get name(): string {
    return `HEALPix, ${this.latitude} latitudes`;
  }

  centre(id: number | bigint): LonLat {
    return cellCentre(id, this.order, this.latitude);
  }

  corners(id: number | bigint): readonly LonLat[] {
    return cellCorners(id, this.order, this.latitude);
  }

  outline(id: number | bigint, parts: number): LonLat[] {
    return cellOutline(id, this.order, this.latitude, parts);
  }

  partsOf(): number {
    return Math.min(MOST_PARTS, 2 ** Math.max(0, STRAIGHT_ORDER - this.order));
  }

  covering(cover: (order: number) => Iterable<number>): Iterable<number> {
    return cover(this.order);
  }

  assign(longitude: Float64Array, latitude: Float64Array, out: Float64Array): void {
    assignNested(longitude, latitude, this.order, this.latitude, out);
  }
}

/** HEALPix cells of this order, of 100 km, and tiles of about a quarter of that find the cells of a shape. */
const COVER_ORDER = 6;
const COVER_METRES = 25_000;
/** An edge may bow out by this part of its length where it is drawn as straight. */
const BOW = 1e-3;
const RADIANS = Math.PI / 180;

export class PlaneCells implements LevelCells {
  readonly count: number;
  readonly metres: number;
  readonly #places: CellPlaces;
  readonly #finder: CellFinder;

  constructor(readonly order: number, readonly grid: ProjectedGrid) {
    this.count = 4 ** order;
    this.metres = sideOf(grid, order) * unitMetresOf(grid);
    this.#places = new CellPlaces(grid, order);
    this.#finder = new CellFinder(grid, order);
  }

  get name(): string {
    const { crs, resolution, origin } = this.grid;
    return `${crs}, ${resolution} from ${origin.join(",")}`;
  }

  centre(id: number | bigint): LonLat {
    return this.#places.centre(Number(id));
  }

  corners(id: number | bigint): readonly LonLat[] {
    return this.#places.corners(Number(id));
  }

  outline(id: number | bigint, parts: number): LonLat[] {
    return this.#places.outline(Number(id), parts);
  }

  /** A straight edge of the plane bows in longitude and latitude, the more the nearer to a pole. */
  partsOf(id: number | bigint): number {
    const latitude = Math.max(...this.corners(id).map(([, own]) => Math.abs(own)));
    const parts = this.metres * Math.tan(Math.min(latitude, 89.999) * RADIANS) / (8 * BOW * EARTH_METRES);
    return Math.min(MOST_PARTS, Math.max(1, Math.ceil(parts)));
  }

  *covering(cover: (order: number) => Iterable<number>): Generator<number> {
    // By tiles: cells themselves would be looked for one by one.
    const halvings = Math.max(0, Math.ceil(Math.log2(COVER_METRES / this.metres)));
    const depth = Math.min(this.order, halvings);
    const finder = new TileFinder(this.grid, this.order - depth, COVER_ORDER);
    const tiles = new Set<number>();
    for (const cell of cover(COVER_ORDER)) for (const tile of finder.tilesOf(cell)) tiles.add(tile);
    for (const tile of tiles) {
      for (let child = 0; child < 4 ** depth; child++) yield tile * 4 ** depth + child;
    }
  }

  assign(longitude: Float64Array, latitude: Float64Array, out: Float64Array): void {
    assignIds(longitude, latitude, this.#finder, out);
  }
}
