/** Where a dataset's chunks lie, by each of the indexes that HDF5 writes (sections III.A and VII). */
import { walkBtree1 } from "./btree1.ts";
import { walkBtree2 } from "./btree2.ts";
import { type Cursor, damaged, type FileBytes, UNDEFINED } from "./cursor.ts";
import { readExtensibleArray } from "./extensible_array.ts";
import { readFixedArray } from "./fixed_array.ts";
import type { ChunkIndexKind } from "./messages.ts";

/** A chunk as it is stored. */
export interface StoredChunk {
  readonly address: number;
  readonly size: number;
  /** Bit i set: filter i was left out for this chunk. */
  readonly mask: number;
}

/** Chunks by their place in the grid of chunks, row-major; a place without one holds fill values. */
export type ChunkIndex = ReadonlyMap<number, StoredChunk>;

interface ChunkedSpace {
  readonly shape: readonly number[];
  readonly maxShape: readonly number[];
  readonly chunk: readonly number[];
  readonly chunkBytes: number;
  readonly filtered: boolean;
}

/** Chunks by dimension. */
export function chunkGrid(shape: readonly number[], chunk: readonly number[]): number[] {
  return shape.map((size, axis) => Math.ceil(size / chunk[axis]));
}

/** Reads the whole index of a chunked dataset. Places outside the dataset's shape are left out. */
export function readChunkIndex(
  file: FileBytes,
  address: number,
  kind: ChunkIndexKind,
  space: ChunkedSpace,
): ChunkIndex {
  const chunks = new Map<number, StoredChunk>();
  if (address === UNDEFINED) return chunks;
  const { chunk, chunkBytes, filtered } = space;
  const rank = chunk.length;
  const grid = chunkGrid(space.shape, chunk);
  const add = (scaled: readonly number[], stored: StoredChunk): void => {
    let place = 0;
    for (let axis = 0; axis < rank; axis += 1) {
      if (scaled[axis] >= grid[axis]) return;
      place = place * grid[axis] + scaled[axis];
    }
    if (stored.address === UNDEFINED) return;
    if (chunks.has(place)) throw damaged(file.name, "its chunk index names a chunk twice");
    chunks.set(place, stored);
  };
  switch (kind.type) {
    case "btree1":
      readChunkTree(file, address, space, add);
      break;
    case "single":
      add(chunk.map(() => 0), { address, size: kind.size ?? chunkBytes, mask: kind.mask });
      break;
    case "implicit": {
      const places = placesOf(space, false);
      const total = places.total;
      if (!(total * chunkBytes <= file.source.sizeBytes)) {
        throw damaged(file.name, `its chunk index states ${total} chunks`);
      }
      for (let i = 0; i < total; i += 1) {
        add(places.scaled(i), { address: address + i * chunkBytes, size: chunkBytes, mask: 0 });
      }
      break;
    }
    case "fixed array": {
      const places = placesOf(space, false);
      readFixedArray(file, address, (i, entry) => {
        if (i < places.total) add(places.scaled(i), readEntry(entry, filtered, chunkBytes));
      });
      break;
    }
    case "extensible array": {
      const places = placesOf(space, true);
      readExtensibleArray(file, address, (i, entry) => {
        if (i < places.total) add(places.scaled(i), readEntry(entry, filtered, chunkBytes));
      });
      break;
    }
    case "btree2":
      walkBtree2(file, address, [filtered ? 11 : 10], (record) => {
        const stored = readEntry(record, filtered, chunkBytes, 8 * rank);
        add(chunk.map(() => record.uint(8)), stored);
      });
  }
  return chunks;
}

/**
 * The version 1 B-tree of chunks. It has no checksum, so what a writer guarantees is checked instead: keys
 * lie on the chunks' grid and in the dataset's shape, they rise, and none lies before its node's first key
 * or past its last in every dimension (libhdf5 would not find it there).
 */
