/**
 * Shapes on the sphere of HEALPix: polygons with holes, boxes, lines and points, compiled once to
 * great-circle arcs, to be covered by cells and compared with each other.
 */
import { inputError } from "../errors.ts";
import { authalicFromGeodetic } from "./authalic.ts";
import type { LatitudeConvention } from "./convention.ts";
import { cosineDegrees, sineDegrees } from "./sine.ts";
import { boxOfRing } from "./ring_box.ts";
import { insideRing, makeRing, type SphericalRing, type Winding } from "./spherical_ring.ts";

/**
 * How edges run between vertices: along great circles (`geodetic`), straight in longitude and latitude
 * (`planar`, CMR's "cartesian" and GeoJSON), or `unknown`: then both readings belong to the shape.
 */
type EdgeRule = "geodetic" | "planar" | "unknown";

export interface ShapeOptions {
  edges: EdgeRule;
  /** How cells read latitudes; catalogs are authalic. */
  convention?: LatitudeConvention;
  /** Widens the shape by this many metres, up to 4,000 km. */
  bufferMetres?: number;
  /** Which side of a geodetic ring is inside; `smaller` unless said otherwise. */
  winding?: Winding;
}

/** Planar edges are followed by great circles to this distance. */
const DENSIFY_METRES = 100;
/** The widest buffer. */
const MAX_BUFFER_METRES = 4_000_000;
/** A ring or line of more arcs than this, after densifying, is refused. */
const MAX_ARCS = 20_000_000;

/** No less than one radian on the sphere for a metre on the ellipsoid. */
const RADIANS_PER_METRE = 1 / 6_330_000;
const DENSIFY_RADIANS = DENSIFY_METRES / 6_400_000;
const RADIANS = Math.PI / 180;

interface ShapePolygon {
  readonly outer: SphericalRing;
  readonly holes: readonly SphericalRing[];
}

/** A compiled shape: see {@linkcode ShapeBuilder}. */
export interface Shape {
  readonly convention: LatitudeConvention;
  /** Arcs as unit vectors, six numbers each: from x y z, to x y z. A point is an arc without length. */
  readonly arcs: Float64Array;
  /** For every arc, the sine of how far beyond it the shape reaches (buffer and densification). */
  readonly slack: Float64Array;
  readonly polygons: readonly ShapePolygon[];
}

/** Whether a unit vector with its longitude is inside a polygon of the shape (edges aside). */
export function insidePolygons(shape: Shape, lon: number, x: number, y: number, z: number): boolean {
  for (const { outer, holes } of shape.polygons) {
    if (insideRing(outer, lon, x, y, z) && !holes.some((hole) => insideRing(hole, lon, x, y, z))) return true;
  }
  return false;
}

/** Latitude of the sphere of HEALPix for a geodetic one. */
export function sphereLatitude(latitude: number, convention: LatitudeConvention): number {
  return convention === "authalic" ? authalicFromGeodetic(latitude) : latitude;
}

/** Collects polygons, boxes, lines and points, in degrees, and compiles them. */
export class ShapeBuilder {
  readonly #convention: LatitudeConvention;
  readonly #rules: ("geodetic" | "planar")[];
  readonly #winding: Winding;
  readonly #bufferRadians: number;
  readonly #arcs: Float64Array[] = [];
  readonly #slack: Float64Array[] = [];
  readonly #polygons: ShapePolygon[] = [];
  #arcCount = 0;

  constructor(options: ShapeOptions) {
    const buffer = options.bufferMetres ?? 0;
    if (!(buffer >= 0 && buffer <= MAX_BUFFER_METRES)) {
      throw inputError(`a buffer of ${buffer} metres is not possible (wanted 0 to ${MAX_BUFFER_METRES})`);
    }
    this.#convention = options.convention ?? "authalic";
    this.#rules = options.edges === "unknown" ? ["geodetic", "planar"] : [options.edges];
    this.#winding = options.winding ?? "smaller";
    this.#bufferRadians = buffer * RADIANS_PER_METRE;
  }

