/**
 * The coordinate arrays of one shard: `cell_ids`, and `morton` where the spec has it. Every chunk that
 * holds one of the run's parents has them in full; what it does not use has their fill values.
 */
import { checkMortonOrder, writeCellIds, writeMortonIds } from "./cell_ids.ts";
import { compressChunk } from "../zarr/chunk.ts";
import type { StoreSpec } from "./contract.ts";
import { fillElement, makeElements } from "../zarr/element.ts";
import { cellIdFill, type LevelLayout, ranksOfShard } from "./layout.ts";
import { CELL_IDS, MORTON } from "./metadata.ts";
import { release } from "../release.ts";
import { encodeShard } from "../zarr/shard.ts";
import { isSuccessive, packSuccessive } from "../zarr/successive.ts";

/** cell_ids and morton of a shard at or below the parent order, in full for every chunk with a parent. */
export function shardCoordinates(
  spec: StoreSpec,
  layout: LevelLayout,
  shardIndex: number,
): [string, Uint8Array][] {
  const { first, end } = ranksOfShard(spec, shardIndex);
  const depth = layout.order - spec.parentOrder;
  return coordinatesOf(
    spec,
    layout,
    depth,
    shardIndex * spec.parentsPerShard,
    spec.parents.slice(first, end),
  );
}

/**
 * cell_ids and morton of one shard of `units` (parents, or cells above them), ascending, that own
 * 4^depth cells each; `start` is the shard's first position in units. Name and encoded shard of each.
 */
export function coordinatesOf(
  spec: StoreSpec,
  layout: LevelLayout,
  depth: number,
  start: number,
  units: readonly number[],
): [string, Uint8Array][] {
  const coordinates = new CoordinateChunks(spec, layout);
  const unitCells = 4 ** depth;
  const add = (slot: number, unit: number) =>
    coordinates.addRun(slot * unitCells, depth, BigInt(unit) * BigInt(unitCells));
  if (spec.layout === "compact") units.forEach((unit, slot) => add(slot, unit));
  else {
    const perChunk = Math.max(1, layout.chunkCells / unitCells);
    const total = layout.length / unitCells;
    let next = 0;
    for (const unit of units) {
      const chunkStart = Math.floor((unit - start) / perChunk) * perChunk;
      for (next = Math.max(next, chunkStart); next < chunkStart + perChunk; next++) {
        if (start + next < total) add(next, start + next);
      }
    }
  }
  return coordinates.finish();
}

/** Chunks of the coordinate arrays of one shard, from runs of cells in ascending position. */
class CoordinateChunks {
  readonly #layout: LevelLayout;
  readonly #ids: BigUint64Array;
  readonly #idFill: bigint;
  readonly #morton: BigInt64Array | BigUint64Array | null;
  readonly #mortonFill: bigint;
  readonly #idChunks: (Uint8Array | undefined)[];
  readonly #mortonChunks: (Uint8Array | undefined)[];
  #chunk = -1;

  constructor(spec: StoreSpec, layout: LevelLayout) {
    this.#layout = layout;
    this.#ids = new BigUint64Array(layout.chunkCells);
    this.#idFill = cellIdFill(layout.order);
    this.#idChunks = new Array(layout.shardCells / layout.chunkCells);
    this.#mortonChunks = new Array(this.#idChunks.length);
    if (spec.morton === null) {
      this.#morton = null;
      this.#mortonFill = 0n;
    } else {
      const { dtype, fillValue } = spec.morton;
      checkMortonOrder(dtype, layout.order);
      this.#morton = makeElements(dtype, layout.chunkCells) as BigInt64Array | BigUint64Array;
      this.#mortonFill = fillElement(MORTON, dtype, fillValue) as bigint;
    }
  }

  /** The 4^depth cells from `firstId`, standing at `position` of the shard. */
  addRun(position: number, depth: number, firstId: bigint): void {
    const { chunkCells, order } = this.#layout;
    const count = 4 ** depth;
    // A run longer than a chunk covers whole chunks, each of them a smaller cell.
    const part = Math.min(count, chunkCells);
    const partDepth = depth - Math.log2(count / part) / 2;
    for (let done = 0; done < count; done += part) {
      const at = position + done;
      const chunk = Math.floor(at / chunkCells);
      if (chunk !== this.#chunk) this.#begin(chunk);
      const first = firstId + BigInt(done);
      if (part === chunkCells && isSuccessive(first, part)) {
        this.#idChunks[chunk] = packSuccessive(first, part);
      } else writeCellIds(this.#ids, at - chunk * chunkCells, part, first);
      if (this.#morton !== null) {
        writeMortonIds(this.#morton, at - chunk * chunkCells, partDepth, first, order);
      }
    }
  }

  #begin(next: number): void {
    if (this.#chunk !== -1) {
      this.#idChunks[this.#chunk] ??= compressChunk(this.#ids);
      if (this.#morton !== null) this.#mortonChunks[this.#chunk] = compressChunk(this.#morton);
    }
    this.#chunk = next;
    this.#ids.fill(this.#idFill);
    this.#morton?.fill(this.#mortonFill);
  }

  finish(): [string, Uint8Array][] {
    this.#begin(-1);
    const objects: [string, Uint8Array][] = [];
    const ids = encodeShard(Array.from(this.#idChunks));
    if (ids !== undefined) objects.push([CELL_IDS, ids]);
    release(this.#idChunks);
    const morton = this.#morton === null ? undefined : encodeShard(Array.from(this.#mortonChunks));
    release(this.#mortonChunks);
    if (morton !== undefined) objects.push([MORTON, morton]);
    return objects;
  }
}
