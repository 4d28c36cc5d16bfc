/** The arithmetic of tiles: which part of the plane a tile is, and which tile a place lies in. */
import type { TileMatrix, TileMatrixSet } from "./tile_matrix_set.ts";

/** `[left, bottom, right, top]` in units of a CRS. */
type PlaneBox = readonly [number, number, number, number];

interface Tile {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** Zooms beyond the last of a set are made by halving, this far. */
const DEEPEST_ZOOM = 30;

export function minZoom(set: TileMatrixSet): number {
  return Number(set.tileMatrices[0].id);
}

export function maxZoom(set: TileMatrixSet): number {
  return minZoom(set) + set.tileMatrices.length - 1;
}

/**
 * The matrix of a zoom. Sets that halve at every zoom go on to do so beyond their last one; undefined for a
 * zoom that the set neither has nor implies.
 */
export function tileMatrixOf(set: TileMatrixSet, zoom: number): TileMatrix | undefined {
  const listed = set.tileMatrices[zoom - minZoom(set)];
  if (listed !== undefined) return listed;
  const last = set.tileMatrices[set.tileMatrices.length - 1];
  const deeper = zoom - maxZoom(set);
  if (!Number.isInteger(zoom) || deeper <= 0 || zoom > DEEPEST_ZOOM || !halves(set)) return undefined;
  const factor = 2 ** deeper;
  return {
    ...last,
    id: String(zoom),
    scaleDenominator: last.scaleDenominator / factor,
    cellSize: last.cellSize / factor,
    matrixWidth: last.matrixWidth * factor,
    matrixHeight: last.matrixHeight * factor,
  };
}

function halves(set: TileMatrixSet): boolean {
  return set.tileMatrices.every((matrix, index, all) =>
    matrix.variableMatrixWidths === undefined &&
    (index === 0 || Math.abs(all[index - 1].scaleDenominator / matrix.scaleDenominator - 2) < 0.01)
  );
}

/** Whether the set's documents write northings or latitudes first. */
export function isNorthFirst({ orderedAxes }: TileMatrixSet): boolean {
  return /^(y|n|lat)/i.test(orderedAxes[0]);
}

/** The upper left corner of a matrix as x, y, whatever the order of the set's axes. */
function originOf(set: TileMatrixSet, matrix: TileMatrix): readonly [number, number] {
  const [first, second] = matrix.pointOfOrigin;
  return isNorthFirst(set) ? [second, first] : [first, second];
}

/** How many tiles of a row are one. */
function coalescence(matrix: TileMatrix, row: number): number {
  const found = matrix.variableMatrixWidths
    ?.find(({ minTileRow, maxTileRow }) => row >= minTileRow && row <= maxTileRow);
  return found?.coalesce ?? 1;
}

/** Whether the set has such a tile. */
export function tileExists(set: TileMatrixSet, { z, x, y }: Tile): boolean {
  const matrix = tileMatrixOf(set, z);
  return matrix !== undefined && Number.isInteger(x) && Number.isInteger(y) &&
    x >= 0 && y >= 0 && x < matrix.matrixWidth && y < matrix.matrixHeight;
}

/** The box of a tile in the set's CRS. Throws RangeError for a zoom that the set doesn't have. */
export function tileBounds(set: TileMatrixSet, { z, x, y }: Tile): PlaneBox {
  const matrix = tileMatrixOf(set, z);
  if (matrix === undefined) throw new RangeError(`${set.id} has no zoom ${z}`);
  const [left, top] = originOf(set, matrix);
  const joined = coalescence(matrix, y);
  const column = Math.floor(x / joined);
  // From left to right, as others multiply: so are the last bits of boxes in headers and caches the same.
  return [
    left + column * matrix.cellSize * joined * matrix.tileWidth,
    top - (y + 1) * matrix.cellSize * matrix.tileHeight,
    left + (column + 1) * matrix.cellSize * joined * matrix.tileWidth,
    top - y * matrix.cellSize * matrix.tileHeight,
  ];
}

/** The box of all tiles of the first zoom, in the set's CRS. */
export function setBounds(set: TileMatrixSet): PlaneBox {
  const matrix = set.tileMatrices[0];
  const [left, top] = originOf(set, matrix);
  return [
    left,
    top - matrix.matrixHeight * matrix.cellSize * matrix.tileHeight,
    left + matrix.matrixWidth * matrix.cellSize * matrix.tileWidth,
    top,
  ];
}

/**
 * The tile of a zoom that holds a place of the set's CRS; places outside belong to the nearest tile of the
 * edge. Throws RangeError for a zoom that the set doesn't have.
 */
export function tileAt(set: TileMatrixSet, x: number, y: number, zoom: number): Tile {
  const matrix = tileMatrixOf(set, zoom);
  if (matrix === undefined) throw new RangeError(`${set.id} has no zoom ${zoom}`);
  const [left, top] = originOf(set, matrix);
  const column = within((x - left) / (matrix.cellSize * matrix.tileWidth), matrix.matrixWidth);
  const row = within((top - y) / (matrix.cellSize * matrix.tileHeight), matrix.matrixHeight);
  return { z: zoom, x: column - column % coalescence(matrix, row), y: row };
}

function within(place: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(place)));
}

/** The range of tiles of one zoom that a box touches: the standard's TileMatrixSetLimits. */
interface TileMatrixLimits {
  readonly tileMatrix: string;
  readonly minTileRow: number;
  readonly maxTileRow: number;
  readonly minTileCol: number;
  readonly maxTileCol: number;
}

/** The limits of every zoom from `least` to `most` for a box in the set's CRS. */
export function tileLimits(
  set: TileMatrixSet,
  [left, bottom, right, top]: PlaneBox,
  least: number = minZoom(set),
  most: number = maxZoom(set),
): TileMatrixLimits[] {
  const limits: TileMatrixLimits[] = [];
  for (let zoom = least; zoom <= most; zoom++) {
    const first = tileAt(set, left, top, zoom);
    const last = tileAt(set, right, bottom, zoom);
    limits.push({
      tileMatrix: String(zoom),
      minTileRow: first.y,
      maxTileRow: last.y,
      minTileCol: first.x,
      maxTileCol: last.x,
    });
  }
  return limits;
}
