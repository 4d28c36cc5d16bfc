/**
 * Where the cells of a level lie, whatever grid they are of: the one thing that readers ask of a grid. Places are longitude
 * and latitude in degrees, geodetic on WGS84 (or a sphere's, where HEALPix cells are on a sphere).
 */
import { assignNested } from "../cells/assign.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import { cellCentre, cellCorners, cellOutline, type LonLat } from "../cells/place.ts";

export interface LevelCells {
  /** What the cells are, in words: two levels of one order have the same cells where the words are the same. */
  readonly name: string;
  /** Ids are below this. */
  readonly count: number;
  /** The side of a square of a cell's area, in metres: the same everywhere but for cells in degrees. */
  metresAt(latitude: number): number;
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
  readonly #metres: number;

  constructor(readonly order: number, readonly latitude: LatitudeConvention) {
    this.count = 12 * 4 ** order;
    this.#metres = EARTH_METRES * Math.sqrt((4 * Math.PI) / this.count);
  }

  get name(): string {
    return `HEALPix, ${this.latitude} latitudes`;
  }

  metresAt(): number {
    return this.#metres;
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
