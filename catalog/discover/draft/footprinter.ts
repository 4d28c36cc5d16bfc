/**
 * From a stated extent to the columns of a row: the geometry, split at the antimeridian, its box, and
 * the cells that the extent touches.
 */
import {
  signedArea,
  splitLine,
  splitPolygon,
  unwrap,
  wrapLongitude,
} from "../../../core/geometry/antimeridian.ts";
import { coverAdaptive } from "../../../core/cells/coverage.ts";
import { ShapeBuilder } from "../../../core/cells/shape.ts";
import { boundingBox, type Geometry, type Position } from "../../../core/geometry/geometry.ts";
import { MAX_CELLS_PER_GRANULE } from "../../schema.ts";
import { simplifyLine } from "../../../core/geometry/simplify.ts";
import { encodeWkb } from "../../../core/geometry/wkb.ts";
import type { Footprint, Footprinter } from "./draft.ts";
import type { Extent, ExtentBox, ExtentPolygon } from "../../footprint/extent.ts";
import { swathRing } from "../../../products/orbits.ts";

/** A geometry's straight lines follow great circles to this, in degrees (about 1.1 km). */
const GEOMETRY_TOLERANCE_DEGREES = 0.01;
/** An edge is halved so often at most. */
const DEEPEST = 8;

interface FootprinterOptions {
  /** Widens every footprint before it is covered. */
  bufferKm?: number;
}

/** A footprinter for a catalog of cells at `cellOrder`. */
export function createFootprinter(cellOrder: number, options: FootprinterOptions = {}): Footprinter {
  const empty: Footprint = {
    geometry: null,
    bbox: null,
    cell_order: cellOrder,
    cells: new BigUint64Array(0),
  };
  return (stated) => {
    if (stated === null) return { ...empty, cells: new BigUint64Array(0) };
    const extent = withAreas(withWideBoxes(stated));
    const geometry = geometryOf(extent);
    if (geometry === null) return { ...empty, cells: new BigUint64Array(0) };
    const { order, cells } = cellsOf(extent, cellOrder, options.bufferKm ?? 0);
    return { geometry: encodeWkb(geometry), bbox: boundingBox(geometry) ?? null, cell_order: order, cells };
  };
}

function cellsOf(extent: Extent, cellOrder: number, bufferKm: number) {
  const bufferMetres = 1000 * (extent.halfWidthKm + bufferKm);
  const shape = new ShapeBuilder({ edges: extent.edges, bufferMetres });
  for (const { outer, holes } of extent.polygons) shape.polygon(outer, holes);
  for (const { west, south, east, north } of extent.boxes) shape.box(west, south, east, north);
  for (const line of extent.lines) shape.line(line);
  for (let i = 0; i + 1 < extent.points.length; i += 2) shape.point(extent.points[i], extent.points[i + 1]);
  return coverAdaptive(shape.build(), cellOrder, MAX_CELLS_PER_GRANULE);
}

/** The extent as one geometry, or null when nothing of it is left. */
function geometryOf(extent: Extent): Geometry | null {
  const follow = extent.edges === "planar" ? (points: Position[]) => points : alongGreatCircles;
  const polygons: Position[][][] = [];
  const lines: Position[][] = [];
  const points: Position[] = [];
  const addPolygon = ({ outer, holes }: ExtentPolygon) => {
    const rings = [outer, ...holes].map((ring) => follow(closedRing(ring)));
    polygons.push(...splitPolygon(rings).map((polygon) => polygon.coordinates));
  };
  extent.polygons.forEach(addPolygon);
  for (const box of extent.boxes) addBox(box, polygons, lines, points);
  for (const line of extent.lines) {
    const swath = extent.halfWidthKm > 0 ? swathRing(line, extent.halfWidthKm) : null;
    if (swath === null) lines.push(...splitLine(follow(positionsOf(line))));
    else polygons.push(...splitPolygon([simplified(swath)]).map((polygon) => polygon.coordinates));
  }
  points.push(...positionsOf(extent.points));
  return joined(polygons, lines, points);
}

