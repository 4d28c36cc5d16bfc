/**
 * The footprint of a grid on the globe: its edges densified in the grid's own CRS, carried to longitude and
 * latitude, split at the antimeridian and closed over a pole that the grid holds.
 */
import { inputError } from "../errors.ts";
import { splitPolygon } from "../geometry/antimeridian.ts";
import type { MultiPolygon, Polygon, Position } from "../geometry/geometry.ts";
import { edgeAround, type RowOnGlobe, rowsOnGlobe } from "./edge_on_globe.ts";
import type { Affine } from "../raster/grid.ts";

/** Points between the corners of each edge: as GDAL's and rasterio's bounds of a warp take. */
const EDGE_POINTS = 21;

/** Decimal digits of degrees that are written: a tenth of a millimetre. */
const DIGITS = 9;

/** Carries positions of a CRS to longitudes and latitudes in degrees, in place. */
export type ToLonLat = (x: Float64Array, y: Float64Array) => void;

export interface Footprint {
  geometry: Polygon | MultiPolygon;
  /** West, south, east, north; west is greater than east across the antimeridian. */
  bbox: [number, number, number, number];
}

interface FootprintRequest {
  readonly width: number;
  readonly height: number;
  readonly affine: Affine;
  /** Whether the CRS has longitude and latitude as its axes. */
  readonly geographic: boolean;
  readonly toLonLat: ToLonLat;
  /** The way back, by which places beyond the globe's limb are told from those on it. */
  readonly fromLonLat?: ToLonLat;
}

/** Throws an input error where an edge has no place on the globe. */
export function gridFootprint(request: FootprintRequest): Footprint {
  const { width, height, geographic } = request;
  if (geographic) return geographicFootprint(request);
  const whole = edgePixels(width, height);
  const onGlobe = globeTest(request);
  if (onGlobe !== undefined && !whole.every(([column, row]) => onGlobe(column, row))) {
    return limbFootprint(rowsOnGlobe(width, height, onGlobe), request);
  }
  const ring = placed(whole, request);
  const polygons = splitPolygon([ring], { pole: poleInside(request) });
  return footprintOf(polygons);
}

/** Degrees from a pole or from the antimeridian, within which rows of a map may end anywhere. */
const NEAR = 0.1;

/**
 * The footprint of a grid that reaches beyond the globe's limb: of a map whose rows are parallels, a tile at one
 * side of it, or all the way around. Others are refused.
 */
function limbFootprint(rows: readonly RowOnGlobe[], request: FootprintRequest): Footprint {
  if (rows.length < 2) throw inputError("the grid has no area on the globe");
  const west = placed(rows.map(({ row, first }): Position => [first, row]), request);
  const east = placed(rows.map(({ row, last }): Position => [last, row]), request);
  // The limb of a map of one side of the globe is the other pole, all around.
  const isPole = west.every(([, latitude]) => Math.abs(latitude) > 90 - NEAR);
  const areParallels = !isPole && west.every(([, latitude], i) => Math.abs(latitude - east[i][1]) < 1e-6);
  const hasBothLimbs = rows.some(({ first, last }) => first > 0 && last < request.width);
  const isAround = west.every(([longitude, latitude], i) =>
    Math.abs(latitude) > 90 - NEAR || (longitude < -180 + NEAR && east[i][0] > 180 - NEAR)
  );
  if (!areParallels || (hasBothLimbs && !isAround)) {
    throw inputError(
      "the grid's edge lies beyond the globe, where its CRS has no longitude and latitude" +
        " (cut the grid to the part that lies on the globe)",
    );
  }
  if (!hasBothLimbs) return footprintOf(splitPolygon([placed(edgeAround(rows), request)]));
  const latitudes = west.map(([, latitude]) => latitude);
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  return footprintOf([{ type: "Polygon", coordinates: [rectangle(-180, south, 180, north)] }]);
}

/** Whether places of the grid are ones of the globe: they come back from there to their cell. */
function globeTest(
  { affine: [a, b, c, d, e, f], toLonLat, fromLonLat }: FootprintRequest,
): ((column: number, row: number) => boolean) | undefined {
  if (fromLonLat === undefined) return undefined;
  const allowed = Math.max(Math.hypot(a, d), Math.hypot(b, e));
  return (column, row) => {
    const [wantedX, wantedY] = [a * column + b * row + c, d * column + e * row + f];
    const x = Float64Array.of(wantedX), y = Float64Array.of(wantedY);
    toLonLat(x, y);
    if (!Number.isFinite(x[0]) || !Number.isFinite(y[0])) return false;
    fromLonLat(x, y);
    return Math.abs(x[0] - wantedX) <= allowed && Math.abs(y[0] - wantedY) <= allowed;
  };
}

