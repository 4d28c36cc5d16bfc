/**
 * From a stated extent to the columns of a row: the geometry, split at the antimeridian, its box, and
 * the cells that the extent touches.
 */
import { splitLine, splitPolygon, unwrap, wrapLongitude } from "../../../core/geometry/antimeridian.ts";
import { coverAdaptive } from "../../../core/cells/coverage.ts";
import { boxOfRing } from "../../../core/cells/ring_box.ts";
import { ShapeBuilder } from "../../../core/cells/shape.ts";
import { boundingBox, type Geometry, type Position } from "../../../core/geometry/geometry.ts";
import { MAX_CELLS_PER_GRANULE } from "../../schema.ts";
import { simplifyLine } from "../../../core/geometry/simplify.ts";
import { areValid, type Rings, unionPolygons } from "../../../core/geometry/valid_polygons.ts";
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
  return (stated, note = () => {}) => {
    if (stated === null) return { ...empty, cells: new BigUint64Array(0) };
    const extent = withLines(withWideBoxes(stated, note), note);
    const geometry = onGlobe(geometryOf(extent, note));
    if (geometry === null) return { ...empty, cells: new BigUint64Array(0) };
    const { order, cells } = cellsOf(extent, cellOrder, options.bufferKm ?? 0);
    return { geometry: encodeWkb(geometry), bbox: boundingBox(geometry) ?? null, cell_order: order, cells };
  };
}

/** Cutting and joining round: what is a hair past a meridian or a pole lies on it. */
function onGlobe(geometry: Geometry | null): Geometry | null {
  const within = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    if (typeof value[0] !== "number") return value.map(within);
    const [x, y] = value as number[];
    return [Math.max(-180, Math.min(180, x)), Math.max(-90, Math.min(90, y))];
  };
  if (geometry === null) return null;
  if (geometry.type === "GeometryCollection") {
    return { ...geometry, geometries: geometry.geometries.map((part) => onGlobe(part)!) };
  }
  return { ...geometry, coordinates: within(geometry.coordinates) } as Geometry;
}

/** What is noted of an extent that was not taken as it was stated. */
const CROSSES_ITSELF = "footprint's ring crosses itself: all that it encloses is kept";
const ITS_BOX = "footprint's rings cross each other too often: their box is kept";
const WITHOUT_AREA = "footprint's ring encloses nothing: kept as a line or a point";
const SHORT_BOX =
  "footprint is a box to 180 or -180 that is wider than 270 degrees: taken the short way around";
const WIDE_BOX =
  "footprint is a box wider than 180 degrees: taken as wide as stated, not the short way around";
const LONG_EDGE = "footprint has an edge of more than 180 degrees of longitude: taken the short way around";

function cellsOf(extent: Extent, cellOrder: number, bufferKm: number) {
  const bufferMetres = 1000 * (extent.halfWidthKm + bufferKm);
  const shape = new ShapeBuilder({ edges: extent.edges, bufferMetres });
  for (const { outer, holes } of extent.polygons) shape.polygon(outer, holes);
  for (const { west, south, east, north } of extent.boxes) shape.box(west, south, east, north);
  for (const line of extent.lines) shape.line(line);
  for (let i = 0; i + 1 < extent.points.length; i += 2) shape.point(extent.points[i], extent.points[i + 1]);
  return coverAdaptive(shape.build(), cellOrder, MAX_CELLS_PER_GRANULE);
}

/** The extent as one valid geometry, or null when nothing of it is left. */
function geometryOf(extent: Extent, note: (reason: string) => void): Geometry | null {
  const follow = extent.edges === "planar" ? (points: Position[]) => points : alongGreatCircles;
  const polygons: Rings[] = [];
  const lines: Position[][] = [];
  const points: Position[] = [];
  let crossing = false;
  for (const { outer, holes } of extent.polygons) {
    const rings = [outer, ...holes].map((ring) => follow(closedRing(ring)));
    const parts = partsOf(rings);
    if (parts.length > 0 && areValid(parts)) polygons.push(...parts);
    else {
      crossing = true;
      // As large to the left of its direction as to the right, a ring has no inside before it is taken apart.
      const apart = parts.length > 0 ? parts : (unionPolygons([unwrapped(rings)]) ?? []).flatMap(partsOf);
      polygons.push(...apart);
    }
  }
  if (crossing) note(CROSSES_ITSELF);
  for (const box of extent.boxes) addBox(box, polygons, lines, points);
  for (const line of extent.lines) {
    const swath = extent.halfWidthKm > 0 ? swathRing(line, extent.halfWidthKm) : null;
    if (swath === null) lines.push(...splitLine(follow(positionsOf(line))));
    else polygons.push(...partsOf([simplified(swath)]));
  }
  points.push(...positionsOf(extent.points));
  return joined(validOf(polygons, note), lines, points);
}

/** Rings with continuous longitudes, holes near the outer one. */
function unwrapped(rings: readonly Position[][]): Rings {
  return rings.map((ring) => {
    const [line, first] = [unwrap(ring), rings[0][0][0]];
    const shift = 360 * Math.round((first - line[0][0]) / 360);
    return line.map(([x, y]) => [x + shift, y]);
  });
}

function partsOf(rings: readonly Position[][]): Rings[] {
  return splitPolygon(rings).map((polygon) => polygon.coordinates);
}

