/** Coordinates from one reference system to another. Only this and `one_datum.ts` know the projection library. */
import proj4 from "proj4";
import { inputError } from "../../errors.ts";
import type { Crs } from "../grid.ts";
import { oneDatumTransform } from "./one_datum.ts";
import { parseParameters } from "./parameters.ts";

/** Of a point: x or longitude, y or latitude; NaN for both where the point has no image. */
export interface CrsTransform {
  forward(x: number, y: number): [number, number];
  inverse(x: number, y: number): [number, number];
  /** Replaces the coordinates of many points by their images. */
  forwardAll(x: Float64Array, y: Float64Array): void;
  inverseAll(x: Float64Array, y: Float64Array): void;
}

type Point = { x: number; y: number };

/** Latitudes this little past a pole are the pole: affines end there with a rounding. */
const POLE_TOLERANCE = 1e-9;
/** Formulas give numbers without an end near points that have no image, as the pole opposite. */
const LARGEST_COORDINATE = 1e11;

const kept = new Map<string, CrsTransform>();
/** A process sees few pairs of systems; files could name many. */
const KEPT_TRANSFORMS = 64;

/**
 * The transform between two systems; asking again for the same pair is free. Longitudes that come out of a
 * projection lie within -180 and 180; latitudes past a pole have no image. Throws an input error for a
 * definition that cannot be computed.
 */
export function transformer(from: Crs, to: Crs): CrsTransform {
  const key = `${from.proj4}\n${to.proj4}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = makeTransform(from, to);
  if (kept.size >= KEPT_TRANSFORMS) kept.clear();
  kept.set(key, made);
  return made;
}

function makeTransform(from: Crs, to: Crs): CrsTransform {
  if (from.proj4 === to.proj4) return oneWayEach(same, same);
  const [source, target] = [parse(from), parse(to)];
  const converter = proj4(source, target);
  return oneWayEach(
    oneWay(oneDatumTransform(source, target) ?? converter.forward, from.geographic, to.geographic),
    oneWay(oneDatumTransform(target, source) ?? converter.inverse, to.geographic, from.geographic),
  );
}

type OneWay = (x: number, y: number) => [number, number];

const same: OneWay = (x, y) => [x, y];

function oneWayEach(forward: OneWay, inverse: OneWay): CrsTransform {
  return {
    forward,
    inverse,
    forwardAll: (x, y) => replaceAll(forward, x, y),
    inverseAll: (x, y) => replaceAll(inverse, x, y),
  };
}

function oneWay(convert: (point: Point) => Point, fromDegrees: boolean, toDegrees: boolean): OneWay {
  return (x, y) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return [NaN, NaN];
    if (fromDegrees && Math.abs(y) > 90) {
      if (Math.abs(y) > 90 + POLE_TOLERANCE) return [NaN, NaN];
      y = Math.sign(y) * 90;
    }
    const point = imageOf(convert, x, y);
    if (!(Math.abs(point.x) < LARGEST_COORDINATE && Math.abs(point.y) < LARGEST_COORDINATE)) {
      return [NaN, NaN];
    }
    if (toDegrees && !fromDegrees && Math.abs(point.x) > 180) return [wrapped(point.x), point.y];
    return [point.x, point.y];
  };
}

/** The library throws a plain Error for some points outside of a projection; others become NaN. */
function imageOf(convert: (point: Point) => Point, x: number, y: number): Point {
  try {
    return convert({ x, y });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    return { x: NaN, y: NaN };
  }
}

function wrapped(longitude: number): number {
  return longitude - 360 * Math.floor((longitude + 180) / 360);
}

function replaceAll(way: OneWay, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const [imageX, imageY] = way(x[i], y[i]);
    x[i] = imageX;
    y[i] = imageY;
  }
}

/** What a definition leaves out is 0, as PROJ has it; the library computes NaN with some of what is left out. */
function withDefaults(definition: string): string {
  const parameters = parseParameters(definition);
  const projection = parameters.get("proj") ?? "";
  if (COMPLETE.includes(projection)) return definition;
  const missing = ["lat_0", "lon_0", "x_0", "y_0"].filter((name) => !parameters.has(name));
  // Oblique Mercator has a meridian of its centre instead.
  const added = missing.filter((name) => name !== "lon_0" || projection !== "omerc");
  return [definition, ...added.map((name) => `+${name}=0`)].join(" ");
}

/** Without parameters, or with those of their zone. */
const COMPLETE = ["longlat", "latlong", "lonlat", "utm"];

function parse(crs: Crs) {
  try {
    return new proj4.Proj(withDefaults(crs.proj4));
  } catch (error) {
    // Texts and errors alike are thrown for what the library cannot read.
    throw inputError(
      `${crs.code ?? crs.name}: this coordinate reference system cannot be computed here ("${crs.proj4}": ${
        error instanceof Error ? error.message : String(error)
      })`,
      { code: crs.code, proj4: crs.proj4 },
    );
  }
}
