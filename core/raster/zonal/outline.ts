/**
 * Polygons in pixels of an output. Edges are straight in the polygon's own coordinates (RFC 7946, section
 * 3.1.1), so long ones are bent.
 */
import { inputError } from "../../errors.ts";
import { type Geometry, type Ring, singleParts } from "../../geometry/geometry.ts";
import { transformer } from "../crs/transform.ts";
import type { Crs } from "../grid.ts";
import type { OutputGrid } from "../pixels.ts";

/** Rings of polygons in columns and rows of an output (x, y in turn, 0 at the upper left corner), closed. */
export type Outline = readonly Float64Array[];

/**
 * Edges stay this near to their true course, in pixels. Other programs of the field draw them straight in the
 * image; short ones are so here too, that numbers agree.
 */
const BEND_TOLERANCE = 2;
/** An edge is cut in half this often at most. */
const BEND_DEPTH = 12;
/** Vertices of an outline: far more than a picture can show. */
const MAX_VERTICES = 1_000_000;

/**
 * The polygons of a geometry as an outline. Throws an input error for a geometry without polygons, and for
 * one that lies where the output's CRS has no image.
 */
export function outlineOf(geometry: Geometry, crs: Crs, output: OutputGrid): Outline {
  const toPixels = pixelPlace(crs, output);
  const rings: Float64Array[] = [];
  let vertices = 0;
  for (const part of singleParts(geometry)) {
    if (part.type !== "Polygon") {
      throw inputError(`a ${part.type} has no area (wanted a Polygon or a MultiPolygon)`);
    }
    for (const ring of part.coordinates) {
      const points = bentRing(ring, toPixels);
      vertices += points.length / 2;
      if (vertices > MAX_VERTICES) {
        throw inputError(`the polygon has more than ${MAX_VERTICES} vertices; simplify it`);
      }
      rings.push(Float64Array.from(points));
    }
  }
  if (rings.length === 0) throw inputError("the geometry is empty (wanted a Polygon or a MultiPolygon)");
  return rings;
}

type ToPixels = (x: number, y: number) => readonly [number, number];

function pixelPlace(crs: Crs, output: OutputGrid): ToPixels {
  const [a, b, c, d, e, f] = output.affine;
  const determinant = a * e - b * d;
  const { forward } = transformer(crs, output.crs);
  return (x, y) => {
    const [outX, outY] = forward(x, y);
    return b === 0 && d === 0
      ? [(outX - c) / a, (outY - f) / e]
      : [(e * (outX - c) - b * (outY - f)) / determinant, (a * (outY - f) - d * (outX - c)) / determinant];
  };
}

function bentRing(ring: Ring, toPixels: ToPixels): number[] {
  const out: number[] = [];
  const place = ([x, y]: readonly number[]) => {
    const [px, py] = toPixels(x, y);
    if (!(Number.isFinite(px) && Number.isFinite(py))) {
      throw inputError(`the polygon's vertex ${x}, ${y} has no place in the image's reference system`);
    }
    return [px, py] as const;
  };
  const bend = (
    from: readonly number[],
    fromPixel: readonly [number, number],
    to: readonly number[],
    toPixel: readonly [number, number],
    depth: number,
  ): void => {
    const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const [px, py] = toPixels(middle[0], middle[1]);
    const off = Math.hypot(px - (fromPixel[0] + toPixel[0]) / 2, py - (fromPixel[1] + toPixel[1]) / 2);
    // The quarter of an arc bends a quarter as much; NaN (no image between two that have one) ends it too.
    if (depth === 0 || !(off > BEND_TOLERANCE)) {
      out.push(toPixel[0], toPixel[1]);
      return;
    }
    bend(from, fromPixel, middle, [px, py], depth - 1);
    bend(middle, [px, py], to, toPixel, depth - 1);
  };
  let from = ring[0];
  let fromPixel = place(from);
  out.push(fromPixel[0], fromPixel[1]);
  for (const to of [...ring.slice(1), ring[0]]) {
    if (to[0] === from[0] && to[1] === from[1]) continue;
    const toPixel = place(to);
    bend(from, fromPixel, to, toPixel, BEND_DEPTH);
    if (out.length / 2 > MAX_VERTICES) {
      throw inputError(`the polygon has more than ${MAX_VERTICES} vertices; simplify it`);
    }
    from = to;
    fromPixel = toPixel;
  }
  return out;
}
