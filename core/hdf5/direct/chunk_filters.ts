/** Undoes a dataset's filters, chunk by chunk: deflate, shuffle, fletcher32, and plugins' that have a reader here. */
import { unpackBitshuffle } from "../../codecs/bitshuffle.ts";
import { unpackBlosc } from "../../codecs/blosc.ts";
import { CodecFault } from "../../codecs/bytes.ts";
import { unpackBzip2 } from "../../codecs/bzip2.ts";
import { unpackLz4Frame } from "../../codecs/lz4.ts";
import { unpackLzf } from "../../codecs/lzf.ts";
import { unpackZstd } from "../../codecs/zstd.ts";
import { GranaryError } from "../../errors.ts";
import { inflate, MOST_EXPANSION } from "../../inflate.ts";
import { release } from "../../release.ts";
import { fletcher32 } from "./checksum.ts";
import { UnsupportedHdf5 } from "./cursor.ts";
import type { Filter } from "./messages.ts";

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;

/** Registered filters of plugins that are undone here: `size` bytes, with the filter's own values. */
const CODECS: Readonly<
  Record<number, (bytes: Uint8Array, size: number, values: readonly number[]) => Uint8Array>
> = {
  307: unpackBzip2,
  32000: unpackLzf,
  32001: unpackBlosc,
  32004: unpackLz4Frame,
  32008: unpackBitshuffle,
  32015: unpackZstd,
};

/** Registered filters that neither this reader nor libhdf5 undoes without a plugin. */
const PLUGINS: Readonly<Record<number, string>> = {
  305: "lzo",
  32013: "zfp",
  32017: "sz",
  32018: "fci",
  32019: "jpeg",
  32022: "bitgroom",
  32024: "sz3",
  32026: "blosc2",
  32032: "ccsds-123",
};

/** The filters that libhdf5 undoes by itself: szip, nbit and scaleoffset besides ours. */
const MOST_BUILT_IN = 6;

const NAMES: Readonly<Record<number, string>> = {
  2: "shuffle",
  3: "fletcher32",
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
  307: "bzip2",
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32008: "bitshuffle",
  32015: "zstd",
};

/** A filter's name in the contract's spelling. */
export function filterName({ id, name, values }: Filter): string {
  if (id === DEFLATE) return `deflate(${values[0] ?? 6})`;
  return NAMES[id] ?? (name || `filter ${id}`);
}

/**
 * Checks the pipeline for elements of `elementSize` bytes before anything is read. Throws a granule error
 * that names a filter that nobody here undoes, and an unsupported error where libhdf5 is needed.
 */
export function checkFilters(filters: readonly Filter[], elementSize: number, what: string): void {
  for (const { id, name } of filters) {
    if (id <= MOST_BUILT_IN || Object.hasOwn(CODECS, id)) continue;
    const known = PLUGINS[id] ?? (name.split(/[^\w. -]/)[0].slice(0, 40) || "unknown");
    throw new GranaryError(
      "granule",
      `${what} is packed with the filter ${known} (${id}), which granary does not read (it reads deflate, ` +
        `shuffle, fletcher32, szip, nbit, scaleoffset, blosc, lz4, bzip2, lzf, bitshuffle and zstd: repack the ` +
        "file with h5repack -f GZIP=4)",
      { details: { filter: id, name: known } },
    );
  }
  const packers = filters.filter(({ id }) => id === DEFLATE || Object.hasOwn(CODECS, id));
  if (packers.length > 1 && packers.some(({ id }) => id !== DEFLATE)) {
    throw new GranaryError(
      "granule",
      `${what} is packed twice, with ${packers.map(filterName).join(" and ")}, which granary does not read` +
        " (repack the file with h5repack -f GZIP=4)",
    );
  }
  for (const filter of filters) {
    const other = filter.id === SHUFFLE && filter.values[0] !== elementSize;
    const ours = Object.hasOwn(CODECS, filter.id) || (filter.id >= DEFLATE && filter.id <= FLETCHER32);
    if (other || !ours) {
      throw new UnsupportedHdf5(`the filter ${filterName(filter)}${other ? " of another element size" : ""}`);
    }
  }
  if (packers.length > 1) throw new UnsupportedHdf5("deflate applied twice");
}

/** A fault of a chunk's bytes, thrown to the dataset, which knows its name. */
export class ChunkFault extends Error {}

/**
 * Undoes `filters` (in the order of writing) on one stored chunk, except those whose bit is set in `mask`,
 * and returns `chunkBytes` bytes. The result may be `place`, which has so many, a view of `stored`, or memory that the next
 * call overwrites or gives back. Throws a ChunkFault on bytes that no writer made.
 */