/** A box as a polygon, two where it crosses the antimeridian, a line or point where it has no area. */
function addBox(box: ExtentBox, polygons: Position[][][], lines: Position[][], points: Position[]): void {
  const { west, south, east, north } = box;
  if (west > east) {
    // 180 and -180 are one meridian: a box from it or to it is not cut into one without width.
    if (west < 180) addBox({ ...box, east: 180 }, polygons, lines, points);
    if (east > -180) addBox({ ...box, west: -180 }, polygons, lines, points);
    if (west === 180 && east === -180) addBox({ ...box, east: 180 }, polygons, lines, points);
    return;
  }
  if (west === east && south === north) points.push([west, south]);
  else if (west === east || south === north) lines.push([[west, south], [east, north]]);
  else polygons.push([[[west, south], [east, south], [east, north], [west, north], [west, south]]]);
}

function joined(polygons: Position[][][], lines: Position[][], points: Position[]): Geometry | null {
  const parts: Geometry[] = [];
  if (polygons.length === 1) parts.push({ type: "Polygon", coordinates: polygons[0] });
  else if (polygons.length > 1) parts.push({ type: "MultiPolygon", coordinates: polygons });
  if (lines.length === 1) parts.push({ type: "LineString", coordinates: lines[0] });
  else if (lines.length > 1) parts.push({ type: "MultiLineString", coordinates: lines });
  if (points.length === 1) parts.push({ type: "Point", coordinates: points[0] });
  else if (points.length > 1) parts.push({ type: "MultiPoint", coordinates: points });
  return parts.length === 0
    ? null
    : parts.length === 1
    ? parts[0]
    : { type: "GeometryCollection", geometries: parts };
}

/**
 * Polygons that are boxes wider than half the globe become boxes: as rings, the short way round would
 * be meant between their vertices. By great circles that is indeed meant, unless the box goes all
 * around, where such a ring would enclose nothing.
 */
function withWideBoxes(extent: Extent): Extent {
  const width = extent.edges === "geodetic" ? WHOLE_TURN_DEGREES : 180;
  const boxes = [...extent.boxes];
  const polygons = extent.polygons.filter((polygon) => {
    const box = polygon.holes.length === 0 && polygon.continuous !== true
      ? wideBox(polygon.outer, width)
      : null;
    if (box !== null) boxes.push(box);
    return box === null;
  });
  return { ...extent, polygons, boxes };
}

/**
 * Rings that enclose no net area are kept as what they do say: a track out and back is a line, any other
 * (a bow-tie) is as large as its box.
 */
function withAreas(extent: Extent): Extent {
  const lines = [...extent.lines];
  const boxes = [...extent.boxes];
  const polygons = extent.polygons.flatMap(piecesOf).filter(({ outer }) => {
    const ring = unwrap(closedRing(outer));
    const [west, east] = [Math.min(...ring.map(([x]) => x)), Math.max(...ring.map(([x]) => x))];
    const [south, north] = [Math.min(...ring.map(([, y]) => y)), Math.max(...ring.map(([, y]) => y))];
    const around = Math.abs(ring[ring.length - 1][0] - ring[0][0]) >= 180;
    const area = Math.abs(signedArea(ring));
    if (around || area > NO_AREA * (east - west) * (north - south)) return true;
    if (isOutAndBack(ring)) lines.push(Float64Array.from(ring.flatMap(([x, y]) => [wrapLongitude(x), y])));
    else boxes.push({ west: wrapLongitude(west), south, east: wrapLongitude(east), north });
    return false;
  });
  return { ...extent, polygons, lines, boxes };
}

/** A polygon that is known to go past the antimeridian, cut there: each side covers its own cells. */
function piecesOf(polygon: ExtentPolygon): ExtentPolygon[] {
  if (polygon.continuous !== true) return [polygon];
  const rings = [polygon.outer, ...polygon.holes].map((ring) => closedRing(ring));
  const pieces = splitPolygon(rings).map(({ coordinates }) =>
    coordinates.map((ring) => Float64Array.from(ring.flat()))
  );
  return pieces.length === 0 ? [polygon] : pieces.map(([outer, ...holes]) => ({ outer, holes }));
}

/** Twice the area of a ring, as a share of its box, below which it encloses nothing. */
const NO_AREA = 1e-9;

