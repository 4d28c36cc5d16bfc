/** A dataset by the direct reader: its chunks are found once, fetched together and decoded here. */
import { GranaryError } from "../../errors.ts";
import type { ByteRange } from "../../access/source.ts";
import type { Hdf5Dataset, Hdf5Values } from "../contract.ts";
import { typedArrayOver } from "../elements.ts";
import { checkReadSize, checkRows } from "../limits.ts";
import { type Attributes, readAttributes, swapBytes } from "./attributes.ts";
import { chunkCopier } from "./chunk_copy.ts";
import { checkFilters, ChunkFault, decodeChunk, filterName } from "./chunk_filters.ts";
import { chunkGrid, type ChunkIndex, readChunkIndex, type StoredChunk } from "./chunk_index.ts";
import { damaged, type FileBytes, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";
import { type Datatype, readDatatype } from "./datatype.ts";
import type { Fetcher } from "./fetch.ts";
import {
  type Filter,
  type Layout,
  readDataspace,
  readFill,
  readFilters,
  readLayout,
  readOldFill,
} from "./messages.ts";
import { MESSAGE, type ObjectHeader } from "./object_header.ts";

/** Compressed bytes that are held at once. */
const BATCH_BYTES = 64 << 20;

export interface ReadCounters {
  chunksDecoded: number;
}

/** Opens the dataset that `header` describes; undefined where it is not one. */
export function openDataset(
  header: ObjectHeader,
  path: string,
  fetcher: Fetcher,
  counters: ReadCounters,
): DirectDataset | undefined {
  const { file } = header;
  const layoutMessage = header.message(MESSAGE.layout, `layout of ${path}`);
  if (!layoutMessage) return undefined;
  const typeMessage = header.message(MESSAGE.datatype, `datatype of ${path}`);
  const spaceMessage = header.message(MESSAGE.dataspace, `dataspace of ${path}`);
  if (!typeMessage || !spaceMessage) throw damaged(file.name, `${path} lacks its datatype or its dataspace`);
  if (header.has(MESSAGE.externalFiles)) throw new UnsupportedHdf5("datasets in external files");
  const type = readDatatype(typeMessage);
  const space = readDataspace(spaceMessage);
  const rank = space.shape?.length ?? 0;
  const layout: Layout = space.shape === null
    ? { kind: "compact", bytes: new Uint8Array(0) }
    : readLayout(layoutMessage, rank, type.size);
  const filterMessage = header.message(MESSAGE.filters, `filters of ${path}`);
  const filters = filterMessage ? readFilters(filterMessage) : [];
  if (type.kind === "number") checkFilters(filters, type.size);
  const newFill = header.message(MESSAGE.fill, `fill value of ${path}`);
  const oldFill = newFill ? undefined : header.message(MESSAGE.oldFill, `fill value of ${path}`);
  const fill = newFill ? readFill(newFill) : oldFill ? readOldFill(oldFill) : null;
  return new DirectDataset(
    file,
    path,
    type,
    space.shape ?? [0],
    space.maxShape ?? [0],
    layout,
    filters,
    fill,
    () => readAttributes(header),
    fetcher,
    counters,
  );
}

export class DirectDataset implements Hdf5Dataset {
  readonly dtype: string;
  readonly chunks: readonly number[] | null;
  readonly filters: readonly string[];
  readonly #file: FileBytes;
  readonly #type: Datatype;
  readonly #maxShape: readonly number[];
  readonly #layout: Layout;
  readonly #filters: readonly Filter[];
  readonly #fill: Uint8Array | null;
  readonly #readAttributes: () => Attributes;
  readonly #fetcher: Fetcher;
  readonly #counters: ReadCounters;
  #attributes: Attributes | undefined;
  #index: ChunkIndex | undefined;

  constructor(
    file: FileBytes,
    readonly path: string,
    type: Datatype,
    readonly shape: readonly number[],
    maxShape: readonly number[],
    layout: Layout,
    filters: readonly Filter[],
    fill: Uint8Array | null,
    attributes: () => Attributes,
    fetcher: Fetcher,
    counters: ReadCounters,
  ) {
    this.dtype = type.name;
    this.chunks = layout.kind === "chunked" ? layout.chunk : null;
    this.filters = filters.map(filterName);
    this.#file = file;
    this.#type = type;
    this.#maxShape = maxShape;
    this.#layout = layout;
    this.#filters = filters;
    this.#fill = fill;
    this.#readAttributes = attributes;
    this.#fetcher = fetcher;
    this.#counters = counters;
  }

  get storedBytes(): number {
    const layout = this.#layout;
    if (layout.kind === "compact") return layout.bytes.length;
    if (layout.kind === "contiguous") return layout.address === UNDEFINED ? 0 : this.#logicalBytes(0);
    let sum = 0;
    for (const { size } of this.#chunkIndex().values()) sum += size;
    return sum;
  }

  attributes(): Attributes {
    this.#attributes ??= this.#readAttributes();
    return this.#attributes;
  }

  read(start: number, count: number): Hdf5Values {
    const { path, shape } = this;
    const type = this.#type;
    const { name, source } = this.#file;
    if (type.kind !== "number") {
      throw new GranaryError(
        "granule",
        `${name}: ${path} holds ${this.dtype} values (wanted numbers; name another dataset)`,
        { details: { name, path, dtype: this.dtype } },
      );
    }
    checkRows(name, path, shape, start, count);
    const rowBytes = this.#logicalBytes(1);
    const bytes = count * rowBytes;
    checkReadSize(source, path, bytes);
    const layout = this.#layout;
    let stored: Uint8Array;
    if (bytes === 0) stored = new Uint8Array(0);
    else if (layout.kind === "chunked") stored = this.#readChunks(start, count, rowBytes);
    else if (layout.kind === "contiguous") {
      stored = this.#readContiguous(layout.address, start * rowBytes, bytes);
    } else if (layout.bytes.length >= (start + count) * rowBytes) {
      stored = layout.bytes.slice(start * rowBytes, (start + count) * rowBytes);
    } else throw damaged(name, `${path} stores ${layout.bytes.length} bytes of ${this.#logicalBytes(0)}`);
    if (!type.element.littleEndian) swapBytes(stored, type.size);
    return typedArrayOver(type.element, wholeBuffer(stored));
  }

  /** Bytes of all elements, or of one step along the first dimension. */
  #logicalBytes(from: 0 | 1): number {
    let bytes = this.#type.size;
    for (let axis = from; axis < this.shape.length; axis += 1) bytes *= this.shape[axis];
    return bytes;
  }

  #readContiguous(address: number, offset: number, bytes: number): Uint8Array {
    if (address === UNDEFINED) return this.#filled(bytes);
    return this.#fetcher.read([this.#range(address + offset, bytes)])[0];
  }

  #filled(bytes: number): Uint8Array {
    const out = new Uint8Array(bytes);
    const fill = this.#fill;
    if (fill === null || fill.every((byte) => byte === 0)) return out;
    const size = this.#type.size;
    if (fill.length !== size) throw damaged(this.#file.name, `${this.path} has a fill value of another type`);
    out.set(fill);
    for (let filled = size; filled < bytes; filled *= 2) {
      out.copyWithin(filled, 0, Math.min(filled, bytes - filled));
    }
    return out;
  }

  #chunkIndex(): ChunkIndex {
    const layout = this.#layout;
    if (layout.kind !== "chunked") throw new Error("a chunk index of a dataset without chunks");
    this.#index ??= readChunkIndex(this.#file, layout.address, layout.index, {
      shape: this.shape,
      maxShape: this.#maxShape,
      chunk: layout.chunk,
      chunkBytes: this.#chunkBytes(layout.chunk),
      filtered: this.#filters.length > 0,
    });
    return this.#index;
  }

  #chunkBytes(chunk: readonly number[]): number {
    const bytes = chunk.reduce((product, n) => product * n, this.#type.size);
    if (bytes > 2 ** 32) throw damaged(this.#file.name, `${this.path} has chunks of ${bytes} bytes`);
    return bytes;
  }

  #readChunks(start: number, count: number, rowBytes: number): Uint8Array {
    const chunk = this.chunks!;
    const grid = chunkGrid(this.shape, chunk);
    const { wanted, places } = this.#chunksOf(start, count, grid);
    const out = wanted.length === places ? new Uint8Array(count * rowBytes) : this.#filled(count * rowBytes);
    const chunkBytes = this.#chunkBytes(chunk);
    const copy = chunkCopier(this.shape, chunk, this.#type.size, grid, out, start, count);
    for (let i = 0; i < wanted.length;) {
      const batch: [number, StoredChunk][] = [];
      for (let held = 0; i < wanted.length && (batch.length === 0 || held < BATCH_BYTES); i += 1) {
        batch.push(wanted[i]);
        held += wanted[i][1].size;
      }
      const parts = this.#fetcher.read(batch.map(([, { address, size }]) => this.#range(address, size)));
      batch.forEach(([place, { mask }], k) => copy(place, this.#decode(parts[k], mask, chunkBytes, place)));
    }
    return out;
  }

  /** The stored chunks of rows `[start, start + count)` by address, and the places that they might fill. */
  #chunksOf(
    start: number,
    count: number,
    grid: readonly number[],
  ): { wanted: [number, StoredChunk][]; places: number } {
    const index = this.#chunkIndex();
    const chunkRows = this.chunks![0];
    const inner = grid.slice(1).reduce((product, n) => product * n, 1);
    const first = Math.floor(start / chunkRows) * inner;
    const end = (Math.floor((start + count - 1) / chunkRows) + 1) * inner;
    const wanted: [number, StoredChunk][] = [];
    if (end - first <= index.size) {
      for (let place = first; place < end; place += 1) {
        const stored = index.get(place);
        if (stored) wanted.push([place, stored]);
      }
    } else {
      for (const [place, stored] of index) if (place >= first && place < end) wanted.push([place, stored]);
    }
    wanted.sort(([, a], [, b]) => a.address - b.address);
    return { wanted, places: end - first };
  }

  /** Where the stored bytes of rows `[start, start + count)` lie; nothing for what is not stored or not numbers. */
  ranges(start: number, count: number): ByteRange[] {
    checkRows(this.#file.name, this.path, this.shape, start, count);
    const layout = this.#layout;
    if (this.#type.kind !== "number" || count === 0 || this.shape.includes(0)) return [];
    if (layout.kind === "contiguous" && layout.address !== UNDEFINED) {
      const rowBytes = this.#logicalBytes(1);
      return [this.#range(layout.address + start * rowBytes, count * rowBytes)];
    }
    if (layout.kind !== "chunked") return [];
    const { wanted } = this.#chunksOf(start, count, chunkGrid(this.shape, layout.chunk));
    return wanted.map(([, { address, size }]) => this.#range(address, size));
  }

  #range(address: number, length: number): ByteRange {
    const { base, source, name } = this.#file;
    const offset = base + address;
    if (!(address >= 0 && offset + length <= source.sizeBytes)) {
      throw damaged(name, `data of ${this.path} lies at ${offset} to ${offset + length}, outside the file`);
    }
    return { offset, length };
  }

  #decode(stored: Uint8Array, mask: number, chunkBytes: number, place: number): Uint8Array {
    this.#counters.chunksDecoded += 1;
    try {
      return decodeChunk(stored, mask, this.#filters, chunkBytes);
    } catch (error) {
      if (!(error instanceof ChunkFault)) throw error;
      throw damaged(this.#file.name, `chunk ${place} of ${this.path} ${error.message}`);
    }
  }
}

/** The buffer that holds exactly `bytes`. */
function wholeBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? buffer
    : bytes.slice().buffer;
}
