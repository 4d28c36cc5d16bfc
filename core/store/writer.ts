/**
 * Makes the objects of one shard of one level, parent by parent. Cells come sparse and leave as
 * encoded chunks, so that one dense chunk a variable is all that it holds besides its results.
 */
import { encodeChunk } from "../zarr/chunk.ts";
import type { StoreSpec, StoreVariable } from "./contract.ts";
import { coordinatesOf, shardCoordinates } from "./coordinates.ts";
import { type Elements, fillElement, makeElements, scatterElements } from "../zarr/element.ts";
import {
  ancestors,
  isPlane,
  type LevelLayout,
  levelLayout,
  parentPosition,
  ranksOfShard,
  shardKey,
} from "./layout.ts";
import { lowerBound } from "../lower_bound.ts";
import { release } from "../release.ts";
import { encodeShard } from "../zarr/shard.ts";
import { encodeCoarsePlane, PlaneShardWriter } from "./plane_writer.ts";

interface Column {
  variable: StoreVariable;
  fill: number | bigint;
  /** One inner chunk, all fill between chunks. */
  dense: Elements;
  chunks: (Uint8Array | undefined)[];
}

/** Chunks of every variable of one shard, from cells in ascending position. */
class ChunkBuilder {
  readonly #layout: LevelLayout;
  readonly #columns: Column[];
  /** The first cell of the current chunk; Infinity: it has none. */
  #first = Infinity;
  #chunk = -1;

  constructor(spec: StoreSpec, layout: LevelLayout) {
    this.#layout = layout;
    this.#columns = spec.variables.map((variable) => {
      const fill = fillElement(variable.name, variable.dtype, variable.fillValue);
      const dense = makeElements(variable.dtype, layout.chunkCells);
      fillWith(dense, fill);
      return { variable, fill, dense, chunks: new Array(layout.shardCells / layout.chunkCells) };
    });
  }

  /**
   * Cells at `start + cells[i]` of the shard, ascending; `values[v][i]` is variable v's. `nameCell(i)` names
   * a cell in messages.
   */
  add(
    start: number,
    cells: ArrayLike<number>,
    values: readonly Float64Array[],
    nameCell: (index: number) => string,
  ): void {
    const { chunkCells } = this.#layout;
    let from = 0;
    while (from < cells.length) {
      const chunk = Math.floor((start + cells[from]) / chunkCells);
      const shift = start - chunk * chunkCells;
      if (chunk !== this.#chunk) this.#flush(chunk);
      const end = lowerBound(cells, chunkCells - shift);
      this.#first = Math.min(this.#first, cells[from] + shift);
      for (let v = 0; v < this.#columns.length; v++) {
        const { dense, variable } = this.#columns[v];
        scatterElements(dense, variable, cells, values[v], from, end, shift, nameCell);
      }
      from = end;
    }
  }

  #flush(next: number): void {
    if (next !== -1 && next < this.#chunk) {
      throw new Error(`cells of chunk ${next} came after those of chunk ${this.#chunk}; wanted ascending`);
    }
    if (this.#first !== Infinity) {
      for (const { dense, fill, chunks } of this.#columns) {
        chunks[this.#chunk] = encodeChunk(dense, fill, this.#first);
        fillWith(dense, fill);
      }
    }
    this.#first = Infinity;
    this.#chunk = next;
  }

  /** Name and bytes of every variable's shard that is not fill alone. */
  *finish(): Generator<[string, Uint8Array]> {
    this.#flush(-1);
    for (const { variable, chunks } of this.#columns) {
      const shard = encodeShard(Array.from(chunks));
      release(chunks);
      if (shard !== undefined) yield [variable.name, shard];
    }
  }
}

/** Takes the cells of parents of one shard and level, and gives the shard's objects. */
interface CellWriter {
  add(rank: number, cells: ArrayLike<number>, values: readonly Float64Array[]): void;
  finish(): Map<string, Uint8Array>;
}

/** Writes one shard of a level at or below the parent order; see {@linkcode ShardWriter}. */
export function shardWriter(spec: StoreSpec, order: number, shardIndex: number, window?: number): CellWriter {
  return isPlane(spec)
    ? new PlaneShardWriter(spec, order, shardIndex, window)
    : new ShardWriter(spec, order, shardIndex, window);
}

/** Writes one shard of HEALPix cells of a level at or below the parent order. */
export class ShardWriter implements CellWriter {
  readonly #spec: StoreSpec;
  readonly #layout: LevelLayout;
  readonly #shardIndex: number;
  readonly #ranks: { first: number; end: number };
  readonly #builder: ChunkBuilder;
  readonly #window: number | undefined;

