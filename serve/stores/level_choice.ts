/** Which level of a store answers: by the size of a pixel, or by how many cells an area holds. */
import type { GranaryStore } from "../../core/store/open.ts";
import type { StoreLevel } from "../../core/store/levels.ts";
import type { Places } from "../../core/raster/warp/places.ts";

const EARTH_METRES = 6371007.18;
const EARTH_AREA = 4 * Math.PI * EARTH_METRES ** 2;
const RADIANS = Math.PI / 180;

/** How many cells of a level a part of the Earth, 0 to 1, has, about a latitude. */
export function cellsOfShare({ cells }: StoreLevel, share: number, latitude: number): number {
  return EARTH_AREA * share / cells.metresAt(latitude) ** 2;
}

/** Levels of stores of other tools may have variables of their own. */
export function hasVariable({ variables }: StoreLevel, variable: string): boolean {
  return variables.some(({ name }) => name === variable);
}

/** The coarsest level whose cells are no larger than a pixel; the finest where none is that fine. */
export function levelForPixel(levels: readonly StoreLevel[], { radians, latitude }: PixelAngle): StoreLevel {
  // Levels run from fine to coarse.
  const fine = levels.filter(({ cells }) => cells.metresAt(latitude) / EARTH_METRES <= radians);
  return fine.at(-1) ?? levels[0];
}

/** The finest level of which an area (a part of the sphere, 0 to 1) about a latitude has at most so many cells. */
export function levelForArea(
  store: GranaryStore,
  share: number,
  latitude: number,
  mostCells: number,
): StoreLevel {
  return store.levels.find((level) => cellsOfShare(level, share, latitude) <= mostCells) ??
    store.levels[store.levels.length - 1];
}

interface PixelAngle {
  /** 0 for an output off the Earth. */
  radians: number;
  latitude: number;
}

/** The side of a pixel in the middle of an output, as an angle. */
export function pixelAngle({ longitude, latitude }: Places, width: number, height: number): PixelAngle {
  // The nearest pair of neighbours to the middle that lies on the Earth.
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  let best: PixelAngle = { radians: 0, latitude: 0 }, nearest = Infinity;
  for (let row = 0; row < height; row += Math.max(1, Math.floor(height / 16))) {
    for (let column = 0; column + 1 < width; column += Math.max(1, Math.floor(width / 16))) {
      const i = row * width + column;
      const far = Math.abs(i - middle);
      if (far >= nearest) continue;
      const radians = angleBetween(longitude[i], latitude[i], longitude[i + 1], latitude[i + 1]);
      if (!(radians > 0)) continue;
      best = { radians, latitude: latitude[i] };
      nearest = far;
    }
  }
  return best;
}

function angleBetween(lon0: number, lat0: number, lon1: number, lat1: number): number {
  const dx = (lon1 - lon0) * RADIANS, p = lat0 * RADIANS, q = lat1 * RADIANS;
  const h = Math.sin((q - p) / 2) ** 2 + Math.cos(p) * Math.cos(q) * Math.sin(dx / 2) ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(h)));
}
