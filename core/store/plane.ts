/**
 * Where cells of a projected grid stand in a store: arrays over `y` and `x` that cover a rectangle of tiles. A tile is a
 * parent; a shard is a square of tiles, whose cells follow each other by id; an inner chunk is one tile, several where a
 * tile has few cells, and a part of one where it has more than a chunk may hold.
 */
import { inputError } from "../errors.ts";
import { cellOf, columnAndRow, edgesOf, type ProjectedGrid, sideOf } from "../projected/grid.ts";
import { MAX_CHUNK_CELLS } from "../zarr/chunk.ts";

/** A projected grid, and the rectangle that the store's arrays cover, in tiles. Plain data. */
export interface StorePlane {
  grid: ProjectedGrid;
  /** The first column and row of tiles, and how many there are. */
  extent: { column: number; row: number; columns: number; rows: number };
}

/** One level of a plane. Sizes in cells, on one side. */
export interface PlaneLevel {
  width: number;
  height: number;
  /** x and y of the north-west corner, and the side of a cell, in units of the reference system. */
  corner: [x: number, y: number];
  side: number;
  /** Columns and rows, counted as ids count them, of the first cell. */
  column: number;
  row: number;
  shardSide: number;
  /** Divides `shardSide`. */
  chunkSide: number;
  shardColumns: number;
  shardRows: number;
}

/** Inner chunks are at least and at most so wide. */
const LEAST_CHUNK_SIDE = 32;
const MOST_CHUNK_SIDE = Math.sqrt(MAX_CHUNK_CELLS);
/** Shards of levels above the tiles are at most so wide. */
const MOST_COARSE_SIDE = 2 ** 11;
/** Coordinates are written in full: 128 MiB of them. */
const MOST_CELLS_A_SIDE = 2 ** 24;

/** What of a store's spec a plane's places follow from. */
export interface PlacedPlane {
  plane: StorePlane;
  parentOrder: number;
  parentsPerShard: number;
}

/** One level at any order. */
export function planeLevel({ plane, parentOrder, parentsPerShard }: PlacedPlane, order: number): PlaneLevel {
  const { grid, extent } = plane;
  const scale = 2 ** (order - parentOrder);
  const width = extent.columns * scale, height = extent.rows * scale;
  const column = extent.column * scale, row = extent.row * scale;
  const shardSide = order < parentOrder
    ? Math.min(MOST_COARSE_SIDE, powerOf2(Math.max(width, height)))
    : Math.sqrt(parentsPerShard) * scale;
  const chunkSide = order < parentOrder
    ? Math.min(MOST_CHUNK_SIDE, shardSide)
    : Math.min(MOST_CHUNK_SIDE, shardSide, Math.max(LEAST_CHUNK_SIDE, scale));
  return {
    width,
    height,
    corner: edgesOf(grid, order, [column, row]),
    side: sideOf(grid, order),
    column,
    row,
    shardSide,
    chunkSide,
    shardColumns: Math.ceil(width / shardSide),
    shardRows: Math.ceil(height / shardSide),
  };
}

function powerOf2(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** The plane of a store of these tiles. Throws an input error for a shard that is no square of tiles. */
export function planeAround(
  grid: ProjectedGrid,
  tiles: readonly number[],
  parentOrder: number,
  parentsPerShard: number,
  levels: readonly number[],
): StorePlane {
  if (!Number.isInteger(Math.log2(parentsPerShard) / 2)) {
    throw inputError(
      `output.shard is ${parentsPerShard}; wanted a power of 4, because a shard of a projected grid is a square of tiles`,
    );
  }
  return { grid, extent: extentAround(tiles, parentOrder, parentsPerShard, levels) };
}

/**
 * The rectangle of whole shards, and of whole cells of the coarsest level, around tiles. Throws an input error for one of
 * more cells a side than can be written.
 */
export function extentAround(
  tiles: readonly number[],
  parentOrder: number,
  parentsPerShard: number,
  levels: readonly number[],
): StorePlane["extent"] {
  const unit = Math.max(Math.sqrt(parentsPerShard), 2 ** Math.max(0, parentOrder - Math.min(...levels)));
  let west = Infinity, east = -Infinity, north = Infinity, south = -Infinity;
  for (const tile of tiles) {
    const [column, row] = columnAndRow(tile);
    west = Math.min(west, column);
    east = Math.max(east, column + 1);
    north = Math.min(north, row);
    south = Math.max(south, row + 1);
  }
  const column = Math.floor(west / unit) * unit, row = Math.floor(north / unit) * unit;
  const columns = Math.ceil(east / unit) * unit - column, rows = Math.ceil(south / unit) * unit - row;
  const cells = Math.max(columns, rows) * 2 ** (Math.max(...levels) - parentOrder);
  if (cells > MOST_CELLS_A_SIDE) {
    throw inputError(
      `the selected granules span ${cells} cells of the projected grid; at most ${MOST_CELLS_A_SIDE} a side are written` +
        " (take a coarser resolution, or a smaller area with --polygon, --bbox or --region)",
    );
  }
  return { column, row, columns, rows };
}

/** Columns and rows of shards in the rectangle. */
export function shardGrid(
  { plane: { extent }, parentsPerShard }: PlacedPlane,
): { columns: number; rows: number } {
  const side = Math.sqrt(parentsPerShard);
  return { columns: extent.columns / side, rows: extent.rows / side };
}

/** A shard's number, row by row, of the shard that holds a tile. */
export function shardOfTile(placed: PlacedPlane, tile: number): number {
  const { plane: { extent }, parentsPerShard } = placed;
  const side = Math.sqrt(parentsPerShard);
  const [column, row] = columnAndRow(Math.floor(tile / parentsPerShard));
  return (row - extent.row / side) * shardGrid(placed).columns + column - extent.column / side;
}

/** Ids `[from, to)` of the tiles of a shard. */
export function tilesOfShard(placed: PlacedPlane, shard: number): { from: number; to: number } {
  const { plane: { extent }, parentsPerShard } = placed;
  const side = Math.sqrt(parentsPerShard), { columns } = shardGrid(placed);
  const column = shard % columns + extent.column / side;
  const row = Math.floor(shard / columns) + extent.row / side;
  const from = cellOf(column, row) * parentsPerShard;
  return { from, to: from + parentsPerShard };
}
