/**
 * A store's level as a grid of any reference system, for writers of images: a pixel has the value of the cell
 * that holds its centre, or the mean of the cells that it touches by area.
 */
import { giveTurn } from "../core/concurrency.ts";
import { inputError } from "../core/errors.ts";
import { crsOfCode } from "../core/raster/crs/codes.ts";
import { transformer } from "../core/raster/crs/transform.ts";
import type { Affine, Crs, Grid, GridDtype, GridValues } from "../core/raster/grid.ts";
import { CellValues } from "../core/store/cell_values.ts";
import type { LevelCells } from "../core/store/level_cells.ts";
import type { StoreArray } from "../core/store/levels.ts";
import type { GranaryStore } from "../core/store/open.ts";
import type { PlaneLevel } from "../core/store/plane.ts";
import { notedPlane } from "../core/store/plane_reader.ts";
import { columnAndRow } from "../core/projected/grid.ts";
import { areaMeans } from "./area_means.ts";
import type { CellTable } from "./cell_table.ts";

/** A side of more pixels is no image that a person meant. */
const MOST_PIXELS_A_SIDE = 200_000;
const EARTH_METRES = 6371007.18;
const BLOCK = 512;

interface GridRequest {
  /** `EPSG:3031`; without it that of a store on a projected grid. */
  crs?: string | undefined;
  /** A pixel's side in units of the reference system; without it about a cell's. */
  resolution?: number | undefined;
  resampling?: Resampling | undefined;
}

export const RESAMPLINGS = ["nearest", "area"] as const;
export type Resampling = (typeof RESAMPLINGS)[number];

/** What images hold 64-bit integers in, and what every other type is held in. */
const DTYPES: Readonly<Record<string, GridDtype>> = {
  bool: "uint8",
  int8: "int8",
  uint8: "uint8",
  int16: "int16",
  uint16: "uint16",
  int32: "int32",
  uint32: "uint32",
  int64: "float64",
  uint64: "float64",
  float32: "float32",
  float64: "float64",
};

const MAKE: Readonly<Record<GridDtype, (length: number) => GridValues>> = {
  int8: (n) => new Int8Array(n),
  uint8: (n) => new Uint8Array(n),
  int16: (n) => new Int16Array(n),
  uint16: (n) => new Uint16Array(n),
  int32: (n) => new Int32Array(n),
  uint32: (n) => new Uint32Array(n),
  float32: (n) => new Float32Array(n),
  float64: (n) => new Float64Array(n),
};

const WGS84 = "EPSG:4326";

/** Pixels are placed in so many at once: a fraction of a second. */
const PIXELS_A_TURN = 100_000;

/** West, south, east, north. */
type Box = [number, number, number, number];

/**
 * The grid that holds every cell with a value, its edges at multiples of the resolution, so that grids of
 * several stores fit each other. A band a variable; variables of several types share float64.
 */
export async function gridOf(table: CellTable, request: GridRequest, signal?: AbortSignal): Promise<Grid> {
  const { store, level, variables } = table;
  const own = ownCrs(store);
  const code = request.crs ?? own;
  if (code === null) throw inputError("cog: in which reference system? (wanted --crs, such as EPSG:3031)");
  const crs = crsOfCode(code);
  const plane = level.plane !== null && crs.code === own ? level.plane : null;
  const box = plane === null ? await boxOf(table, crs, signal) : await boxOnPlane(table, plane, signal);
  const resolution = request.resolution ?? plane?.side ?? defaultResolution(level.cells, box, crs);
  const [x0, y0] = plane === null ? [0, 0] : plane.corner;
  const west = Math.floor((box[0] - x0) / resolution), north = Math.ceil((box[3] - y0) / resolution);
  const width = Math.max(1, Math.ceil((box[2] - x0) / resolution) - west);
  const height = Math.max(1, north - Math.floor((box[1] - y0) / resolution));
  if (Math.max(width, height) > MOST_PIXELS_A_SIDE) {
    throw inputError(
      `${store.name}: at a resolution of ${resolution} the cells make an image of ${width} by ${height} pixels;` +
        ` at most ${MOST_PIXELS_A_SIDE} a side are written (name a coarser --resolution)`,
    );
  }
  const affine: Affine = [resolution, 0, x0 + west * resolution, 0, -resolution, y0 + north * resolution];
  const means = request.resampling === "area"
    ? await areaMeans(table, { crs, affine, width, height }, signal)
    : null;
  // Means of whole numbers are none.
  const shared = sharedDtype(variables);
  const dtype = means === null || shared === "float32" ? shared : "float64";
  const nodata = nodataOf(variables, dtype);
  const values = await CellValues.open(store, level.order);
  const { inverse } = transformer(crsOfCode(WGS84), crs);
  return {
    name: variables.length === 1 ? variables[0].name : "cells",
    width,
    height,
    affine,
    crs,
    dtype,
    nodata,
    bands: variables.map(({ name, attributes }) => ({
      name,
      description: typeof attributes.long_name === "string" ? attributes.long_name : name,
      scale: 1,
      offset: 0,
      unit: typeof attributes.units === "string" ? attributes.units : null,
      time: null,
    })),
    levels: [{ width, height, blockWidth: Math.min(BLOCK, width), blockHeight: Math.min(BLOCK, height) }],
    notes: [],
    async readWindow({ x, y, width: across, height: down, bands }, readSignal) {
      readSignal?.throwIfAborted();
      const wanted = bands ?? variables.map((_, index) => index);
      if (means !== null) {
        const read = wanted.map((band) => {
          const cells = MAKE[dtype](across * down);
          for (let row = 0; row < down; row++) {
            const from = (y + row) * width + x;
            cells.set(means[band].subarray(from, from + across), row * across);
          }
          return cells;
        });
        return { width: across, height: down, bands: read, mask: null };
      }
      const longitude = new Float64Array(across * down), latitude = new Float64Array(across * down);
      for (let row = 0, i = 0, turn = 0; row < down; row++) {
        if (i >= turn) {
          await giveTurn(readSignal);
          turn = i + PIXELS_A_TURN;
        }
        for (let column = 0; column < across; column++, i++) {
          const centreX = affine[2] + (x + column + 0.5) * resolution;
          const centreY = affine[5] - (y + row + 0.5) * resolution;
          const place = crs.geographic
            ? inverse(...onEarth(centreX, centreY, resolution))
            : inverse(centreX, centreY);
          longitude[i] = place[0];
          latitude[i] = place[1];
        }
      }
      const read: GridValues[] = [];
      for (const band of wanted) {
        await giveTurn(readSignal);
        const found = await values.at(variables[band].name, longitude, latitude);
        const cells = MAKE[dtype](across * down);
        for (let i = 0; i < cells.length; i++) cells[i] = found.mask[i] === 1 ? found.values[i] : nodata;
        read.push(cells);
      }
      return { width: across, height: down, bands: read, mask: null };
    },
  };
}

