/** Which tiles of a tile matrix set a box of longitude and latitude touches. */
import type { BoundingBox } from "../../core/geometry/box.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import { crsCodeOf, type TileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { maxZoom, minZoom, setBounds, tileLimits } from "../../core/raster/tms/tiles.ts";
import { LONLAT } from "./lonlat_area.ts";

/** Zooms beyond this are made by clients from its tiles. */
const DEEPEST_LISTED_ZOOM = 18;
/** Places across the box, and up it: also within, since a pole there is on none of its sides. */
const STEPS = 32;

/** `[left, bottom, right, top]` in units of a CRS. */
type PlaneBox = readonly [number, number, number, number];

export interface Zooms {
  readonly minzoom?: number | undefined;
  readonly maxzoom?: number | undefined;
}

/** The first and the last zoom that clients of a set are told of, unless the request says others. */
export function listedZooms(set: TileMatrixSet, { minzoom, maxzoom }: Zooms = {}): [number, number] {
  return [minzoom ?? minZoom(set), maxzoom ?? Math.min(maxZoom(set), DEEPEST_LISTED_ZOOM)];
}

/** The part of a box that lies in a set, as `[left, bottom, right, top]` in its CRS; null where nothing does. */
export function boxInSet(set: TileMatrixSet, bounds: BoundingBox): PlaneBox | null {
  const whole = setBounds(set);
  const [left, bottom, right, top] = planeBox(set, bounds);
  const within = [
    Math.max(left, whole[0]),
    Math.max(bottom, whole[1]),
    Math.min(right, whole[2]),
    Math.min(top, whole[3]),
  ] as const;
  return within[0] <= within[2] && within[1] <= within[3] ? within : null;
}

/** The limits of a part of a set at each of its own zooms from `least` to `most`. */
export function limitsIn(set: TileMatrixSet, box: PlaneBox, [least, most]: readonly [number, number]) {
  return tileLimits(set, box, Math.max(least, minZoom(set)), Math.min(most, maxZoom(set)));
}

function planeBox(set: TileMatrixSet, { xmin, ymin, xmax, ymax }: BoundingBox): PlaneBox {
  const { forward } = transformer(LONLAT, crsOfCode(crsCodeOf(set)));
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i <= STEPS; i++) {
    const longitude = xmin + (xmax - xmin) * i / STEPS;
    for (let j = 0; j <= STEPS; j++) {
      const [x, y] = forward(longitude, ymin + (ymax - ymin) * j / STEPS);
      if (Number.isNaN(x) || Number.isNaN(y)) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      bottom = Math.min(bottom, y);
      top = Math.max(top, y);
    }
  }
  return [left, bottom, right, top];
}
