/**
 * Where each cell of a store stands: array shapes, shards, inner chunks and object keys, as functions
 * of the spec alone. What is over y and x, of a projected grid, is in plane.ts.
 *
 * Along `cells`, a parent is a run of 4^(order - parentOrder) cells. Compact: the k-th parent of the
 * run owns the k-th stretch. Sphere: a cell's position is its nested id. A shard packs a fixed number
 * of parents; an inner chunk is one parent, several where a parent has few cells, and a part of one
 * where it has more than {@linkcode MAX_CHUNK_CELLS}.
 */
import { lowerBound } from "../lower_bound.ts";
import { inputError } from "../errors.ts";
import { MAX_CHUNK_CELLS } from "../zarr/chunk.ts";
import type { StoreSpec } from "./contract.ts";
import { type PlacedPlane, planeLevel, shardOfTile, tilesOfShard } from "./plane.ts";

/** Fewer cells a parent than this, and a shard holds one inner chunk (or as few as fit). */
const MIN_CHUNK_CELLS = 1024;

/** A shard of a level above the parents holds at most this many cells. */
const MAX_COARSE_SHARD_CELLS = 4 ** 11;

/** A shard holds at most this many cells, whatever the parents: 256 MiB of float64 before encoding. */
export const MAX_SHARD_CELLS = 2 ** 25;

/**
 * A shard packs about the square root of the run's parents over this: 358 parents make 45 shards,
 * 2,660 make 84, all 49,152 of order 6 make 384.
 */
const SHARD_DIVISOR = 1.5;

/** One level's place along `cells`. Sizes in cells. */
export interface LevelLayout {
  order: number;
  /** Length of every array of the level. */
  length: number;
  /** Cells a shard, the outer chunk. */
  shardCells: number;
  /** Cells an inner chunk; divides `shardCells`. */
  chunkCells: number;
  /** Shards that the chunk grid has. */
  shards: number;
  /** Cells of one parent; 0 above the parent order, where parents are no unit. */
  cellsPerParent: number;
}

/** The layout of one level, at or above the parent order alike. */
export function levelLayout(spec: StoreSpec, order: number): LevelLayout {
  checkShard(spec);
  if (order < spec.parentOrder) return coarseLayout(spec, order);
  const cellsPerParent = 4 ** (order - spec.parentOrder);
  const shardCells = spec.parentsPerShard * cellsPerParent;
  const parents = spec.layout === "sphere" ? 12 * 4 ** spec.parentOrder : spec.parents.length;
  if (!Number.isSafeInteger(parents * cellsPerParent)) {
    throw inputError(
      `layout ${spec.layout} at order ${order} has ${parents * cellsPerParent} positions, past what array` +
        " shapes can state exactly (2^53); use layout compact or a coarser child_order",
    );
  }
  return {
    order,
    length: parents * cellsPerParent,
    shardCells,
    chunkCells: cellsPerParent >= MIN_CHUNK_CELLS
      ? Math.min(cellsPerParent, MAX_CHUNK_CELLS)
      : cellsPerParent * parentsPerChunk(spec.parentsPerShard, cellsPerParent),
    shards: Math.ceil(parents / spec.parentsPerShard),
    cellsPerParent,
  };
}

/** Most parents that divide a shard evenly and fit an inner chunk together. */
function parentsPerChunk(parentsPerShard: number, cellsPerParent: number): number {
  let best = Math.min(parentsPerShard, Math.floor(MAX_CHUNK_CELLS / cellsPerParent));
  while (parentsPerShard % best !== 0) best -= 1;
  return best;
}

function coarseLayout(spec: StoreSpec, order: number): LevelLayout {
  const length = spec.layout === "sphere" ? 12 * 4 ** order : ancestors(spec, order).length;
  const chunkCells = Math.min(length, MAX_CHUNK_CELLS);
  const wanted = Math.ceil(length / chunkCells) * chunkCells;
  const shardCells = Math.min(wanted, MAX_COARSE_SHARD_CELLS);
  return { order, length, shardCells, chunkCells, shards: Math.ceil(length / shardCells), cellsPerParent: 0 };
}

