/** A dataset by the direct reader: its chunks are found once, fetched together and decoded here. */
import { GranaryError } from "../../errors.ts";
import type { ByteRange } from "../../access/source.ts";
import type { DatasetRows, DatasetWindow, ElementPlace, Hdf5Dataset, Hdf5Values, Room } from "../contract.ts";
import { typedArrayOver } from "../elements.ts";
import { checkReadSize, checkRows, checkWindow } from "../limits.ts";
import {
  type Attributes,
  readAttributes,
  readAttributeTypes,
  readTexts,
  swapBytes,
  toElements,
} from "./attributes.ts";
import { type Box, boxElements, byteStrides, contiguousSpans, copyBox, rowsBox, type Spans } from "./box.ts";
import { chunkCopier } from "./chunk_copy.ts";
import { checkFilters, ChunkFault, decodeChunk, filterName } from "./chunk_filters.ts";
import { chunkGrid, type ChunkIndex, readChunkIndex, type StoredChunk } from "./chunk_index.ts";
import { damaged, type FileBytes, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";
import type { Datatype } from "./datatype.ts";
import type { Fetcher } from "./fetch.ts";
import { GlobalHeap } from "./global_heap.ts";
import type { Filter, Layout } from "./messages.ts";
import type { ObjectHeader } from "./object_header.ts";
import { checkInside } from "./outside.ts";

/** Compressed bytes that are held at once. */
const BATCH_BYTES = 64 << 20;

export interface ReadCounters {
  chunksDecoded: number;
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
  readonly #header: ObjectHeader;
  readonly #fetcher: Fetcher;
  readonly #counters: ReadCounters;
  #attributes: Attributes | undefined;
  #index: ChunkIndex | undefined;
  #readable = false;

  constructor(
    file: FileBytes,
    readonly path: string,
    type: Datatype,
    readonly shape: readonly number[],
    maxShape: readonly number[],
    layout: Layout,
    filters: readonly Filter[],
    fill: Uint8Array | null,
    header: ObjectHeader,
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
    this.#header = header;
    this.#fetcher = fetcher;
    this.#counters = counters;
  }

  /** Throws where the values cannot be read: they lie in other files, or a filter is not undone here. */
  checkReadable(): void {
    if (this.#readable) return;
    checkInside(this.#header, this.#layout, this.path);
    const type = this.#type;
    if (type.kind !== "other") checkFilters(this.#filters, type.size, `${this.#file.name}: ${this.path}`);
    this.#readable = true;
  }

  /** Whether libhdf5 is needed to read the values. What nobody reads is said when it is asked for. */
  needsLibrary(): boolean {
    try {
      this.checkReadable();
      return false;
    } catch (error) {
      if (error instanceof UnsupportedHdf5) return true;
      if (error instanceof GranaryError) return false;
      throw error;
    }
  }

  get storedBytes(): number {
    const layout = this.#layout;
    if (layout.kind === "virtual") return 0;
    if (layout.kind === "compact") return layout.bytes.length;
    if (layout.kind === "contiguous") return layout.address === UNDEFINED ? 0 : this.#logicalBytes();
    let sum = 0;
    for (const { size } of this.#chunkIndex().values()) sum += size;
    return sum;
  }

  attributes(): Attributes {
    this.#attributes ??= readAttributes(this.#header);
    return this.#attributes;
  }

  attributeTypes(): Record<string, string> {
    return readAttributeTypes(this.#header);
  }

  get fillValue(): number | bigint | null {
    const fill = this.#fill;
    if (fill === null || this.#type.kind !== "number" || fill.length !== this.#type.size) return null;
    return toElements(fill, this.#type.element)[0];
  }

  read(start: number, count: number, room?: Room): Hdf5Values {
    return this.#readNumbers(this.#rows(start, count), room);
  }

  readWindow(start: readonly number[], count: readonly number[]): Hdf5Values {
    return this.#readNumbers(this.#window(start, count));
  }

  readWindowTo(start: readonly number[], count: readonly number[], place: ElementPlace): boolean {
    const type = this.#type;
    if (type.kind !== "number" || !type.element.littleEndian || this.#layout.kind !== "chunked") return false;
    this.checkReadable();
    const window = this.#window(start, count);
    if (boxElements(window) === 0) return false;
    const { wanted, places } = this.#chunksOf(window, chunkGrid(this.shape, this.#layout.chunk));
    // What is not stored is the fill value.
    if (wanted.length < places) return false;
    this.#copyChunks(wanted, window, place);
    return true;
  }

  readText(start?: readonly number[], count?: readonly number[]): string[] {
    const type = this.#type;
    const { name, source } = this.#file;
    if (type.kind !== "string" && type.kind !== "variable string") {
      throw new GranaryError("granule", `${name}: ${this.path} holds ${this.dtype} values (wanted text)`, {
        details: { name, path: this.path, dtype: this.dtype },
      });
    }
    this.checkReadable();
    const window = this.#window(start ?? this.shape.map(() => 0), count ?? this.shape);
    const heap = new GlobalHeap(this.#file);
    const stored = this.#readStored(window);
    return readTexts(type, boxElements(window), stored, heap, (bytes) => {
      checkReadSize(source, this.path, bytes);
    });
  }

  #rows(start: number, count: number): Box {
    const { shape, path } = this;
    checkRows(this.#file.name, path, shape, start, count);
    return rowsBox(shape, start, count);
  }

  #window(start: readonly number[], count: readonly number[]): Box {
    checkWindow(this.#file.name, this.path, this.shape, start, count);
    return { start, count };
  }

  #readNumbers(window: Box, room?: Room): Hdf5Values {
    const { path } = this;
    const type = this.#type;
    const { name } = this.#file;
    if (type.kind !== "number") {
      throw new GranaryError(
        "granule",
        `${name}: ${path} holds ${this.dtype} values (wanted numbers; name another dataset)`,
        { details: { name, path, dtype: this.dtype } },
      );
    }
    this.checkReadable();
    const stored = this.#readStored(window, room);
    if (!type.element.littleEndian) swapBytes(stored, type.size);
    return typedArrayOver(type.element, stored);
  }

  /** The stored elements of a window, in the order and byte order of the file, in memory that nobody else holds. */
  #readStored(window: Box, room?: Room): Uint8Array {
    const { path } = this;
    const { source } = this.#file;
    const bytes = boxElements(window) * this.#type.size;
    checkReadSize(source, path, bytes);
    const layout = this.#layout;
    if (bytes === 0) return new Uint8Array(0);
    if (layout.kind === "chunked") return this.#readChunks(window, bytes, room);
    if (layout.kind === "contiguous") {
      if (layout.address === UNDEFINED) return this.#filled(bytes);
      const spans = this.#spans(window);
      const parts = this.#fetcher.read(this.#spanRanges(layout.address, spans));
      return this.#joinSpans(window, spans, parts, bytes);
    }
    if (layout.kind === "virtual") throw new UnsupportedHdf5("virtual datasets");
    const all = this.#logicalBytes();
    if (layout.bytes.length < all) {
      throw damaged(this.#file.name, `${path} stores ${layout.bytes.length} bytes of ${all}`);
    }
    const spans = this.#spans(window);
    const parts = spans.offsets.map((offset) => layout.bytes.slice(offset, offset + spans.bytes));
    return this.#joinSpans(window, spans, parts, bytes);
  }

  #spans(window: Box): Spans {
    return contiguousSpans(this.shape, window, this.#type.size);
  }

  #spanRanges(address: number, { offsets, bytes }: Spans): ByteRange[] {
    return offsets.map((offset) => this.#range(address + offset, bytes));
  }

  /** A window's elements from spans that hold them with the gaps between their rows. */
  #joinSpans(window: Box, { axis, bytes }: Spans, parts: readonly Uint8Array[], total: number): Uint8Array {
    if (parts.length === 1 && bytes === total) return withoutRest(parts[0]);
    const size = this.#type.size;
    const out = new Uint8Array(total);
    const from = byteStrides(this.shape, size).slice(axis);
    const to = byteStrides(window.count, size).slice(axis);
    const extent = window.count.slice(axis);
    const step = boxElements({ start: [], count: extent }) * size;
    parts.forEach((part, i) => copyBox(part, 0, from, out, i * step, to, extent, size));
    return out;
  }

  /** Bytes of all elements. */
  #logicalBytes(): number {
    return this.shape.reduce((product, n) => product * n, this.#type.size);
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

  #readChunks(window: Box, bytes: number, room: Room | undefined): Uint8Array {
    const chunk = this.chunks!;
    const grid = chunkGrid(this.shape, chunk);
    const { wanted, places } = this.#chunksOf(window, grid);
    const out = wanted.length === places ? room?.(bytes) ?? new Uint8Array(bytes) : this.#filled(bytes);
    this.#copyChunks(wanted, window, out);
    return out;
  }

  /** Decodes stored chunks and puts what the window has of them where its elements go. */
  #copyChunks(
    wanted: readonly [number, StoredChunk][],
    window: Box,
    out: Uint8Array | ElementPlace,
  ): void {
    const chunk = this.chunks!;
    const chunkBytes = this.#chunkBytes(chunk);
    const copier = chunkCopier(this.shape, chunk, this.#type.size, chunkGrid(this.shape, chunk), out, window);
    for (let i = 0; i < wanted.length;) {
      const batch: [number, StoredChunk][] = [];
      for (let held = 0; i < wanted.length && (batch.length === 0 || held < BATCH_BYTES); i += 1) {
        batch.push(wanted[i]);
        held += wanted[i][1].size;
      }
      const parts = this.#fetcher.read(batch.map(([, { address, size }]) => this.#range(address, size)));
      batch.forEach(([place, { mask }], k) => {
        const room = copier.room(place), bytes = this.#decode(parts[k], mask, chunkBytes, place, room);
        if (bytes !== room) copier.copy(place, bytes);
      });
    }
  }

  /** The stored chunks that a window touches by address, and the number of places that it touches. */
  #chunksOf(
    { start, count }: Box,
    grid: readonly number[],
  ): { wanted: [number, StoredChunk][]; places: number } {
    const index = this.#chunkIndex();
    const chunk = this.chunks!;
    const rank = grid.length;
    const first = start.map((from, axis) => Math.floor(from / chunk[axis]));
    const last = start.map((from, axis) => Math.floor((from + count[axis] - 1) / chunk[axis]));
    const places = first.reduce((product, from, axis) => product * (last[axis] - from + 1), 1);
    const wanted: [number, StoredChunk][] = [];
    if (places <= index.size) {
      const at = first.slice();
      for (let left = places; left > 0; left -= 1) {
        let place = 0;
        for (let axis = 0; axis < rank; axis += 1) place = place * grid[axis] + at[axis];
        const stored = index.get(place);
        if (stored) wanted.push([place, stored]);
        for (let axis = rank - 1; axis >= 0; axis -= 1) {
          at[axis] += 1;
          if (at[axis] <= last[axis]) break;
          at[axis] = first[axis];
        }
      }
    } else {
      for (const [place, stored] of index) {
        let rest = place;
        let axis = rank - 1;
        for (; axis >= 0; axis -= 1) {
          const scaled = rest % grid[axis];
          if (scaled < first[axis] || scaled > last[axis]) break;
          rest = Math.floor(rest / grid[axis]);
        }
        if (axis < 0) wanted.push([place, stored]);
      }
    }
    wanted.sort(([, a], [, b]) => a.address - b.address);
    return { wanted, places };
  }

  /** Where the stored bytes of what will be read lie; nothing for what is not stored in the file's own place. */
  ranges(read: DatasetRows | DatasetWindow): ByteRange[] {
    const window = typeof read.start === "number"
      ? this.#rows(read.start, (read as DatasetRows).count)
      : this.#window(read.start, (read as DatasetWindow).count);
    this.checkReadable();
    const layout = this.#layout;
    if (this.#type.kind === "other" || boxElements(window) === 0) return [];
    if (layout.kind === "contiguous" && layout.address !== UNDEFINED) {
      return this.#spanRanges(layout.address, this.#spans(window));
    }
    if (layout.kind !== "chunked") return [];
    const { wanted } = this.#chunksOf(window, chunkGrid(this.shape, layout.chunk));
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

  /** The elements of the chunk at a place, in `room` where they could be put there. */
  #decode(
    stored: Uint8Array,
    mask: number,
    chunkBytes: number,
    place: number,
    room: Uint8Array | undefined,
  ): Uint8Array {
    this.#counters.chunksDecoded += 1;
    try {
      return decodeChunk(stored, mask, this.#filters, chunkBytes, room);
    } catch (error) {
      if (!(error instanceof ChunkFault)) throw error;
      throw damaged(this.#file.name, `chunk ${place} of ${this.path} ${error.message}`);
    }
  }
}

/** `bytes` where their buffer holds nothing else, or a copy of them. */
function withoutRest(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? bytes : bytes.slice();
}