  /**
   * Adds a polygon: its outer ring and holes as longitude, latitude, longitude, ... in degrees. The
   * last vertex may repeat the first. Of two longitudes more than 180 apart the short way is meant,
   * except in planar rings that are boxes. A ring whose rule is unknown and that crosses the antimeridian,
   * or runs around a pole, is geodetic: CMR's cartesian rings do neither.
   *
   * @throws GranaryError (input) for vertices out of range.
   */
  polygon(outer: ArrayLike<number>, holes: readonly ArrayLike<number>[] = []): this {
    if (outer.length < 2) return this;
    const geodeticOnly = this.#rules.length > 1 && crossesAntimeridian(outer);
    for (const rule of this.#rules) {
      if (rule === "planar" && geodeticOnly) continue;
      this.#polygons.push({
        outer: this.#ring(outer, rule, this.#winding),
        holes: holes.filter((hole) => hole.length >= 2).map((hole) => this.#ring(hole, rule, "smaller")),
      });
    }
    return this;
  }

  /** Adds a box along parallels and meridians; `west` > `east` crosses the antimeridian. */
  box(west: number, south: number, east: number, north: number): this {
    for (const latitude of [south, north]) checkPosition(west, latitude, 540);
    checkPosition(east, south, 540);
    if (south > north) throw inputError(`box from ${south} to ${north} degrees north: south is above north`);
    let width = east - west;
    if (width < 0) width = ((width % 360) + 360) % 360;
    width = Math.min(width, 360);
    const lon = [west, west + width, west + width, west];
    const path = this.#path(lon, [south, south, north, north], [width, 0, -width, 0], "planar");
    this.#polygons.push({ outer: this.#close(path, "planar", "smaller"), holes: [] });
    return this;
  }

  /** Adds a line as longitude, latitude, ... in degrees. */
  line(points: ArrayLike<number>): this {
    for (const rule of this.#rules) {
      const { lon, lat } = vertices(points);
      if (lon.length === 0) continue;
      const sweeps = lon.slice(1).map((value, i) => shortWay(value - lon[i]));
      const path = this.#path(lon, lat, sweeps, rule);
      const arcs: number[] = [];
      const count = Math.max(1, path.longitude.length - 1);
      for (let i = 0; i < count; i++) {
        arcs.push(...path.vector(i), ...path.vector(Math.min(i + 1, path.longitude.length - 1)));
      }
      this.#addArcs(arcs, path.slack.slice(0, count));
    }
    return this;
  }

  /** Adds a point in degrees. */
  point(longitude: number, latitude: number): this {
    checkPosition(longitude, latitude, 360);
    const vector = this.#vector(longitude, latitude);
    this.#addArcs([...vector, ...vector], [Math.sin(this.#bufferRadians)]);
    return this;
  }

  build(): Shape {
    return {
      convention: this.#convention,
      arcs: concatenate(this.#arcs, 6 * this.#arcCount),
      slack: concatenate(this.#slack, this.#arcCount),
      polygons: this.#polygons,
    };
  }

  #ring(points: ArrayLike<number>, rule: "geodetic" | "planar", winding: Winding): SphericalRing {
    const { lon, lat } = vertices(points);
    const count = lon.length;
    if (count > 1 && lon[0] === lon[count - 1] && lat[0] === lat[count - 1]) {
      lon.pop();
      lat.pop();
    }
    const sweeps = rule === "planar" ? planarSweeps(lon, lat) : sweepsOf(lon);
    return this.#close(this.#path(lon, lat, sweeps, rule), rule, winding);
  }

  /**
   * Vertices, densified where the rule asks for it. With as many sweeps as vertices the last edge leads
   * back to the first vertex; with one less the last vertex ends a line.
   */
  #path(
    lon: readonly number[],
    lat: readonly number[],
    sweeps: readonly number[],
    rule: "geodetic" | "planar",
  ): Path {
    const path = new Path();
    for (let i = 0; i < lon.length; i++) {
      const next = (i + 1) % lon.length;
      const ends = i === sweeps.length;
      const rise = ends ? 0 : lat[next] - lat[i];
      const sweep = ends ? 0 : sweeps[i];
      const acceleration = rule === "planar" ? planarAcceleration(sweep, rise) : 0;
      const parts = planarParts(acceleration, sweep);
      const slack = Math.sin(this.#bufferRadians + acceleration / (8 * parts * parts));
      if (this.#arcCount + path.longitude.length + parts > MAX_ARCS) {
        throw inputError(`a shape of more than ${MAX_ARCS} edges cannot be covered; simplify it`);
      }
      for (let k = 0; k < parts; k++) {
        const longitude = lon[i] + sweep * k / parts;
        path.slack.push(slack);
        path.longitude.push(longitude - 360 * Math.round(longitude / 360));
        path.sweep.push(sweep / parts);
        path.vectors.push(...this.#vector(longitude, lat[i] + rise * k / parts));
      }
    }
    return path;
  }

  #close(path: Path, rule: "geodetic" | "planar", winding: Winding): SphericalRing {
    const arcs: number[] = [];
    const count = path.longitude.length;
    for (let i = 0; i < count; i++) arcs.push(...path.vector(i), ...path.vector((i + 1) % count));
    this.#addArcs(arcs, path.slack);
    return makeRing(
      new Float64Array(path.longitude),
      new Float64Array(path.sweep),
      new Float64Array(path.vectors),
      rule === "planar",
      winding,
    );
  }

  #addArcs(arcs: readonly number[], slack: readonly number[]): void {
    this.#slack.push(new Float64Array(slack));
    this.#arcs.push(new Float64Array(arcs));
    this.#arcCount += slack.length;
  }

  #vector(longitude: number, latitude: number): [number, number, number] {
    const lat = sphereLatitude(latitude, this.#convention);
    const radius = cosineDegrees(lat);
    return [radius * cosineDegrees(longitude), radius * sineDegrees(longitude), sineDegrees(lat)];
  }
}

