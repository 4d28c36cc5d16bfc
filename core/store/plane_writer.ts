/**
 * Makes the objects of arrays over y and x: cells come sparse, by ids, and leave as encoded chunks of rows. One dense
 * chunk a variable is all that is held besides the results.
 */
import { columnAndRow } from "../projected/grid.ts";
import { encodeChunk } from "../zarr/chunk.ts";
import { type Elements, fillElement, makeElements, scatterElements } from "../zarr/element.ts";
import { encodeShard } from "../zarr/shard.ts";
import type { StoreSpec, StoreVariable } from "./contract.ts";
import { shardKey } from "./layout.ts";
import { type PlacedPlane, type PlaneLevel, planeLevel } from "./plane.ts";

type PlaneSpec = StoreSpec & PlacedPlane;

interface Column {
  variable: StoreVariable;
  fill: number | bigint;
  /** One inner chunk, all fill between chunks. */
  dense: Elements;
  chunks: (Uint8Array | undefined)[];
}

/** Chunks of every variable of one shard. Cells of a chunk must come together. */
class PlaneChunks {
  readonly #columns: Column[];
  #chunk = -1;
  readonly #done = new Set<number>();

  constructor(variables: readonly StoreVariable[], readonly level: PlaneLevel) {
    const { shardSide, chunkSide } = level;
    this.#columns = variables.map((variable) => {
      const fill = fillElement(variable.name, variable.dtype, variable.fillValue);
      const dense = makeElements(variable.dtype, chunkSide ** 2);
      fillWith(dense, fill);
      return { variable, fill, dense, chunks: new Array((shardSide / chunkSide) ** 2) };
    });
  }

  /** Cells by their places in the shard; `values[v][i]` is variable v's. `nameCell(i)` names a cell in messages. */
  add(
    x: Uint32Array,
    y: Uint32Array,
    values: readonly Float64Array[],
    nameCell: (index: number) => string,
  ): void {
    const { chunkSide, shardSide } = this.level;
    const across = shardSide / chunkSide;
    const positions = new Uint32Array(x.length);
    let from = 0;
    while (from < x.length) {
      const chunk = chunkOf(from);
      if (chunk !== this.#chunk) this.#begin(chunk);
      let end = from;
      for (; end < x.length && chunkOf(end) === chunk; end++) {
        positions[end] = y[end] % chunkSide * chunkSide + x[end] % chunkSide;
      }
      for (let v = 0; v < this.#columns.length; v++) {
        const { dense, variable } = this.#columns[v];
        scatterElements(dense, variable, positions, values[v], from, end, 0, nameCell);
      }
      from = end;
    }

    function chunkOf(i: number): number {
      return Math.floor(y[i] / chunkSide) * across + Math.floor(x[i] / chunkSide);
    }
  }

  #begin(next: number): void {
    if (this.#chunk !== -1) {
      this.#done.add(this.#chunk);
      for (const { dense, fill, chunks } of this.#columns) {
        chunks[this.#chunk] = encodeChunk(dense, fill);
        fillWith(dense, fill);
      }
    }
    if (this.#done.has(next)) throw new Error(`cells of chunk ${next} came again after those of others`);
    this.#chunk = next;
  }

  /** Name and bytes of every variable's shard that is not fill alone. */
  *finish(): Generator<[string, Uint8Array]> {
    this.#begin(-1);
    for (const { variable, chunks } of this.#columns) {
      const shard = encodeShard(Array.from(chunks));
      if (shard !== undefined) yield [variable.name, shard];
    }
  }
}

/** Writes one shard of a level at or below the tiles. */
export class PlaneShardWriter {
  readonly #chunks: PlaneChunks;
  readonly #tileSide: number;

  constructor(
    readonly spec: PlaneSpec,
    readonly order: number,
    readonly shardIndex: number,
    readonly window: number | undefined,
  ) {
    this.#chunks = new PlaneChunks(spec.variables, planeLevel(spec, order));
    this.#tileSide = 2 ** (order - spec.parentOrder);
  }

  /**
   * The cells of the tile `spec.parents[rank]` that have observations: `cells[i]` is the cell's place in the tile, by
   * ids, ascending, and `values[v][i]` the value of variable v in it; NaN leaves the fill value. Ranks must ascend.
   */
  add(rank: number, cells: ArrayLike<number>, values: readonly Float64Array[]): void {
    const { spec, order } = this;
    const tile = spec.parents[rank];
    const [left, top] = columnAndRow(tile % spec.parentsPerShard).map((place) => place * this.#tileSide);
    const x = new Uint32Array(cells.length), y = new Uint32Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      const [column, row] = columnAndRow(cells[i]);
      x[i] = left + column;
      y[i] = top + row;
    }
    const first = tile * this.#tileSide ** 2;
    this.#chunks.add(x, y, values, (i) => `${order}/${first + cells[i]}`);
  }

  /** The shard's objects by key: the variables that are not fill alone. */
  finish(): Map<string, Uint8Array> {
    const { spec, order, shardIndex, window } = this;
    const objects = new Map<string, Uint8Array>();
    for (const [name, bytes] of this.#chunks.finish()) {
      objects.set(shardKey(spec, order, name, shardIndex, window), bytes);
    }
    return objects;
  }
}

/** All objects of a level above the tiles. `cells` are ids at `order`; `values[v][i]` is variable v in `cells[i]`. */
export function encodeCoarsePlane(
  spec: PlaneSpec,
  order: number,
  cells: ArrayLike<number>,
  values: readonly Float64Array[],
  window: number | undefined,
): Map<string, Uint8Array> {
  const level = planeLevel(spec, order);
  const { shardSide, chunkSide, shardColumns } = level;
  const across = shardSide / chunkSide;
  const placed = Array.from(cells, (id, index) => {
    const [column, row] = columnAndRow(id);
    const x = column - level.column, y = row - level.row;
    const shard = Math.floor(y / shardSide) * shardColumns + Math.floor(x / shardSide);
    const own = { x: x % shardSide, y: y % shardSide };
    return {
      index,
      shard,
      chunk: Math.floor(own.y / chunkSide) * across + Math.floor(own.x / chunkSide),
      ...own,
    };
  }).sort((a, b) => a.shard - b.shard || a.chunk - b.chunk || a.index - b.index);
  const objects = new Map<string, Uint8Array>();
  for (let from = 0, to = 0; from < placed.length; from = to) {
    const { shard } = placed[from];
    while (to < placed.length && placed[to].shard === shard) to += 1;
    const own = placed.slice(from, to);
    const chunks = new PlaneChunks(spec.variables, level);
    chunks.add(
      Uint32Array.from(own, ({ x }) => x),
      Uint32Array.from(own, ({ y }) => y),
      values.map((column) => Float64Array.from(own, ({ index }) => column[index])),
      (i) => `${order}/${cells[own[i].index]}`,
    );
    for (const [name, bytes] of chunks.finish()) {
      objects.set(shardKey(spec, order, name, shard, window), bytes);
    }
  }
  return objects;
}

function fillWith(elements: Elements, fill: number | bigint): void {
  (elements as { fill(value: number | bigint): unknown }).fill(fill);
}