/** Pixels may end past the antimeridian or a pole: the nearest place that is on the Earth, and on their side of it. */
function onEarth(longitude: number, latitude: number, resolution: number): [number, number] {
  return [
    Math.max(-180, Math.min(180 - 1e-6 * resolution, longitude)),
    Math.max(-90, Math.min(90, latitude)),
  ];
}

/** A cell's side in the middle of a box: in metres, or in degrees for a reference system of longitude and latitude. */
function defaultResolution(cells: LevelCells, [west, south, east, north]: Box, crs: Crs): number {
  const [, latitude] = transformer(crsOfCode(WGS84), crs).inverse((west + east) / 2, (south + north) / 2);
  const metres = cells.metresAt(Number.isFinite(latitude) ? latitude : 0);
  const side = crs.geographic ? metres / (EARTH_METRES * Math.PI / 180) : metres;
  // Two digits: a number that a person would have said.
  return Number(side.toPrecision(2));
}

/** The code of the reference system that the store's cells are squares of; null for HEALPix cells. */
function ownCrs(store: GranaryStore): string | null {
  const noted = notedPlane(store.provenance, store.name);
  return noted === null ? null : crsOfCode(noted.plane.grid.crs).code;
}

/** The box of the cells themselves, on the plane that they are squares of. */
async function boxOnPlane(
  table: CellTable,
  { corner: [x, y], column, row, side }: PlaneLevel,
  signal: AbortSignal | undefined,
): Promise<Box> {
  let west = Infinity, east = -Infinity, north = Infinity, south = -Infinity;
  for await (const { ids } of table.rows(signal)) {
    for (const id of ids) {
      const [ownColumn, ownRow] = columnAndRow(Number(id));
      west = Math.min(west, ownColumn);
      east = Math.max(east, ownColumn + 1);
      north = Math.min(north, ownRow);
      south = Math.max(south, ownRow + 1);
    }
  }
  if (east < west) throw inputError(`${table.store.name}: no cell has a value of these variables`);
  const atX = (edge: number) => x + (edge - column) * side, atY = (edge: number) => y - (edge - row) * side;
  return [atX(west), atY(south), atX(east), atY(north)];
}

async function boxOf(
  table: CellTable,
  crs: Crs,
  signal: AbortSignal | undefined,
): Promise<Box> {
  const { forward } = transformer(crsOfCode(WGS84), crs);
  const { cells } = table.level;
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  let placeless = 0, found = 0;
  for await (const { ids } of table.rows(signal)) {
    for (const id of ids) {
      found += 1;
      let placed = false;
      for (const [longitude, lat] of cells.outline(id, 1)) {
        const [x, y] = forward(longitude, lat);
        if (!(Number.isFinite(x) && Number.isFinite(y))) continue;
        placed = true;
        if (x < box[0]) box[0] = x;
        if (y < box[1]) box[1] = y;
        if (x > box[2]) box[2] = x;
        if (y > box[3]) box[3] = y;
      }
      if (!placed) placeless += 1;
    }
  }
  if (found === 0) throw inputError(`${table.store.name}: no cell has a value of these variables`);
  if (placeless === found) {
    throw inputError(
      `${table.store.name}: no cell has a place in ${crs.code ?? crs.name} (choose another --crs)`,
    );
  }
  return box;
}

function sharedDtype(variables: readonly StoreArray[]): GridDtype {
  const types = new Set(variables.map(({ name, dtype }) => {
    const found = DTYPES[dtype];
    if (found === undefined) throw inputError(`${name}: holds ${dtype}, which no image has (leave it out)`);
    return found;
  }));
  return types.size === 1 ? [...types][0] : "float64";
}

/** NaN for floats; for integers the fill value, which every band must share. */
function nodataOf(variables: readonly StoreArray[], dtype: GridDtype): number {
  if (dtype.startsWith("float")) return NaN;
  const fills = new Set(variables.map(({ fillValue }) => Number(fillValue)));
  if (fills.size === 1) return [...fills][0];
  throw inputError(
    `variables ${
      variables.map(({ name }) => name).join(", ")
    }: have several fill values, and an image has one` +
      " nodata value (write one file a variable)",
  );
}
