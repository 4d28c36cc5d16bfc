/** What a box of any coordinate system is in longitude and latitude: where granules are looked for. */
import type { BoundingBox } from "../../core/geometry/box.ts";
import { type Shape, ShapeBuilder } from "../../core/cells/shape.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import type { Crs } from "../../core/raster/grid.ts";

/** A place to search: boxes that do not cross the antimeridian, and the same as a shape for exact tests. */
export interface LonLatArea {
  readonly boxes: readonly BoundingBox[];
  shape(): Shape;
}

/** Points along each side of a box that is projected. */
const POINTS_A_SIDE = 33;
/** The same of boxes of less than half a turn where meridians and parallels run along the sides. */
const POINTS_A_STRAIGHT_SIDE = 5;
const STRAIGHT = /^\+proj=(merc|eqc|cea)\b/;
const HALF_TURN_METRES = 2e7;
const INSET = 1e-9;

export const LONLAT: Crs = crsOfCode("EPSG:4326");

export function areaOfPoint(longitude: number, latitude: number): LonLatArea {
  const box = { xmin: longitude, ymin: latitude, xmax: longitude, ymax: latitude };
  return {
    boxes: [box],
    shape: once(() => new ShapeBuilder({ edges: "planar" }).point(longitude, latitude).build()),
  };
}

/** West may lie beyond east. */
export function areaOfBox(west: number, south: number, east: number, north: number): LonLatArea {
  return areaOfBoxes(splitBox(west, south, east, north));
}

/** Of boxes that do not cross the antimeridian; one without width and height is a point. */
export function areaOfBoxes(boxes: readonly BoundingBox[]): LonLatArea {
  const [{ xmin, ymin, xmax, ymax }] = boxes;
  if (boxes.length === 1 && xmin === xmax && ymin === ymax) return areaOfPoint(xmin, ymin);
  return {
    boxes,
    shape: once(() => {
      const builder = new ShapeBuilder({ edges: "planar" });
      for (const { xmin, ymin, xmax, ymax } of boxes) builder.box(xmin, ymin, xmax, ymax);
      return builder.build();
    }),
  };
}

/**
 * The box around a box `[left, bottom, right, top]` of another system; around a pole all longitudes up to the
 * pole. Null where nothing of it lies on the Earth.
 */
export function areaOfPlaneBox(
  crs: Crs,
  [left, bottom, right, top]: readonly [number, number, number, number],
): LonLatArea | null {
  if (crs.geographic) {
    const [south, north] = [Math.max(-90, bottom), Math.min(90, top)];
    if (south > north) return null;
    if (right - left >= 360) return areaOfBox(-180, south, 180, north);
    return areaOfBox(normal(left), south, normal(right, 180), north);
  }
  const { inverse, forward } = transformer(LONLAT, crs);
  const edges: [number, number][] = [];
  const straight = STRAIGHT.test(crs.proj4) && right - left < HALF_TURN_METRES;
  const points = straight ? POINTS_A_STRAIGHT_SIDE : POINTS_A_SIDE;
  for (let i = 0; i < points; i++) {
    // The corners a little within: the map's very edge may come back as its other one.
    const t = INSET + (1 - 2 * INSET) * i / (points - 1);
    const [x, y] = [left + t * (right - left), bottom + t * (top - bottom)];
    const [low, high] = [bottom + INSET * (top - bottom), top - INSET * (top - bottom)];
    const [near, far] = [left + INSET * (right - left), right - INSET * (right - left)];
    edges.push([x, low], [x, high], [near, y], [far, y]);
  }
  const inside = (longitude: number, latitude: number) => {
    const [x, y] = forward(longitude, latitude);
    return x >= left && x <= right && y >= bottom && y <= top;
  };
  let [south, north] = [Infinity, -Infinity];
  const longitudes: number[] = [];
  let lost = false;
  for (const [x, y] of edges) {
    const [longitude, latitude] = inverse(x, y);
    if (!Number.isFinite(longitude) || !Number.isFinite(latitude)) {
      lost = true;
      continue;
    }
    longitudes.push(longitude);
    south = Math.min(south, latitude);
    north = Math.max(north, latitude);
  }
  // A box that reaches beyond the map holds the map's edge, which its own sides do not show.
  if (lost) return areaOfBox(-180, -90, 180, 90);
  if (longitudes.length === 0) return null;
  const [hasNorth, hasSouth] = [inside(0, 90), inside(0, -90)];
  if (hasNorth || hasSouth) return areaOfBox(-180, hasSouth ? -90 : south, 180, hasNorth ? 90 : north);
  const [west, east] = longitudeSpan(longitudes);
  return areaOfBox(west, south, east, north);
}

/** The shortest span that holds all longitudes: around the widest gap. */
function longitudeSpan(longitudes: readonly number[]): [west: number, east: number] {
  const sorted = longitudes.toSorted((a, b) => a - b);
  let [gap, west, east] = [sorted[0] + 360 - sorted[sorted.length - 1], sorted[0], sorted[sorted.length - 1]];
  for (let i = 1; i < sorted.length; i++) {
    const width = sorted[i] - sorted[i - 1];
    // A narrower gap may be one between two points of a side that passes a pole.
    if (width > gap && width > 180) [gap, west, east] = [width, sorted[i], sorted[i - 1]];
  }
  return [west, east];
}

function splitBox(west: number, south: number, east: number, north: number): BoundingBox[] {
  if (west <= east) return [{ xmin: west, ymin: south, xmax: east, ymax: north }];
  return [
    { xmin: west, ymin: south, xmax: 180, ymax: north },
    { xmin: -180, ymin: south, xmax: east, ymax: north },
  ];
}

/** A longitude within -180 and 180; `edge` says which of the two the antimeridian is. */
function normal(longitude: number, edge: -180 | 180 = -180): number {
  if (longitude >= -180 && longitude <= 180) return longitude;
  const wrapped = longitude - 360 * Math.floor((longitude + 180) / 360);
  return wrapped === -180 && edge === 180 ? 180 : wrapped;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