/** The same area as polygons that cross and share nothing, or its box. */
function validOf(polygons: Rings[], note: (reason: string) => void): Rings[] {
  if (areValid(polygons)) return polygons;
  const united = unionPolygons(polygons);
  if (united !== undefined) return united;
  note(ITS_BOX);
  const box = boundingBox({ type: "MultiPolygon", coordinates: polygons })!;
  const parts: Rings[] = [];
  addBox({ west: box.xmin, south: box.ymin, east: box.xmax, north: box.ymax }, parts, [], []);
  return parts;
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
function withWideBoxes(extent: Extent, note: (reason: string) => void): Extent {
  const widest = extent.edges === "geodetic" ? WHOLE_TURN_DEGREES : 180;
  const boxes = [...extent.boxes];
  const polygons = extent.polygons.flatMap((polygon) => {
    if (polygon.continuous === true) return cutPolygon(polygon);
    const box = polygon.holes.length === 0 ? boxOfRing(polygon.outer) : undefined;
    const width = box === undefined ? 0 : box.east - box.west;
    if (box === undefined || width <= widest) {
      if (extent.edges !== "geodetic" && hasLongEdge(polygon.outer)) note(LONG_EDGE);
      return [polygon];
    }
    // 180 and -180 are one meridian, and which of the two is written is often an accident.
    const toBorder = (box.west === -180) !== (box.east === 180);
    if (toBorder && width > ACCIDENTAL_DEGREES) {
      note(SHORT_BOX);
      boxes.push({ ...box, west: box.east, east: box.west });
      return [];
    }
    if (width < 360) note(WIDE_BOX);
    boxes.push(box);
    return [];
  });
  return { ...extent, polygons, boxes };
}

/** A box this wide goes around the globe. */
const WHOLE_TURN_DEGREES = 359;

/** A box on one side of the antimeridian seems wider than this by a wrong sign only. */
const ACCIDENTAL_DEGREES = 270;

/** Whether an edge of a ring is so long that its other way around would not be much longer. */
function hasLongEdge(ring: Float64Array): boolean {
  for (let i = 2; i < ring.length; i += 2) {
    const step = Math.abs(ring[i] - ring[i - 2]);
    if (step > 180 && step < ACCIDENTAL_DEGREES) return true;
  }
  return false;
}

/** A polygon that is known to go past the antimeridian, cut there: each side covers its own cells. */
function cutPolygon(polygon: ExtentPolygon): ExtentPolygon[] {
  const split = partsOf([polygon.outer, ...polygon.holes].map(closedRing)).map((rings) =>
    rings.map((ring) => Float64Array.from(ring.flat()))
  );
  return split.length === 0 ? [polygon] : split.map(([outer, ...holes]) => ({ outer, holes }));
}

/** Rings that go out and back on one line, and so enclose nothing, become lines, or points. */
function withLines(extent: Extent, note: (reason: string) => void): Extent {
  const lines = [...extent.lines];
  const points = [...extent.points];
  const polygons = extent.polygons.filter(({ outer }) => {
    const ring = unwrap(closedRing(outer));
    if (Math.abs(ring[ring.length - 1][0] - ring[0][0]) >= 180 || !isOutAndBack(ring)) return true;
    note(WITHOUT_AREA);
    const places = ring.map(([x, y]) => [wrapLongitude(x), y]);
    if (places.every(([x, y]) => x === places[0][0] && y === places[0][1])) points.push(...places[0]);
    else lines.push(Float64Array.from(places.flat()));
    return false;
  });
  return { ...extent, polygons, lines, points: Float64Array.from(points) };
}

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
  const [x0, y0] = ring[0];
  const far = ring.reduce((best, place) => distance(place, ring[0]) > distance(best, ring[0]) ? place : best);
  const [dx, dy] = [far[0] - x0, far[1] - y0];
  const length = Math.hypot(dx, dy);
  return ring.every(([x, y]) => Math.abs((x - x0) * dy - (y - y0) * dx) <= ON_LINE_DEGREES * length);
}

/** What lies as near to one line lies on it: a tenth of a millimetre. */
const ON_LINE_DEGREES = 1e-9;

function distance(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
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
    const before = points[index - 1];
    if (index > 0 && isPole(before) !== isPole(point)) {
      // To or from a pole an edge is a meridian, whatever longitude the pole is given.
      followed.push(isPole(before) ? [point[0], before[1]] : [before[0], point[1]]);
    } else if (index > 0) halve(before, point, DEEPEST, followed);
    followed.push(point);
  }
  return followed;
}

function isPole(point: Position): boolean {
  return Math.abs(point[1]) === 90;
}

const RADIANS = Math.PI / 180;

/** Adds the vertices between two, the middle first where it strays from the straight line. */
function halve(a: Position, b: Position, depth: number, out: Position[]): void {
  const [x0, y0, x1, y1] = [a[0] * RADIANS, a[1] * RADIANS, b[0] * RADIANS, b[1] * RADIANS];
  const x = Math.cos(y0) * Math.cos(x0) + Math.cos(y1) * Math.cos(x1);
  const y = Math.cos(y0) * Math.sin(x0) + Math.cos(y1) * Math.sin(x1);
  const z = Math.sin(y0) + Math.sin(y1);
  const horizontal = Math.hypot(x, y);
  if (horizontal < 1e-9 && Math.abs(z) > 1e-9) {
    // The middle is a pole: along one meridian to it, and on along the other.
    out.push([a[0], Math.sign(z) * 90], [b[0], Math.sign(z) * 90]);
    return;
  }
  // Opposite points have no middle: the edge stays as it is.
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