/** A grid of longitudes and latitudes is a rectangle there; one of 360 degrees or more is the globe's band. */
function geographicFootprint({ width, height, affine, toLonLat }: FootprintRequest): Footprint {
  const xs = Float64Array.from(
    [0, width, width, 0],
    (column, i) => affine[0] * column + affine[1] * [0, 0, height, height][i] + affine[2],
  );
  const ys = Float64Array.from(
    [0, width, width, 0],
    (column, i) => affine[3] * column + affine[4] * [0, 0, height, height][i] + affine[5],
  );
  toLonLat(xs, ys);
  const span = Math.max(...xs) - Math.min(...xs);
  const ring = Array.from(xs, (x, i): Position => [x, clamp(ys[i])]);
  if (span >= 360 - 1e-9) {
    const [south, north] = [Math.min(...ring.map(([, y]) => y)), Math.max(...ring.map(([, y]) => y))];
    return footprintOf([{ type: "Polygon", coordinates: [rectangle(-180, south, 180, north)] }]);
  }
  // A wide rectangle has edges that go the long way round: points between keep each step short.
  const dense = ring.flatMap((from, i) => steps(from, ring[(i + 1) % ring.length]));
  return footprintOf(splitPolygon([dense]));
}

function steps(from: Position, to: Position): Position[] {
  const count = Math.max(1, Math.ceil(Math.abs(to[0] - from[0]) / 90));
  return Array.from({ length: count }, (_, k) => [
    from[0] + (to[0] - from[0]) * k / count,
    from[1] + (to[1] - from[1]) * k / count,
  ]);
}

/** Columns and rows around the edge, clockwise in pixels, without the first one again. */
function edgePixels(width: number, height: number): Position[] {
  const last = EDGE_POINTS + 1;
  const along = (k: number, length: number) => length * k / last;
  const pixels: Position[] = [];
  for (let k = 0; k < last; k++) pixels.push([along(k, width), 0]);
  for (let k = 0; k < last; k++) pixels.push([width, along(k, height)]);
  for (let k = 0; k < last; k++) pixels.push([width - along(k, width), height]);
  for (let k = 0; k < last; k++) pixels.push([0, height - along(k, height)]);
  return pixels;
}

function placed(pixels: readonly Position[], { affine, toLonLat }: FootprintRequest): Position[] {
  const x = Float64Array.from(pixels, ([column, row]) => affine[0] * column + affine[1] * row + affine[2]);
  const y = Float64Array.from(pixels, ([column, row]) => affine[3] * column + affine[4] * row + affine[5]);
  toLonLat(x, y);
  return pixels.map(([column, row], i) => {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) {
      throw inputError(
        `the grid's edge at column ${column}, row ${row} has no longitude and latitude in its CRS` +
          " (cut the grid to the part that lies on the globe)",
      );
    }
    return [x[i], clamp(y[i])];
  });
}

/**
 * The pole that the grid holds: the one whose neighbourhood the grid's inside maps to. Found by the grid's
 * cells nearest to each pole along a coarse lattice, so that no inverse of the affine is needed.
 */
function poleInside(request: FootprintRequest): "north" | "south" | undefined {
  const { width, height } = request;
  const side = EDGE_POINTS;
  const lattice: Position[] = [];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      lattice.push([width * (i + 0.5) / side, height * (j + 0.5) / side]);
    }
  }
  const x = Float64Array.from(
    lattice,
    ([c, r]) => request.affine[0] * c + request.affine[1] * r + request.affine[2],
  );
  const y = Float64Array.from(
    lattice,
    ([c, r]) => request.affine[3] * c + request.affine[4] * r + request.affine[5],
  );
  request.toLonLat(x, y);
  let sum = 0;
  for (const latitude of y) if (Number.isFinite(latitude)) sum += latitude;
  return sum === 0 ? undefined : sum > 0 ? "north" : "south";
}

function footprintOf(polygons: readonly Polygon[]): Footprint {
  const rounded = polygons.map((polygon) => ({
    ...polygon,
    coordinates: polygon.coordinates.map((ring) => ring.map(([x, y]) => [round(x), round(y)])),
  }));
  if (rounded.length === 0) throw inputError("the grid has no area on the globe");
  const geometry: Polygon | MultiPolygon = rounded.length === 1
    ? rounded[0]
    : { type: "MultiPolygon", coordinates: rounded.map(({ coordinates }) => coordinates) };
  return { geometry, bbox: boxAround(rounded) };
}

/** The smallest box that holds all: longitudes begin east of the widest gap between the parts. */
export function boxAround(polygons: readonly Polygon[]): [number, number, number, number] {
  let south = Infinity, north = -Infinity;
  const spans = polygons.map(({ coordinates }) => {
    let west = Infinity, east = -Infinity;
    for (const [x, y] of coordinates[0]) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
    return [west, east] as [number, number];
  });
  spans.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [west, east] of spans) {
    const last = merged.at(-1);
    if (last !== undefined && west <= last[1]) last[1] = Math.max(last[1], east);
    else merged.push([west, east]);
  }
  let west = merged[0][0];
  let east = merged[merged.length - 1][1];
  let widest = merged[0][0] + 360 - east;
  for (let i = 1; i < merged.length; i++) {
    const gap = merged[i][0] - merged[i - 1][1];
    if (gap <= widest) continue;
    widest = gap;
    west = merged[i][0];
    east = merged[i - 1][1];
  }
  return [west, south, east, north];
}

function rectangle(west: number, south: number, east: number, north: number): Position[] {
  return [[west, south], [east, south], [east, north], [west, north], [west, south]];
}

function clamp(latitude: number): number {
  return Math.max(-90, Math.min(90, latitude));
}

function round(degrees: number): number {
  return Number(degrees.toFixed(DIGITS));
}
