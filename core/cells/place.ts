/**
 * Where cells lie: points of a face in continuous coordinates to the sphere, centres and corners.
 *
 * Method: the inverse of the HEALPix projection (Gorski et al. 2005). Caps go through the colatitude,
 * so nothing is lost near the poles.
 */
import { geodeticFromAuthalic } from "./authalic.ts";
import type { LatitudeConvention } from "./convention.ts";
import { faceXYFromNested } from "./face_xy.ts";
import { polarDegrees } from "./sine.ts";

/** Longitude from -180 up to 180 and latitude, in degrees. */
export type LonLat = [longitude: number, latitude: number];

const DEGREES = 180 / Math.PI;
/** Rings from the pole to the south corner of a face: 2 for northern faces, 3 in the belt, 4 for southern. */
const rowOfFace = (face: number) => (face >> 2) + 2;
/** Eighth turns of a face's centre. */
const columnOfFace = (face: number) => 2 * (face & 3) + ((face >> 2) === 1 ? 0 : 1);

/**
 * Longitude in degrees, -180 up to 180, of a point of a face: `across` is x - y, `rings` those from the
 * north pole (0 to 4, the caps end at 1 and 3).
 */
function longitudeAt(column: number, across: number, rings: number): number {
  const width = Math.min(rings, 4 - rings, 1);
  // At a pole every longitude is right; healpy says 0.
  const offset = width > 0 ? across / width : -column;
  const longitude = 45 * (column + offset);
  return longitude >= 180 ? longitude - 360 : longitude;
}

/**
 * Longitude and latitude in degrees of a point of a face; `x` and `y` from 0 to 1. Under `authalic`
 * the latitude is the geodetic one on WGS84, under `geodetic` that of the sphere.
 */
export function placeOnFace(face: number, x: number, y: number, convention: LatitudeConvention): LonLat {
  const rings = rowOfFace(face) - x - y;
  const longitude = longitudeAt(columnOfFace(face), x - y, rings);
  let latitude: number;
  if (rings < 1) latitude = 90 - capColatitude(rings);
  else if (rings > 3) latitude = capColatitude(4 - rings) - 90;
  else latitude = Math.asin((2 - rings) * 2 / 3) * DEGREES;
  return [longitude, convention === "authalic" ? geodeticFromAuthalic(latitude) : latitude];
}

/** Colatitude in degrees of a circle in a cap, from its width sqrt(3 (1 - sin(latitude))). */
function capColatitude(width: number): number {
  return 2 * Math.asin(width / Math.sqrt(6)) * DEGREES;
}

/**
 * The point of a face as a unit vector (x to longitude 0, z to the north pole) on the sphere of
 * HEALPix, written to `out` from `at`. Plain arithmetic: the same bits everywhere.
 */
export function vectorOnFace(face: number, x: number, y: number, out: Float64Array, at: number): void {
  const rings = rowOfFace(face) - x - y;
  const longitude = longitudeAt(columnOfFace(face), x - y, rings);
  parallelOf(rings, parallel, 0);
  polarDegrees(parallel[1], longitude, out, at);
  out[at + 2] = parallel[0];
}

// One parallel's z and distance from the axis.
const parallel = new Float64Array(2);

/** Writes z and the distance from the axis of the parallel `rings` from the north pole. */
function parallelOf(rings: number, out: Float64Array, at: number): void {
  const width = Math.min(rings, 4 - rings);
  if (width < 1) {
    const below = width * width / 3;
    out[at] = rings < 2 ? 1 - below : below - 1;
    out[at + 1] = width * Math.sqrt((2 - below) / 3);
  } else {
    const z = (2 - rings) * 2 / 3;
    out[at] = z;
    out[at + 1] = Math.sqrt((1 - z) * (1 + z));
  }
}

/** Points of {@linkcode gridOnFace} along a side. */
const GRID_SIDE = 5;
const PARALLELS = 2 * GRID_SIDE - 1;

