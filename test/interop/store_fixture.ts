/** A small store with known cells and values, made by the writer, for other programs to read. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { storeMetadata } from "../../core/store/metadata.ts";
import { coordinateObjects } from "../../core/store/time_axis.ts";
import { encodeCoarseLevel, shardWriter } from "../../core/store/writer.ts";
import { ancestors, ranksOfShard } from "../../core/store/layout.ts";
import { ShardNumbers } from "../../core/store/shard_numbers.ts";
import { extentAround } from "../../core/store/plane.ts";
import { cellOf, type ProjectedGrid } from "../../core/projected/grid.ts";

export const PARENT_ORDER = 4;
export const FINE_ORDER = 9;

/** Seven parents, in three shards of three, the last one partial; 0 is among them. */
export function fixtureSpec(
  layout: "compact" | "sphere",
  latitude: "authalic" | "geodetic" = "authalic",
): StoreSpec {
  return {
    layout,
    parentOrder: PARENT_ORDER,
    parents: [0, 5, 17, 900, 1800, 2559, 3071],
    parentsPerShard: layout === "compact" ? 3 : 4,
    levels: [FINE_ORDER, 6, PARENT_ORDER, 2],
    latitude,
    morton: { dtype: "int64", fillValue: "0" },
    variables: [
      { name: "count", dtype: "int32", fillValue: 0, attributes: { long_name: "observations" } },
      { name: "h_mean", dtype: "float32", fillValue: null, attributes: { units: "m" } },
      { name: "h_best", dtype: "float64", fillValue: -9999, attributes: { units: "m" } },
      { name: "total", dtype: "uint64", fillValue: 7, attributes: {} },
    ],
    provenance: { engine_version: 1, note: "fixture" },
  };
}

const POLAR: ProjectedGrid = { crs: "EPSG:3413", resolution: 1000, origin: [500, -250] };

/** Tiles of 32 cells of 1 km around the pole, in shards of 2 by 2; levels within tiles and above. */
export function planeSpec(grid: ProjectedGrid = POLAR): StoreSpec {
  const parents = [[1023, 1022], [1024, 1023], [1023, 1024], [1025, 1025], [1019, 1030], [1030, 1021], [
    1031,
    1020,
  ]]
    .map(([column, row]) => cellOf(column, row)).sort((a, b) => a - b);
  const levels = [16, 13, 11, 8];
  return {
    ...fixtureSpec("compact"),
    layout: "plane",
    plane: { grid, extent: extentAround(parents, 11, 4, levels) },
    parentOrder: 11,
    parents,
    parentsPerShard: 4,
    levels,
    morton: null,
  };
}

/** Which cells of a parent have values: a stripe in every parent but one, which has none. */
export function fixtureCells(rank: number, cellsPerParent: number): Uint32Array {
  if (rank === 3) return new Uint32Array(0);
  const cells: number[] = [];
  for (let cell = rank % cellsPerParent; cell < cellsPerParent; cell += 7 + rank) cells.push(cell);
  return Uint32Array.from(cells);
}

/** The values of a cell follow from its nested id, and its window of time, so that any reader can check them. */
export function fixtureValues(ids: readonly number[], window = 0): Float64Array[] {
  return [
    Float64Array.from(ids, (id) => 1 + (id % 50)),
    Float64Array.from(ids, (id) => id / 8),
    Float64Array.from(ids, (id) => id / 3 + 1000 * window),
    Float64Array.from(ids, (id) => id),
  ];
}

/** Nested ids with values at an order, ascending. */
export function fixtureIds(spec: StoreSpec, order: number): number[] {
  if (order < spec.parentOrder) return ancestors(spec, order);
  const cellsPerParent = 4 ** (order - spec.parentOrder);
  return spec.parents.flatMap((parent, rank) =>
    Array.from(fixtureCells(rank, cellsPerParent), (cell) => parent * cellsPerParent + cell)
  );
}

/** What one parent's observations gave at one level: indices among its descendants, values by variable. */
interface ParentCells {
  cells: ArrayLike<number>;
  values: readonly Float64Array[];
}

/** The objects of one shard of a level at or below the parent order. */
export function encodeLevelShard(
  spec: StoreSpec,
  order: number,
  shardIndex: number,
  cellsOf: (rank: number) => ParentCells | undefined,
  window?: number,
): Map<string, Uint8Array> {
  const writer = shardWriter(spec, order, shardIndex, window);
  const { first, end } = ranksOfShard(spec, shardIndex);
  for (let rank = first; rank < end; rank++) {
    const found = cellsOf(rank);
    if (found !== undefined) writer.add(rank, found.cells, found.values);
  }
  return writer.finish();
}

/** Writes every object and every document of the store. */
export async function writeFixture(spec: StoreSpec, target: Pick<ObjectTarget, "put">): Promise<void> {
  const windows = spec.time?.starts.map((_, window) => window) ?? [undefined];
  for (const window of windows) {
    for (const order of spec.levels) {
      const objects = order < spec.parentOrder
        ? [coarse(spec, order, window)]
        : fineShards(spec, order, window);
      for (const shard of objects) for (const [key, bytes] of shard) await target.put(key, bytes);
    }
  }
  for (const [key, bytes] of coordinateObjects(spec)) await target.put(key, bytes);
  for (const [key, text] of storeMetadata(spec)) await target.put(key, new TextEncoder().encode(text));
}

function coarse(spec: StoreSpec, order: number, window?: number): Map<string, Uint8Array> {
  const ids = fixtureIds(spec, order);
  return encodeCoarseLevel(spec, order, ids, fixtureValues(ids, window), window);
}

function fineShards(spec: StoreSpec, order: number, window?: number): Map<string, Uint8Array>[] {
  const cellsPerParent = 4 ** (order - spec.parentOrder);
  return Array.from(
    { length: new ShardNumbers(spec).across },
    (_, shard) =>
      encodeLevelShard(spec, order, shard, (rank) => {
        const cells = fixtureCells(rank, cellsPerParent);
        const ids = Array.from(cells, (cell) => spec.parents[rank] * cellsPerParent + cell);
        return { cells, values: fixtureValues(ids, window) };
      }, window),
  );
}