export function decodeChunk(
  stored: Uint8Array,
  mask: number,
  filters: readonly Filter[],
  chunkBytes: number,
  place?: Uint8Array,
): Uint8Array {
  if (mask >>> filters.length !== 0) throw new ChunkFault(`leaves out filters that it has not (${mask})`);
  const sizes: number[] = [];
  let size = chunkBytes;
  filters.forEach(({ id }, i) => {
    sizes.push(size);
    if (id === FLETCHER32 && !(mask & (1 << i))) size += 4;
  });
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i -= 1) {
    if (mask & (1 << i)) continue;
    const { id, values } = filters[i];
    // What another filter undoes after it has no place yet.
    if (id === DEFLATE) bytes = unzlib(bytes, sizes[i], i === 0 ? place : undefined);
    else if (Object.hasOwn(CODECS, id)) bytes = unpack(bytes, sizes[i], filters[i]);
    else if (id === SHUFFLE) bytes = unshuffle(bytes, values[0]);
    else bytes = verifyFletcher(bytes);
  }
  if (bytes.length !== chunkBytes) {
    throw new ChunkFault(`has ${bytes.length} bytes (wanted ${chunkBytes})`);
  }
  return bytes;
}

/** What was inflated last: its memory is taken for the next chunk. */
const inflated: Uint8Array[] = [];

/** Undoes deflate; the result is `place`, or empty after the next call. */
function unzlib(bytes: Uint8Array, size: number, place: Uint8Array | undefined): Uint8Array {
  if (size > bytes.length * MOST_EXPANSION + 64) {
    throw new ChunkFault(`has ${bytes.length} bytes, too few for ${size}`);
  }
  release(inflated.splice(0));
  try {
    const made = inflate(bytes, { size, most: size + 65, place });
    if (made !== place) inflated.push(made);
    return made;
  } catch (error) {
    throw new ChunkFault(`does not inflate (${(error as Error).message})`, { cause: error });
  }
}

/** Undoes the filter of a plugin. */
function unpack(bytes: Uint8Array, size: number, filter: Filter): Uint8Array {
  try {
    return CODECS[filter.id](bytes, size, filter.values);
  } catch (error) {
    if (!(error instanceof CodecFault)) throw error;
    throw new ChunkFault(`${error.message} (${filterName(filter)})`, { cause: error });
  }
}

let scratch = new Uint8Array(0);

/**
 * Puts the bytes of each element together again; a rest that is no element stays last.
 * The result is overwritten by the next call.
 */
function unshuffle(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes;
  const count = Math.floor(bytes.length / size);
  if (scratch.length < bytes.length) scratch = new Uint8Array(Math.ceil(bytes.length / 65_536) * 65_536);
  const out = scratch.subarray(0, bytes.length);
  if (size === 2) unshuffle2(bytes, count);
  else if (size === 4) unshuffle4(bytes, count);
  else if (size === 8) unshuffle8(bytes, count);
  else unshuffleAny(bytes, count, size);
  out.set(bytes.subarray(count * size), count * size);
  return out;
}

/** Elements of other sizes: text of fixed length, pointers to text. */
function unshuffleAny(bytes: Uint8Array, count: number, size: number): void {
  for (let k = 0; k < size; k += 1) {
    for (let i = 0, to = k, from = k * count; i < count; i += 1, to += size) scratch[to] = bytes[from + i];
  }
}

function unshuffle2(bytes: Uint8Array, count: number): void {
  const out = new Uint16Array(scratch.buffer, 0, count);
  for (let i = 0; i < count; i += 1) out[i] = bytes[i] | (bytes[count + i] << 8);
}

function unshuffle4(bytes: Uint8Array, count: number): void {
  const out = new Uint32Array(scratch.buffer, 0, count);
  const b = 2 * count;
  const c = 3 * count;
  for (let i = 0; i < count; i += 1) {
    out[i] = bytes[i] | (bytes[count + i] << 8) | (bytes[b + i] << 16) | (bytes[c + i] << 24);
  }
}

function unshuffle8(bytes: Uint8Array, count: number): void {
  const out = new Uint32Array(scratch.buffer, 0, 2 * count);
  for (let i = 0; i < count; i += 1) {
    out[2 * i] = bytes[i] | (bytes[count + i] << 8) | (bytes[2 * count + i] << 16) |
      (bytes[3 * count + i] << 24);
    out[2 * i + 1] = bytes[4 * count + i] | (bytes[5 * count + i] << 8) | (bytes[6 * count + i] << 16) |
      (bytes[7 * count + i] << 24);
  }
}

/** Checks and takes off the checksum. HDF5 1.6.2 and older stored its halves with their bytes swapped. */
function verifyFletcher(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  if (end < 0) throw new ChunkFault("is too short for its checksum");
  const data = bytes.subarray(0, end);
  const sum = fletcher32(data);
  const stored = (bytes[end] | (bytes[end + 1] << 8) | (bytes[end + 2] << 16) | (bytes[end + 3] << 24)) >>> 0;
  const old = (((sum & 0x00ff00ff) << 8) | ((sum >>> 8) & 0x00ff00ff)) >>> 0;
  if (stored !== sum && stored !== old) throw new ChunkFault("fails its checksum (fletcher32)");
  return data;
}
