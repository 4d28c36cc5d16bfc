/** The messages of a dataset: space, fill value, layout and filters (section IV.A.2). */
import { type Cursor, decodeText, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";

/** Dimensions; null for a space without elements. */
interface Dataspace {
  readonly shape: readonly number[] | null;
  /** Infinity where unlimited. */
  readonly maxShape: readonly number[] | null;
}

const MOST_DIMENSIONS = 32;

export function readDataspace(cursor: Cursor): Dataspace {
  const version = cursor.version(1, 2);
  const rank = cursor.u8();
  const flags = cursor.u8();
  const type = version === 1 ? (cursor.skip(5), rank === 0 ? 0 : 1) : cursor.u8();
  if (rank > MOST_DIMENSIONS || type > 2 || (type === 0 && rank > 0)) {
    throw cursor.damage(`has ${rank} dimensions and the type ${type}`);
  }
  if (type === 2) return { shape: null, maxShape: null };
  const shape: number[] = [];
  for (let i = 0; i < rank; i += 1) {
    const size = cursor.length();
    if (size === UNDEFINED) throw cursor.damage("has a dimension of unlimited size");
    shape.push(size);
  }
  const maxShape = shape.map((size) => {
    if (!(flags & 1)) return size;
    const most = cursor.length();
    return most === UNDEFINED ? Infinity : most;
  });
  return { shape, maxShape };
}

/** The bytes of the fill value, in the dataset's stored type; null where it is zero or undefined. */
export function readFill(cursor: Cursor): Uint8Array | null {
  const version = cursor.version(1, 2, 3);
  if (version === 3) {
    const flags = cursor.u8();
    return flags & 0x20 ? cursor.take(cursor.u32()) : null;
  }
  cursor.skip(2);
  const defined = cursor.u8();
  if (defined === 0) return null;
  const size = cursor.u32();
  return size === 0 || size === 0xffffffff ? null : cursor.take(size);
}

/** The old fill value message: a size and bytes. */
export function readOldFill(cursor: Cursor): Uint8Array | null {
  const size = cursor.u32();
  return size === 0 ? null : cursor.take(size);
}

/** How the index of chunks is stored. */
export type ChunkIndexKind =
  | { readonly type: "btree1" }
  | { readonly type: "single"; readonly size: number | null; readonly mask: number }
  | { readonly type: "implicit" }
  | { readonly type: "fixed array" }
  | { readonly type: "extensible array" }
  | { readonly type: "btree2" };

export type Layout =
  | { readonly kind: "compact"; readonly bytes: Uint8Array }
  | { readonly kind: "contiguous"; readonly address: number }
  /** Where the list of source datasets lies in the global heap. */
  | { readonly kind: "virtual"; readonly heap: number; readonly object: number }
  | {
    readonly kind: "chunked";
    readonly address: number;
    /** Elements by dimension; the element size is not among them. */
    readonly chunk: readonly number[];
    readonly index: ChunkIndexKind;
  };

export function readLayout(cursor: Cursor, rank: number, elementSize: number): Layout {
  const version = cursor.u8();
  if (version === 1 || version === 2) return readOldLayout(cursor, rank, elementSize);
  if (version < 3 || version > 5) throw new UnsupportedHdf5(`version ${version} of the layout`);
  const kind = cursor.u8();
  if (kind === 0) return { kind: "compact", bytes: cursor.take(cursor.u16()) };
  if (kind === 1) return { kind: "contiguous", address: cursor.address() };
  if (kind === 3) return { kind: "virtual", heap: cursor.address(), object: cursor.u32() };
  if (kind !== 2) throw new UnsupportedHdf5(`the layout class ${kind}`);
  if (version === 3) {
    const dimensions = cursor.u8();
    const address = cursor.address();
    const chunk = chunkShape(cursor, dimensions, 4, rank, elementSize);
    return { kind: "chunked", address, chunk, index: { type: "btree1" } };
  }
  const flags = cursor.u8();
  const dimensions = cursor.u8();
  const chunk = chunkShape(cursor, dimensions, cursor.u8(), rank, elementSize);
  // Bit 0: chunks over the edge are stored unfiltered.
  if (flags & 1) throw new UnsupportedHdf5("unfiltered edge chunks");
  return { kind: "chunked", ...readIndexKind(cursor, flags), chunk };
}

function readIndexKind(cursor: Cursor, flags: number): { index: ChunkIndexKind; address: number } {
  const type = cursor.u8();
  let index: ChunkIndexKind;
  switch (type) {
    case 1: {
      const filtered = (flags & 2) !== 0;
      const size = filtered ? cursor.length() : null;
      index = { type: "single", size, mask: filtered ? cursor.u32() : 0 };
      break;
    }
    case 2:
      index = { type: "implicit" };
      break;
    case 3:
      cursor.skip(1);
      index = { type: "fixed array" };
      break;
    case 4:
      cursor.skip(5);
      index = { type: "extensible array" };
      break;
    case 5:
      cursor.skip(6);
      index = { type: "btree2" };
      break;
    default:
      throw new UnsupportedHdf5(`the chunk index type ${type}`);
  }
  return { index, address: cursor.address() };
}

/** Layouts of versions 1 and 2, which HDF5 1.6 and older wrote. */
function readOldLayout(cursor: Cursor, rank: number, elementSize: number): Layout {
  const dimensions = cursor.u8();
  const kind = cursor.u8();
  cursor.skip(5);
  if (kind > 2) throw new UnsupportedHdf5(`the layout class ${kind}`);
  const address = kind === 0 ? UNDEFINED : cursor.address();
  if (kind === 2) {
    const chunk = chunkShape(cursor, dimensions, 4, rank, elementSize);
    return { kind: "chunked", address, chunk, index: { type: "btree1" } };
  }
  cursor.skip(4 * dimensions);
  if (kind === 1) return { kind: "contiguous", address };
  return { kind: "compact", bytes: cursor.take(cursor.u32()) };
}

function chunkShape(
  cursor: Cursor,
  dimensions: number,
  width: number,
  rank: number,
  elementSize: number,
): number[] {
  if (dimensions !== rank + 1) throw cursor.damage(`has ${dimensions - 1} dimensions and its space ${rank}`);
  if (width < 1 || width > 8) throw cursor.damage(`has sizes of ${width} bytes`);
  const chunk: number[] = [];
  for (let i = 0; i < rank; i += 1) {
    const size = cursor.uint(width);
    if (size === 0) throw cursor.damage("has chunks of no elements");
    chunk.push(size);
  }
  const size = cursor.uint(width);
  if (size !== elementSize) throw cursor.damage(`has elements of ${size} bytes and its type ${elementSize}`);
  return chunk;
}

export interface Filter {
  readonly id: number;
  readonly name: string;
  readonly values: readonly number[];
}

const MOST_FILTERS = 32;

/** The filters in the order of writing. */
export function readFilters(cursor: Cursor): Filter[] {
  const version = cursor.version(1, 2);
  const count = cursor.u8();
  if (count > MOST_FILTERS) throw cursor.damage(`has ${count} filters`);
  if (version === 1) cursor.skip(6);
  const filters: Filter[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = cursor.u16();
    const nameBytes = version === 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);
    const valueCount = cursor.u16();
    const padded = version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes;
    const name = decodeText(cursor.take(padded));
    const values: number[] = [];
    for (let k = 0; k < valueCount; k += 1) values.push(cursor.u32());
    if (version === 1 && valueCount % 2 === 1) cursor.skip(4);
    filters.push({ id, name, values });
  }
  return filters;
}
