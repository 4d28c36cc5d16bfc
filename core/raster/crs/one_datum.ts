/**
 * Points between two systems of one datum, by the projections' own formulas. The library's way around them looks at
 * datums, grids and axes anew for every point, which costs several times the formulas; the numbers are the same.
 */
import type proj4 from "proj4";

type Projection = InstanceType<typeof proj4.Proj>;
type Point = { x: number; y: number };

/** What of the library's projections is needed; its types tell of less. */
interface Known {
  readonly projName?: string;
  readonly to_meter?: number;
  readonly from_greenwich?: number;
  readonly long_wrap?: number;
  readonly datum?: Datum;
  forward(point: Point): Point | undefined;
  inverse(point: Point): Point | undefined;
}

interface Datum {
  readonly datum_type: number;
  readonly a: number;
  readonly es: number;
  readonly grids?: readonly ({ readonly isNull?: boolean } | null)[] | null;
}

// As the library numbers kinds of datums.
const GRID_SHIFT = 3;
const WGS84 = 4;
const NO_DATUM = 5;
/** Of the ellipsoid that grids lead to, as the library has it. */
const WGS84_AXIS = 6378137;
const WGS84_ECCENTRICITY_SQUARED = 0.006694379990141316;

const RADIANS = 0.01745329251994329577;
const DEGREES = 57.29577951308232088;

/** Undefined where the two are of different datums, or where one wants what only the library does. */
export function oneDatumTransform(
  from: Projection,
  to: Projection,
): ((point: Point) => Point) | undefined {
  const [source, target] = [from, to] as unknown as [Known, Known];
  if (!isPlain(source) || !isPlain(target) || !isOneDatum(source.datum, target.datum)) return undefined;
  const toPlace = inverseOf(source);
  const fromPlace = forwardOf(target);
  return (point) => {
    const place = toPlace(point);
    return (place === undefined ? undefined : fromPlace(place)) ?? { x: NaN, y: NaN };
  };
}

function isPlain({ projName, from_greenwich: meridian, long_wrap: wrap }: Known): boolean {
  return !meridian && wrap === undefined && projName !== "geocent";
}

function isOneDatum(one: Datum | undefined, other: Datum | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  if (!isKnown(one) || !isKnown(other)) return false;
  if (one.datum_type === NO_DATUM || other.datum_type === NO_DATUM) return true;
  const [a, b] = [ellipsoidOf(one), ellipsoidOf(other)];
  return a[0] === b[0] && a[1] === b[1];
}

function isKnown({ datum_type: type, grids }: Datum): boolean {
  if (type === GRID_SHIFT) return grids?.[0]?.isNull === true;
  return type === WGS84 || type === NO_DATUM;
}

function ellipsoidOf({ datum_type: type, a, es }: Datum): readonly [number, number] {
  return type === GRID_SHIFT ? [WGS84_AXIS, WGS84_ECCENTRICITY_SQUARED] : [a, es];
}

type Step = (point: Point) => Point | undefined;

/** To longitude and latitude in radians. */
function inverseOf(source: Known): Step {
  if (source.projName === "longlat") return ({ x, y }) => ({ x: x * RADIANS, y: y * RADIANS });
  const metres = source.to_meter || 1;
  return ({ x, y }) => source.inverse({ x: x * metres, y: y * metres });
}

function forwardOf(target: Known): Step {
  if (target.projName === "longlat") return ({ x, y }) => ({ x: x * DEGREES, y: y * DEGREES });
  const metres = target.to_meter || 1;
  if (metres === 1) return (place) => target.forward(place);
  return (place) => {
    const point = target.forward(place);
    return point && { x: point.x / metres, y: point.y / metres };
  };
}