function readChunkTree(
  file: FileBytes,
  address: number,
  { shape, chunk }: ChunkedSpace,
  add: (scaled: readonly number[], stored: StoredChunk) => void,
): void {
  const rank = chunk.length;
  let scaled: number[] = [], last: number[] = [];
  const least: number[] = [], upper: number[] = [];
  let hasLast = false, hasLeast = false;
  /** Reads a key's place into `to`; `most` bounds its offsets. */
  const readPlace = (key: Cursor, to: number[], most: readonly number[] | undefined): void => {
    for (let axis = 0; axis < rank; axis += 1) {
      const offset = key.uint(8);
      if (offset % chunk[axis] !== 0 || (most !== undefined && offset >= most[axis])) {
        throw key.damage(`has a chunk that begins at ${offset}`);
      }
      to[axis] = offset / chunk[axis];
    }
  };
  walkBtree1(file, address, 1, 16 + 8 * rank, {
    entry(key, child) {
      const size = key.u32();
      const mask = key.u32();
      readPlace(key, scaled, shape);
      if (key.uint(8) !== 0) throw key.damage("has a chunk that begins within an element");
      const ordered = (!hasLast || precedes(last, scaled)) && !(hasLeast && isBefore(scaled, least));
      if (!ordered) throw key.damage("has chunks out of order");
      add(scaled, { address: child, size, mask });
      [last, scaled] = [scaled, last];
      hasLast = true;
      hasLeast = false;
    },
    lower(key) {
      readPlace(key.skip(8), least, undefined);
      hasLeast = true;
    },
    upper(key) {
      readPlace(key.skip(8), upper, undefined);
      // A last key may stand at the last chunk itself, one element further.
      const within = key.uint(8) > 0;
      const past = rank === 1
        ? hasLast && (last[0] > upper[0] || (last[0] === upper[0] && !within))
        : !within && hasLast && isPast(last, upper);
      if (past) throw key.damage("has chunks out of order");
    },
  });
}

/** Whether a comes before b, the first dimension first. */
function precedes(a: readonly number[], b: readonly number[]): boolean {
  for (let axis = 0; axis < a.length; axis += 1) if (a[axis] !== b[axis]) return a[axis] < b[axis];
  return false;
}

/** Whether a comes before b in every dimension. */
function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (let axis = 0; axis < a.length; axis += 1) if (a[axis] >= b[axis]) return false;
  return true;
}

/** Whether a stands at b or past it in every dimension. */
function isPast(a: readonly number[], b: readonly number[]): boolean {
  for (let axis = 0; axis < a.length; axis += 1) if (a[axis] < b[axis]) return false;
  return true;
}

/** An array's entry: an address, and for filtered chunks a size and a mask; `after` bytes follow them. */
function readEntry(entry: Cursor, filtered: boolean, chunkBytes: number, after = 0): StoredChunk {
  const address = entry.address();
  if (!filtered) return { address, size: chunkBytes, mask: 0 };
  const size = entry.uint(entry.left - 4 - after);
  return { address, size, mask: entry.u32() };
}

/**
 * How arrays number chunks: row-major over the grid of the maximal shape; an extensible array puts the
 * unlimited dimension first.
 */
function placesOf(
  { maxShape, chunk }: ChunkedSpace,
  extensible: boolean,
): { total: number; scaled(index: number): number[] } {
  const most = chunkGrid(maxShape, chunk);
  const unlimited = extensible ? maxShape.indexOf(Infinity) : -1;
  const order = most.map((_, axis) => axis);
  if (unlimited > 0) order.unshift(...order.splice(unlimited, 1));
  return {
    total: most.reduce((product, n) => product * n, 1),
    scaled(index) {
      const scaled = new Array<number>(order.length).fill(0);
      let rest = index;
      for (let k = order.length - 1; k >= 0; k -= 1) {
        const axis = order[k];
        const size = most[axis];
        scaled[axis] = Number.isFinite(size) ? rest % size : rest;
        rest = Number.isFinite(size) ? Math.floor(rest / size) : 0;
      }
      return scaled;
    },
  };
}
