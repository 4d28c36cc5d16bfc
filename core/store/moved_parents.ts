/**
 * The objects of a shard from those of another store, which has the same parents in other places. Elements are moved
 * as they are stored, never computed: the bytes are those that a run would have written.
 */
import { decodeChunk, encodeChunk } from "../zarr/chunk.ts";
import { type Elements, fillElement, makeElements } from "../zarr/element.ts";
import { chunksOfShard, encodeShard } from "../zarr/shard.ts";
import type { StoreSpec, StoreVariable } from "./contract.ts";
import { shardCoordinates } from "./coordinates.ts";
import { type LevelLayout, levelLayout, parentPosition, shardKey } from "./layout.ts";

/** A shard along the cells, in a window where the store has windows. */
interface ShardPlace {
  spec: StoreSpec;
  window: number | undefined;
}

/** A parent by its ranks in both stores. */
interface MovedParent {
  rank: number;
  was: number;
}

/**
 * The objects of shard `shard` of `to`, level by level down to the parents', of parents (by ascending rank) that stand
 * in `from`; `get` gives the objects of that store. Both have the same variables and parents a shard.
 */
export async function movedParents(
  from: ShardPlace,
  to: ShardPlace & { shard: number },
  moves: readonly MovedParent[],
  get: (key: string) => Promise<Uint8Array | undefined>,
): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>();
  for (const order of to.spec.levels.filter((level) => level >= to.spec.parentOrder)) {
    const layout = levelLayout(to.spec, order);
    for (const variable of to.spec.variables) {
      const chunks = new MovedChunks(layout, variable);
      let open: { shard: number; chunks: (Uint8Array | undefined)[] } | undefined;
      for (const { rank, was } of moves) {
        const { shard, slot } = positionIn(from.spec, was);
        if (open?.shard !== shard) {
          const key = shardKey(from.spec, order, variable.name, shard, from.window);
          open = { shard, chunks: chunksOfShard(await get(key), layout.shardCells / layout.chunkCells, key) };
        }
        chunks.add(positionIn(to.spec, rank).slot, slot, open.chunks);
      }
      const bytes = encodeShard(chunks.finish());
      if (bytes !== undefined) {
        objects.set(shardKey(to.spec, order, variable.name, to.shard, to.window), bytes);
      }
    }
    if (to.window !== undefined) continue;
    for (const [name, bytes] of shardCoordinates(to.spec, layout, to.shard)) {
      objects.set(shardKey(to.spec, order, name, to.shard), bytes);
    }
  }
  return objects;
}

function positionIn(spec: StoreSpec, rank: number): { shard: number; slot: number } {
  const position = parentPosition(spec, rank);
  const shard = Math.floor(position / spec.parentsPerShard);
  return { shard, slot: position - shard * spec.parentsPerShard };
}

/** Inner chunks of one variable, parent by parent. */
class MovedChunks {
  readonly #layout: LevelLayout;
  readonly #variable: StoreVariable;
  readonly #fill: number | bigint;
  readonly #chunks: (Uint8Array | undefined)[];
  /** Chunks that hold several parents, before they are encoded. */
  readonly #dense = new Map<number, Elements>();

  constructor(layout: LevelLayout, variable: StoreVariable) {
    this.#layout = layout;
    this.#variable = variable;
    this.#fill = fillElement(variable.name, variable.dtype, variable.fillValue);
    this.#chunks = new Array(layout.shardCells / layout.chunkCells).fill(undefined);
  }

  /** Takes the parent at place `was` of a shard with these chunks to the place `slot` of this one. */
  add(slot: number, was: number, chunks: readonly (Uint8Array | undefined)[]): void {
    const { cellsPerParent, chunkCells } = this.#layout;
    if (cellsPerParent >= chunkCells) {
      const each = cellsPerParent / chunkCells;
      for (let c = 0; c < each; c++) this.#chunks[slot * each + c] = chunks[was * each + c];
      return;
    }
    const source = Math.floor(was * cellsPerParent / chunkCells);
    const bytes = chunks[source];
    if (bytes === undefined) return;
    const elements = decodeChunk(bytes, this.#variable.dtype, chunkCells);
    const first = was * cellsPerParent - source * chunkCells;
    const chunk = Math.floor(slot * cellsPerParent / chunkCells);
    let dense = this.#dense.get(chunk);
    if (dense === undefined) {
      dense = makeElements(this.#variable.dtype, chunkCells);
      (dense as { fill(value: number | bigint): unknown }).fill(this.#fill);
      this.#dense.set(chunk, dense);
    }
    dense.set(
      elements.subarray(first, first + cellsPerParent) as never,
      slot * cellsPerParent - chunk * chunkCells,
    );
  }

  finish(): (Uint8Array | undefined)[] {
    for (const [chunk, dense] of this.#dense) this.#chunks[chunk] = encodeChunk(dense, this.#fill);
    return this.#chunks;
  }
}