  /** With a `window` the shard is that window's, and the coordinates, which are no window's, are left to others. */
  constructor(spec: StoreSpec, order: number, shardIndex: number, window?: number) {
    if (order < spec.parentOrder) {
      throw new RangeError(`order ${order} is above the parents' ${spec.parentOrder}: use encodeCoarseLevel`);
    }
    this.#spec = spec;
    this.#window = window;
    this.#layout = levelLayout(spec, order);
    this.#shardIndex = shardIndex;
    this.#ranks = ranksOfShard(spec, shardIndex);
    this.#builder = new ChunkBuilder(spec, this.#layout);
  }

  /**
   * The cells of the parent `spec.parents[rank]` that have observations: `cells[i]` is the cell's
   * index among the parent's descendants, ascending, and `values[v][i]` the value of variable v in
   * it (float64; NaN is none and leaves the fill value). Ranks must ascend from call to call. Throws
   * an input error when a value does not fit its variable's integer type.
   */
  add(rank: number, cells: ArrayLike<number>, values: readonly Float64Array[]): void {
    if (rank < this.#ranks.first || rank >= this.#ranks.end) {
      throw new RangeError(
        `parent ${rank} is not in shard ${this.#shardIndex}, which has ${this.#ranks.first} to ${this.#ranks.end}`,
      );
    }
    const slot = parentPosition(this.#spec, rank) - this.#shardIndex * this.#spec.parentsPerShard;
    const { cellsPerParent, order } = this.#layout;
    const first = BigInt(this.#spec.parents[rank]) * BigInt(cellsPerParent);
    this.#builder.add(slot * cellsPerParent, cells, values, (i) => `${order}/${first + BigInt(cells[i])}`);
  }

  /** The shard's objects by key: coordinates of all its parents, and the variables that are not fill alone. */
  finish(): Map<string, Uint8Array> {
    const { order } = this.#layout;
    const objects = new Map<string, Uint8Array>();
    if (this.#ranks.end === this.#ranks.first) return objects;
    if (this.#window === undefined) {
      for (const [name, bytes] of shardCoordinates(this.#spec, this.#layout, this.#shardIndex)) {
        objects.set(shardKey(this.#spec, order, name, this.#shardIndex), bytes);
      }
    }
    for (const [name, bytes] of this.#builder.finish()) {
      objects.set(shardKey(this.#spec, order, name, this.#shardIndex, this.#window), bytes);
    }
    return objects;
  }
}

/**
 * All objects of a level above the parent order. `cells` are ids at `order`, ascending, out of
 * the ancestors of the spec's parents; `values[v][i]` is variable v in `cells[i]`. With a `window` the
 * objects are that window's, without coordinates.
 */
export function encodeCoarseLevel(
  spec: StoreSpec,
  order: number,
  cells: ArrayLike<number>,
  values: readonly Float64Array[],
  window?: number,
): Map<string, Uint8Array> {
  if (isPlane(spec)) return encodeCoarsePlane(spec, order, cells, values, window);
  const layout = levelLayout(spec, order);
  const held = ancestors(spec, order);
  const positions = spec.layout === "sphere" ? cells : ranksIn(held, cells, order);
  const objects = new Map<string, Uint8Array>();
  for (let shard = 0, from = 0, heldFrom = 0; shard < layout.shards; shard++) {
    const start = shard * layout.shardCells;
    let end = from;
    while (end < positions.length && positions[end] < start + layout.shardCells) end += 1;
    let heldEnd = heldFrom;
    if (spec.layout === "sphere") {
      while (heldEnd < held.length && held[heldEnd] < start + layout.shardCells) heldEnd += 1;
    } else heldEnd = Math.min(held.length, start + layout.shardCells);
    if (heldEnd > heldFrom) {
      const own = held.slice(heldFrom, heldEnd);
      if (window === undefined) {
        for (const [name, bytes] of coordinatesOf(spec, layout, 0, start, own)) {
          objects.set(shardKey(spec, order, name, shard), bytes);
        }
      }
      const builder = new ChunkBuilder(spec, layout);
      const local = Array.from({ length: end - from }, (_, i) => positions[from + i] - start);
      const begin = from;
      builder.add(
        0,
        local,
        values.map((column) => column.subarray(begin, end)),
        (i) => `${order}/${cells[begin + i]}`,
      );
      for (const [name, bytes] of builder.finish()) {
        objects.set(shardKey(spec, order, name, shard, window), bytes);
      }
    }
    from = end;
    heldFrom = heldEnd;
  }
  return objects;
}

function ranksIn(held: readonly number[], cells: ArrayLike<number>, order: number): number[] {
  const ranks: number[] = [];
  for (let i = 0, rank = 0; i < cells.length; i++) {
    while (rank < held.length && held[rank] < cells[i]) rank += 1;
    if (held[rank] !== cells[i]) {
      throw new RangeError(`cell ${order}/${cells[i]} is no ancestor of the run's parents, or out of order`);
    }
    ranks.push(rank);
  }
  return ranks;
}

function fillWith(elements: Elements, fill: number | bigint): void {
  (elements as { fill(value: number | bigint): unknown }).fill(fill);
}