/** Whether every edge of a closed ring is gone back along, or all of it lies on one line. */
function isOutAndBack(ring: readonly Position[]): boolean {
  const edges = new Map<string, number>();
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [`${ring[i - 1]}`, `${ring[i]}`];
    if (a === b) continue;
    const [key, step] = a < b ? [`${a} ${b}`, 1] : [`${b} ${a}`, -1];
    edges.set(key, (edges.get(key) ?? 0) + step);
  }
  if ([...edges.values()].every((count) => count === 0)) return true;
  const width = Math.max(...ring.map(([x]) => x)) - Math.min(...ring.map(([x]) => x));
  const height = Math.max(...ring.map(([, y]) => y)) - Math.min(...ring.map(([, y]) => y));
  return width === 0 || height === 0;
}

/** A box this wide goes around the globe. */
const WHOLE_TURN_DEGREES = 359;

function wideBox(ring: Float64Array, widerThan: number): ExtentBox | null {
  const [west, east] = [minimum(ring, 0), -minimum(ring, 0, -1)];
  const [south, north] = [minimum(ring, 1), -minimum(ring, 1, -1)];
  if (east - west <= widerThan) return null;
  const corners = new Set<string>();
  for (let i = 0; i < ring.length; i += 2) {
    const [x, y] = [ring[i], ring[i + 1]];
    if ((x !== west && x !== east) || (y !== south && y !== north)) return null;
    corners.add(`${x} ${y}`);
  }
  return corners.size === 4 ? { west, south, east, north } : null;
}

function minimum(ring: Float64Array, from: 0 | 1, sign = 1): number {
  let least = Infinity;
  for (let i = from; i < ring.length; i += 2) least = Math.min(least, sign * ring[i]);
  return least;
}

function positionsOf(pairs: Float64Array): Position[] {
  return Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]);
}

/** A finely cut ring without the vertices that its straight lines do not need. */
function simplified(ring: Float64Array): Position[] {
  const line = unwrap(positionsOf(ring));
  return simplifyLine(line, GEOMETRY_TOLERANCE_DEGREES).map((index) => line[index]);
}

function closedRing(ring: Float64Array): Position[] {
  const points = positionsOf(ring);
  const [first, last] = [points[0], points.at(-1)!];
  return first[0] === last[0] && first[1] === last[1] ? points : [...points, first];
}

/** Vertices added so that straight lines in longitude and latitude follow the great circles. */
function alongGreatCircles(points: Position[]): Position[] {
  const followed: Position[] = [];
  for (const [index, point] of points.entries()) {
    if (index > 0) halve(points[index - 1], point, DEEPEST, followed);
    followed.push(point);
  }
  return followed;
}

const RADIANS = Math.PI / 180;

/** Adds the vertices between two, the middle first where it strays from the straight line. */
function halve(a: Position, b: Position, depth: number, out: Position[]): void {
  const [x0, y0, x1, y1] = [a[0] * RADIANS, a[1] * RADIANS, b[0] * RADIANS, b[1] * RADIANS];
  const x = Math.cos(y0) * Math.cos(x0) + Math.cos(y1) * Math.cos(x1);
  const y = Math.cos(y0) * Math.sin(x0) + Math.cos(y1) * Math.sin(x1);
  const z = Math.sin(y0) + Math.sin(y1);
  const horizontal = Math.hypot(x, y);
  // Opposite points have no middle, and a middle at a pole has no longitude: the edge stays as it is.
  if (depth === 0 || horizontal < 1e-9) return;
  const middle = [Math.atan2(y, x) / RADIANS, Math.atan2(z, horizontal) / RADIANS];
  const dx = ((b[0] - a[0] + 540) % 360) - 180;
  const strayX = (((middle[0] - a[0] - dx / 2 + 540) % 360) - 180) * Math.cos(middle[1] * RADIANS);
  const strayY = middle[1] - (a[1] + b[1]) / 2;
  if (Math.hypot(strayX, strayY) <= GEOMETRY_TOLERANCE_DEGREES) return;
  halve(a, middle, depth - 1, out);
  out.push(middle);
  halve(middle, b, depth - 1, out);
}