// z and distance from the axis of a grid's parallels from the south; cosine and sine of its meridians from the west.
const parallels = new Float64Array(2 * PARALLELS);
const meridians = new Float64Array(2 * PARALLELS);

/**
 * {@linkcode vectorOnFace} of the points (x + i, y + j) * `step`, i and j from 0 to 4, i fastest: the same
 * bits. Points of one diagonal share a parallel and, in the belt, those of the other one a meridian.
 */
export function gridOnFace(face: number, x: number, y: number, step: number, out: Float64Array): void {
  const row = rowOfFace(face);
  const column = columnOfFace(face);
  // All of these are exact.
  const south = row - (x + y) * step;
  const west = (x - y - GRID_SIDE + 1) * step;
  for (let k = 0; k < PARALLELS; k++) parallelOf(south - k * step, parallels, 2 * k);
  const isInBelt = south <= 3 && south - (PARALLELS - 1) * step >= 1;
  if (isInBelt) {
    for (let k = 0; k < PARALLELS; k++) {
      const longitude = 45 * (column + (west + k * step));
      polarDegrees(1, longitude >= 180 ? longitude - 360 : longitude, meridians, 2 * k);
    }
  }
  let at = 0;
  for (let j = 0; j < GRID_SIDE; j++) {
    let parallel = 2 * j;
    let meridian = 2 * (GRID_SIDE - 1 - j);
    for (let i = 0; i < GRID_SIDE; i++) {
      const radius = parallels[parallel + 1];
      if (isInBelt) {
        out[at] = radius * meridians[meridian];
        out[at + 1] = radius * meridians[meridian + 1];
      } else {
        const rings = south - (i + j) * step;
        polarDegrees(radius, longitudeAt(column, (x - y + i - j) * step, rings), out, at);
      }
      out[at + 2] = parallels[parallel];
      at += 3;
      parallel += 2;
      meridian += 2;
    }
  }
}

/** The centre of a cell in degrees. @throws RangeError when there is no such cell. */
export function cellCentre(nested: number | bigint, order: number, convention: LatitudeConvention): LonLat {
  const { face, x, y } = faceXYFromNested(nested, order);
  const nside = 2 ** order;
  return placeOnFace(face, (x + 0.5) / nside, (y + 0.5) / nside, convention);
}

/**
 * The corners of a cell in degrees: north, west, south, east. A corner at a pole has longitude 0.
 *
 * @throws RangeError when there is no such cell.
 */
export function cellCorners(
  nested: number | bigint,
  order: number,
  convention: LatitudeConvention,
): [north: LonLat, west: LonLat, south: LonLat, east: LonLat] {
  return [[1, 1], [0, 1], [0, 0], [1, 0]].map(([dx, dy]) => {
    const { face, x, y } = faceXYFromNested(nested, order);
    const nside = 2 ** order;
    return placeOnFace(face, (x + dx) / nside, (y + dy) / nside, convention);
  }) as [LonLat, LonLat, LonLat, LonLat];
}

/**
 * The outline of a cell in degrees, from the north corner by west, south and east back to north: the
 * edges of a cell are no great circles, so each is cut into `step` parts. 4 * step + 1 points.
 */
export function cellOutline(
  nested: number | bigint,
  order: number,
  convention: LatitudeConvention,
  step = 1,
): LonLat[] {
  const { face, x, y } = faceXYFromNested(nested, order);
  const nside = 2 ** order;
  const corners = [[1, 1], [0, 1], [0, 0], [1, 0], [1, 1]] as const;
  const outline: LonLat[] = [];
  for (let side = 0; side < 4; side++) {
    const [fromX, fromY] = corners[side];
    const [toX, toY] = corners[side + 1];
    for (let i = 0; i < step; i++) {
      const u = fromX + (toX - fromX) * i / step;
      const v = fromY + (toY - fromY) * i / step;
      outline.push(placeOnFace(face, (x + u) / nside, (y + v) / nside, convention));
    }
  }
  outline.push(outline[0]);
  return outline;
}
