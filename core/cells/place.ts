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
 * A point of a face, `x` and `y` from 0 to 1, projected: `rings` from the north pole (0 to 4, the caps
 * end at 1 and 3), and longitude in degrees, -180 up to 180.
 */
function ringAndLongitude(face: number, x: number, y: number): { rings: number; longitude: number } {
  const rings = rowOfFace(face) - x - y;
  const width = Math.min(rings, 4 - rings, 1);
  // At a pole every longitude is right; healpy says 0.
  const offset = width > 0 ? (x - y) / width : -columnOfFace(face);
  let longitude = 45 * (columnOfFace(face) + offset);
  if (longitude >= 180) longitude -= 360;
  return { rings, longitude };
}

/**
 * Longitude and latitude in degrees of a point of a face; `x` and `y` from 0 to 1. Under `authalic`
 * the latitude is the geodetic one on WGS84, under `geodetic` that of the sphere.
 */
export function placeOnFace(face: number, x: number, y: number, convention: LatitudeConvention): LonLat {
  const { rings, longitude } = ringAndLongitude(face, x, y);
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
  const { rings, longitude } = ringAndLongitude(face, x, y);
  const width = Math.min(rings, 4 - rings);
  let z: number;
  let radius: number;
  if (width < 1) {
    const below = width * width / 3;
    z = rings < 2 ? 1 - below : below - 1;
    radius = width * Math.sqrt((2 - below) / 3);
  } else {
    z = (2 - rings) * 2 / 3;
    radius = Math.sqrt((1 - z) * (1 + z));
  }
  polarDegrees(radius, longitude, out, at);
  out[at + 2] = z;
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
