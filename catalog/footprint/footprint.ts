/**
 * The footprint of a granule from the coordinates of its observations: lines along its tracks for
 * people and for the geometry column, and the exact cells that hold an observation for selection.
 */
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import { CellWalker } from "../../core/cells/cell_walker.ts";
import { splitLine, wrapLongitude } from "../../core/geometry/antimeridian.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import type { Geometry, Position } from "../../core/geometry/geometry.ts";
import { MAX_CELLS_PER_GRANULE } from "../schema.ts";
import { simplifyLine } from "../../core/geometry/simplify.ts";
import { TrackLine } from "../../core/geometry/track_line.ts";
import { encodeWkb } from "../../core/geometry/wkb.ts";
import { inputError } from "../../core/errors.ts";

/** Degrees of arc within which every observation lies of the footprint's lines (about 1.1 km). */
export const FOOTPRINT_TOLERANCE_DEGREES = 0.01;

/** Observations farther apart than this, in degrees of arc, are not joined by a line (about 55 km). */
const FOOTPRINT_GAP_DEGREES = 0.5;

/** A footprint of more vertices is simplified again with twice the tolerance. */
export const MAX_FOOTPRINT_VERTICES = 20_000;

/** One track: coordinates of successive observations in degrees. Rows that are not finite are skipped. */
export interface Track {
  longitude: Float64Array;
  latitude: Float64Array;
}

export interface TrackSummary {
  /** WKB; null when no observation has a position. */
  geometry: Uint8Array | null;
  bbox: BoundingBox | null;
  /** Cells that hold an observation, at `cellOrder`, ascending. */
  cells: BigUint64Array;
  cellOrder: number;
  /** Observations with a position. */
  positions: number;
}

/** Summarizes the tracks of one granule, a track or a part of one at a time. Cells are exact and authalic, at
 * `cellOrder` (0 to 24) or, when they are more than 4,096, at the finest order at which they are not. */
export class TrackSummarizer {
  readonly #order: number;
  readonly #walker: CellWalker;
  readonly #lines: Position[][] = [];
  #positions = 0;
  #south = Infinity;
  #north = -Infinity;
  #west = Infinity;
  #east = -Infinity;

  constructor(cellOrder: number) {
    if (!Number.isInteger(cellOrder) || cellOrder < 0 || cellOrder > MAX_NUMBER_ORDER) {
      throw inputError(`cell order ${cellOrder} is not an order of 0 to ${MAX_NUMBER_ORDER}`);
    }
    this.#order = cellOrder;
    this.#walker = new CellWalker(cellOrder);
  }

  /** Takes a track; it is not joined to the one before. */
  add(track: Track): void {
    const { longitude, latitude } = track;
    const line = new TrackLine(FOOTPRINT_TOLERANCE_DEGREES, FOOTPRINT_GAP_DEGREES);
    const cells = this.#walker;
    for (let row = 0; row < longitude.length; row++) {
      const x = longitude[row];
      const y = latitude[row];
      if (!(y >= -90 && y <= 90 && x >= -180 && x <= 360)) continue;
      cells.step(x, y);
      line.add(x, y);
      this.#positions += 1;
    }
    line.finish();
    this.#south = Math.min(this.#south, line.south);
    this.#north = Math.max(this.#north, line.north);
    this.#west = Math.min(this.#west, line.west);
    this.#east = Math.max(this.#east, line.east);
    this.#lines.push(...line.lines);
  }

  finish(): TrackSummary {
    const { cells, order } = capCells(this.#walker.cells, this.#order);
    const box = this.#box();
    return {
      geometry: this.#lines.length === 0 ? null : encodeWkb(footprintOf(this.#lines)),
      bbox: box,
      cells,
      cellOrder: order,
      positions: this.#positions,
    };
  }

  /** The box of every observation; from -180 to 180 where a line crosses the antimeridian. */
  #box(): BoundingBox | null {
    if (this.#lines.length === 0) return null;
    const crosses = this.#lines.some((line) => line.some(([x]) => x < -180 || x > 180));
    return {
      xmin: crosses ? -180 : this.#west,
      ymin: this.#south,
      xmax: crosses ? 180 : this.#east,
      ymax: this.#north,
    };
  }
}

function footprintOf(lines: readonly Position[][]): Geometry {
  let found = splitAll(lines);
  for (
    let tolerance = 2 * FOOTPRINT_TOLERANCE_DEGREES;
    found.vertices > MAX_FOOTPRINT_VERTICES;
    tolerance *= 2
  ) {
    if (tolerance > 10) break;
    found = splitAll(lines.map((line) => simplifyLine(line, tolerance).map((index) => line[index])));
  }
  return geometryOf(found.lines, found.points);
}

/** Lines cut at the antimeridian; a line of one place is a point. */
function splitAll(lines: readonly Position[][]) {
  const split: Position[][] = [];
  const points: Position[] = [];
  let vertices = 0;
  for (const line of lines) {
    const parts = splitLine(line);
    if (parts.length === 0) points.push([wrapLongitude(line[0][0]), line[0][1]]);
    for (const part of parts) {
      split.push(part);
      vertices += part.length;
    }
  }
  return { lines: split, points, vertices: vertices + points.length };
}

function geometryOf(lines: Position[][], points: Position[]): Geometry {
  const parts: Geometry[] = [];
  if (lines.length === 1) parts.push({ type: "LineString", coordinates: lines[0] });
  else if (lines.length > 1) parts.push({ type: "MultiLineString", coordinates: lines });
  if (points.length === 1) parts.push({ type: "Point", coordinates: points[0] });
  else if (points.length > 1) parts.push({ type: "MultiPoint", coordinates: points });
  return parts.length === 1 ? parts[0] : { type: "GeometryCollection", geometries: parts };
}

/** Distinct ids at `order`, or at the finest coarser order with at most 4,096 of them; ascending. */
export function capCells(
  ids: Iterable<number>,
  order: number,
): { cells: BigUint64Array; order: number } {
  let sorted = Float64Array.from(new Set(ids)).sort();
  while (sorted.length > MAX_CELLS_PER_GRANULE && order > 0) {
    sorted = Float64Array.from(new Set(sorted.map((id) => Math.floor(id / 4))));
    order -= 1;
  }
  return { cells: BigUint64Array.from(sorted, BigInt), order };
}
