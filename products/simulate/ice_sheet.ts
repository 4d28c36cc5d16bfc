/**
 * Smooth, plausible ice sheets: the surface of perfectly plastic ice, whose height rises with the square
 * root of the distance to its margin (Nye 1951, "The flow of glaciers and ice-sheets as a problem in
 * plasticity"), inside the coastline of Natural Earth; with dunes and swells upon it.
 */
import { feature } from "topojson-client";
import land from "world-atlas/land-110m.json" with { type: "json" };
import { EARTH_RADIUS_METRES } from "./orbit.ts";
import { createRandom, mix } from "./random.ts";

export type SheetName = "antarctica" | "greenland";

interface SheetDescription {
  /** 1 where the north pole is the centre of the map, -1 the south. */
  pole: 1 | -1;
  /** A point on the sheet, lon lat, by which its coastline is found. */
  inside: [number, number];
  /** Basal yield stress, pascal: what makes the domes about as high as the real ones. */
  yieldStress: number;
}

const SHEETS: Readonly<Record<SheetName, SheetDescription>> = {
  antarctica: { pole: -1, inside: [0, -89], yieldStress: 70_000 },
  greenland: { pole: 1, inside: [-40, 72], yieldStress: 100_000 },
};

export const SHEET_NAMES = Object.keys(SHEETS) as SheetName[];

const ICE_DENSITY = 917;
const GRAVITY = 9.81;
const GRID_METRES = 25_000;
/** Swells of these wavelengths, metres, with heights in proportion. */
const WAVELENGTHS = [90_000, 41_000, 17_000, 7_300];
const SWELL_PER_METRE = 1.5e-4;

export interface IceSheet {
  name: SheetName;
  /** Metres above the ellipsoid, or NaN beyond the margin. */
  height(latitudeDegrees: number, longitudeDegrees: number): number;
}

const grids = new Map<SheetName, Grid>();

/** The sheet's surface; `seed` chooses its swells. */
export function createIceSheet(name: SheetName, seed: number): IceSheet {
  const { pole, inside, yieldStress } = SHEETS[name];
  const grid = grids.get(name) ?? heightGrid(coastline(pole, inside), yieldStress);
  grids.set(name, grid);
  const random = createRandom(mix(seed, pole, 7));
  const swells = WAVELENGTHS.map((wavelength) => {
    const direction = 2 * Math.PI * random();
    const number = (2 * Math.PI) / wavelength;
    return {
      kx: number * Math.cos(direction),
      ky: number * Math.sin(direction),
      phase: 2 * Math.PI * random(),
      height: wavelength * SWELL_PER_METRE,
    };
  });
  const point = new Float64Array(2);
  return {
    name,
    height(latitude, longitude) {
      if (latitude * pole <= 0) return Number.NaN;
      project(pole, longitude, latitude, point);
      const x = point[0], y = point[1];
      const base = interpolate(grid, x, y);
      if (!(base > 0)) return Number.NaN;
      let height = base;
      for (const swell of swells) {
        height += swell.height * Math.sin(swell.kx * x + swell.ky * y + swell.phase);
      }
      return height;
    },
  };
}

/** Azimuthal equidistant about a pole, metres: near enough to true for distances to the margin. */
function project(pole: 1 | -1, longitude: number, latitude: number, into: Float64Array): void {
  const radius = ((90 - pole * latitude) * Math.PI / 180) * EARTH_RADIUS_METRES;
  const angle = (longitude * Math.PI) / 180;
  into[0] = radius * Math.sin(angle);
  into[1] = radius * Math.cos(angle);
}