/** A ring being built. */
class Path {
  readonly longitude: number[] = [];
  readonly sweep: number[] = [];
  readonly vectors: number[] = [];
  /** Of the arc that begins at each vertex. */
  readonly slack: number[] = [];

  vector(i: number): [number, number, number] {
    return [this.vectors[3 * i], this.vectors[3 * i + 1], this.vectors[3 * i + 2]];
  }
}

function vertices(points: ArrayLike<number>): { lon: number[]; lat: number[] } {
  const lon: number[] = [];
  const lat: number[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    checkPosition(points[i], points[i + 1], 360);
    lon.push(points[i]);
    lat.push(points[i + 1]);
  }
  return { lon, lat };
}

function checkPosition(longitude: number, latitude: number, limit: number): void {
  if (!(Math.abs(longitude) <= limit && Math.abs(latitude) <= 90)) {
    throw inputError(
      `position ${longitude}, ${latitude} is out of range ` +
        `(wanted longitude -${limit} to ${limit}, then latitude -90 to 90, in degrees)`,
    );
  }
}

/** A difference of longitudes by the short way, -180 to 180. */
function shortWay(step: number): number {
  return Math.abs(step) <= 180 ? step : step - 360 * Math.round(step / 360);
}

/** From each longitude of a ring to the next, as stated. */
function stepsOf(lon: readonly number[]): number[] {
  return lon.map((value, i) => lon[(i + 1) % lon.length] - value);
}

/** The same by the short way. Between -180 and 180 that is nothing: they are one meridian. */
function sweepsOf(lon: readonly number[]): number[] {
  return stepsOf(lon).map(shortWay);
}

/**
 * Degrees of longitude that each edge of a planar ring covers, from vertex i to the next and from the last to
 * the first: the short way, except in boxes that are wider than 180 degrees.
 */
export function planarSweeps(lon: readonly number[], lat: readonly number[]): number[] {
  const box = boxOfRing(lon.flatMap((longitude, i) => [longitude, lat[i]]));
  return box !== undefined && box.east - box.west > 180 ? stepsOf(lon) : sweepsOf(lon);
}

/** Whether the short way of some edge of a ring leads over the antimeridian; boxes are as wide as they state. */
function crossesAntimeridian(ring: ArrayLike<number>): boolean {
  const { lon } = vertices(ring);
  return boxOfRing(ring) === undefined && stepsOf(lon).some((step) => Math.abs(step) > 180);
}

/**
 * How strongly a planar edge bends away from a great circle, with its length as the unit of time: the
 * pull of the parallel, the turning of an oblique line, and the unevenness of authalic latitude. Its
 * distance from its chord is at most an eighth of that, in radians.
 */
function planarAcceleration(sweepDegrees: number, riseDegrees: number): number {
  const sweep = sweepDegrees * RADIANS;
  const rise = riseDegrees * RADIANS;
  return Math.hypot(sweep * sweep / 2 + 0.01 * rise * rise, 2 * sweep * rise);
}

/** Into how many arcs an edge is cut, so that none is farther off than {@linkcode DENSIFY_METRES}. */
function planarParts(acceleration: number, sweepDegrees: number): number {
  const parts = Math.ceil(Math.sqrt(acceleration / (8 * DENSIFY_RADIANS)));
  return Math.max(parts, acceleration > 0 ? Math.ceil(Math.abs(sweepDegrees) / 30) : 1, 1);
}

function concatenate(parts: readonly Float64Array[], length: number): Float64Array {
  const out = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