/** Distinct ancestors of the spec's parents at a coarser order, ascending. */
export function ancestors(spec: StoreSpec, order: number): number[] {
  const factor = 4 ** (spec.parentOrder - order);
  const found: number[] = [];
  for (const parent of spec.parents) {
    const ancestor = Math.floor(parent / factor);
    if (found.length === 0 || found[found.length - 1] !== ancestor) found.push(ancestor);
  }
  return found;
}

/** Whether the store is of a projected grid. */
export function isPlane(spec: StoreSpec): spec is StoreSpec & PlacedPlane {
  return spec.plane !== undefined;
}

/**
 * The parent's place in units of parents: its rank in a compact store, its id in a sphere; in a plane its place in its
 * shard, after all of the shards before.
 */
export function parentPosition(spec: StoreSpec, rank: number): number {
  if (isPlane(spec)) {
    const parent = spec.parents[rank];
    return shardOfTile(spec, parent) * spec.parentsPerShard + parent % spec.parentsPerShard;
  }
  return spec.layout === "sphere" ? spec.parents[rank] : rank;
}

/** Ranks `[first, end)` of the spec's parents that stand in one shard. */
export function ranksOfShard(spec: StoreSpec, shardIndex: number): { first: number; end: number } {
  if (isPlane(spec)) {
    const { from, to } = tilesOfShard(spec, shardIndex);
    return { first: lowerBound(spec.parents, from), end: lowerBound(spec.parents, to) };
  }
  const from = shardIndex * spec.parentsPerShard;
  const to = from + spec.parentsPerShard;
  if (spec.layout === "sphere") {
    return { first: lowerBound(spec.parents, from), end: lowerBound(spec.parents, to) };
  }
  const { length } = spec.parents;
  return { first: Math.min(from, length), end: Math.min(to, length) };
}

/** The key of one shard of one array, in a window where the array has a dimension of time. */
export function shardKey(
  spec: StoreSpec,
  order: number,
  array: string,
  shardIndex: number,
  window?: number,
): string {
  return `${order}/${array}/c/${shardPlace(spec, order, shardIndex, window)}`;
}

/** The last part of the keys of a shard's objects: its window, and its position. */
export function shardPlace(spec: StoreSpec, order: number, shardIndex: number, window?: number): string {
  const lead = window === undefined ? "" : `${window}/`;
  if (!isPlane(spec)) return `${lead}${shardIndex}`;
  const { shardColumns } = planeLevel(spec, order);
  return `${lead}${Math.floor(shardIndex / shardColumns)}/${shardIndex % shardColumns}`;
}

/** Fill value of `cell_ids` at an order: one past the last cell, because 0 is a real cell. */
export function cellIdFill(order: number): bigint {
  return 12n * 4n ** BigInt(order);
}

/**
 * Parents a shard by default: so that a run writes hundreds of objects a level, has enough tasks
 * to share among workers, and none of more than {@linkcode MAX_SHARD_CELLS}. Compact: a power of 2;
 * sphere and plane: a power of 4, so that a shard is a cell of a coarser order.
 */
export function defaultParentsPerShard(
  layout: StoreSpec["layout"],
  parentCount: number,
  cellsPerParent: number,
): number {
  const factor = layout === "compact" ? 2 : 4;
  const most = Math.min(Math.sqrt(parentCount) / SHARD_DIVISOR, MAX_SHARD_CELLS / cellsPerParent);
  let parents = 1;
  while (parents * factor <= most) parents *= factor;
  return parents;
}

function checkShard(spec: StoreSpec): void {
  if (Number.isInteger(spec.parentsPerShard) && spec.parentsPerShard >= 1) return;
  throw inputError(
    `output.shard is ${spec.parentsPerShard}; wanted a whole number of parent cells, 1 or more`,
  );
}