/** The rings, projected, of the land that holds `inside`: x, y, x, y, … and closed. */
function coastline(pole: 1 | -1, inside: [number, number]): Float64Array[] {
  const topology = land as unknown as Parameters<typeof feature>[0];
  const shapes = feature(topology, topology.objects.land!) as unknown as {
    features: { geometry: { type: string; coordinates: [number, number][][][] } }[];
  };
  const point = new Float64Array(2);
  project(pole, inside[0], inside[1], point);
  const [x, y] = [point[0], point[1]];
  for (const { geometry } of shapes.features) {
    for (const polygon of geometry.coordinates) {
      if (polygon[0].some(([, latitude]) => latitude * pole < 0)) continue;
      const rings = polygon.map((ring) => {
        const flat = new Float64Array(2 * ring.length);
        ring.forEach(([lon, lat], index) => project(pole, lon, lat, flat.subarray(2 * index, 2 * index + 2)));
        return flat;
      });
      if (signedDistance(rings, x, y) > 0) return rings;
    }
  }
  throw new Error(`no land at ${inside.join(", ")}`);
}

/** Metres to the nearest edge of the rings, positive inside (even-odd), negative outside. */
function signedDistance(rings: readonly Float64Array[], x: number, y: number): number {
  let least = Infinity;
  let isInside = false;
  for (const ring of rings) {
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const ax = ring[i], ay = ring[i + 1], bx = ring[i + 2], by = ring[i + 3];
      if ((ay > y) !== (by > y) && x < ax + ((y - ay) * (bx - ax)) / (by - ay)) isInside = !isInside;
      const dx = bx - ax, dy = by - ay;
      const length = dx * dx + dy * dy;
      const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
      const ex = x - ax - t * dx, ey = y - ay - t * dy;
      const distance = ex * ex + ey * ey;
      if (distance < least) least = distance;
    }
  }
  return isInside ? Math.sqrt(least) : -Math.sqrt(least);
}

interface Grid {
  x0: number;
  y0: number;
  columns: number;
  rows: number;
  values: Float64Array;
}

function heightGrid(rings: readonly Float64Array[], yieldStress: number): Grid {
  let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      x0 = Math.min(x0, ring[i]), x1 = Math.max(x1, ring[i]);
      y0 = Math.min(y0, ring[i + 1]), y1 = Math.max(y1, ring[i + 1]);
    }
  }
  const columns = Math.ceil((x1 - x0) / GRID_METRES) + 1;
  const rows = Math.ceil((y1 - y0) / GRID_METRES) + 1;
  const values = new Float64Array(columns * rows);
  const edges = rings.map(withoutPolarSeam);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const distance = signedDistance(edges, x0 + column * GRID_METRES, y0 + row * GRID_METRES);
      if (distance > 0) values[at] = Math.sqrt((2 * yieldStress * distance) / (ICE_DENSITY * GRAVITY));
    }
  }
  return { x0, y0, columns, rows, values };
}

/**
 * A coast around the pole is cut along the antimeridian down to the pole, out and back. On the polar map
 * that cut is no margin, so its points go: what remains closes across it.
 */
function withoutPolarSeam(ring: Float64Array): Float64Array {
  const kept: number[] = [];
  for (let i = 0; i < ring.length; i += 2) {
    const atPole = Math.hypot(ring[i], ring[i + 1]) < 1000;
    if (!atPole) kept.push(ring[i], ring[i + 1]);
  }
  if (kept.length < ring.length) kept.push(kept[0], kept[1]);
  return Float64Array.from(kept);
}

/** Bilinear; 0 beyond the grid. */
function interpolate(grid: Grid, x: number, y: number): number {
  const { columns, rows, values } = grid;
  const fx = (x - grid.x0) / GRID_METRES, fy = (y - grid.y0) / GRID_METRES;
  const column = Math.floor(fx), row = Math.floor(fy);
  if (column < 0 || row < 0 || column >= columns - 1 || row >= rows - 1) return 0;
  const tx = fx - column, ty = fy - row;
  const at = row * columns + column;
  return (values[at] * (1 - tx) + values[at + 1] * tx) * (1 - ty) +
    (values[at + columns] * (1 - tx) + values[at + columns + 1] * tx) * ty;
}
