/**
 * The cells along a track, exactly, without projecting every observation. An observation that is
 * projected tells how far it lies from its cell's border, and the projection of HEALPix stretches
 * nothing without bound; so what follows within that distance lies in the same cell.
 */
import { MAX_NUMBER_ORDER } from "./convention.ts";
import { type FaceXY, faceXYOf, nestedFromFaceXY } from "./face_xy.ts";

/**
 * The most that x or y on a face change, in faces, for a degree of longitude and of latitude. By Gorski
 * et al. 2005, section 5: a face is 90 degrees of longitude wide, and in latitude the steepest place is
 * the pole, where sqrt(3 (1 - sin b)) has the slope sqrt(3 / 2) a radian. Both a little more than exact,
 * which also makes up for authalic latitudes (slope at most 1.0045) and rounding.
 */
const FACES_PER_DEGREE_LONGITUDE = 1.001 / 90;
const FACES_PER_DEGREE_LATITUDE = 1.01 * Math.sqrt(1.5) * Math.PI / 180;

/** Collects the nested ids of one order that a walk enters. */
export class CellWalker {
  readonly cells = new Set<number>();
  readonly #order: number;
  /** Of a cell's side, in the finest steps that are counted. */
  readonly #levels: number;
  readonly #side: number;
  #longitude = NaN;
  #latitude = NaN;
  /** How far the anchor lies from its cell's border, in faces. */
  #margin = 0;

  /** `order`: 0 to 24. */
  constructor(order: number) {
    this.#order = order;
    this.#levels = MAX_NUMBER_ORDER - order;
    this.#side = 2 ** this.#levels;
  }

  /** Goes to a place: longitude -180 to 360, latitude -90 to 90, both finite. */
  step(longitude: number, latitude: number): void {
    const moved = Math.abs(longitude - this.#longitude) * FACES_PER_DEGREE_LONGITUDE +
      Math.abs(latitude - this.#latitude) * FACES_PER_DEGREE_LATITUDE;
    if (!(moved < this.#margin)) this.#project(longitude, latitude);
  }

  #project(longitude: number, latitude: number): void {
    const { face, x, y } = faceXYOf(longitude, latitude, MAX_NUMBER_ORDER, "authalic");
    const side = this.#side;
    const cell: FaceXY = { face, x: Math.floor(x / side), y: Math.floor(y / side) };
    this.cells.add(nestedFromFaceXY(cell, this.#order));
    const dx = x - cell.x * side;
    const dy = y - cell.y * side;
    // The finest step that holds the place is not counted: the place may lie anywhere in it.
    const steps = Math.min(dx, side - 1 - dx, dy, side - 1 - dy);
    this.#longitude = longitude;
    this.#latitude = latitude;
    this.#margin = steps / 2 ** MAX_NUMBER_ORDER;
  }
}
