/**
 * A spill file: segments of many granules, those of one shard side by side, and an index at the end, so
 * that a reducer reads its part of every file by one range.
 *
 * Layout, little-endian: the 8 bytes `GRANRUN2`; segments, each a multiple of 8 bytes; the index:
 * u32 count, u32 zero, then the columns u32 shard, u32 granule, u32 group, u32 rows (each padded to 8
 * bytes), f64 offset, f64 bytes; the footer: f64 offset of the index, f64 bytes of the index, u32
 * CRC-32 of the index, u32 zero, the 8 bytes `GRANRUN2`.
 */
import { crc32 } from "node:zlib";
import { writeAtomic } from "../../core/files/atomic.ts";
import { GranaryError } from "../../core/errors.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { SegmentEntry, SpillEntry, SpillPart } from "./contract.ts";
import { type Segment, viewSegment } from "./segment.ts";

const MAGIC = new TextEncoder().encode("GRANRUN2");
const FOOTER_BYTES = 32;

/** Entries in the order of a spill file: by shard, then granule, then group. */
export function orderForFile<T extends SegmentEntry>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => a.shard - b.shard || a.granule - b.granule || a.group - b.group);
}

/**
 * Writes a spill file that is whole, synced and named, or absent. `bytesOf` gives the bytes of a segment
 * from whatever memory it is in. Returns the index and the size of the file.
 */
export function writeSpillFile(
  file: string,
  entries: readonly SegmentEntry[],
  bytesOf: (entry: SegmentEntry) => Uint8Array,
): { entries: SpillEntry[]; bytes: number } {
  const placed: SpillEntry[] = [];
  let offset = MAGIC.length;
  const bytes = writeAtomic(file, (write) => {
    write(MAGIC);
    for (const entry of orderForFile(entries)) {
      write(bytesOf(entry));
      const { shard, granule, group, rows } = entry;
      placed.push({ shard, granule, group, rows, offset, bytes: entry.bytes });
      offset += entry.bytes;
    }
    const index = encodeIndex(placed);
    write(index);
    write(encodeFooter(offset, index));
    return offset + index.length + FOOTER_BYTES;
  });
  return { entries: placed, bytes };
}

function encodeFooter(offset: number, index: Uint8Array): Uint8Array {
  const footer = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(footer.buffer);
  view.setFloat64(0, offset, true);
  view.setFloat64(8, index.length, true);
  view.setUint32(16, crc32(index), true);
  footer.set(MAGIC, 24);
  return footer;
}

/** Anything with a size that reads a range, at once or later. */
export interface IndexSource {
  readonly name: string;
  readonly sizeBytes: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** What a spill file holds of some granules, by their numbers in it: the parts, with the numbers that they map to. */
export async function readParts(
  source: IndexSource,
  location: SourceLocation,
  granules: ReadonlyMap<number, number>,
): Promise<ShardPart[]> {
  const entries = (await readSpillIndex(source)).filter(({ granule }) => granules.has(granule));
  return partsOf(location, entries.map((entry) => ({ ...entry, granule: granules.get(entry.granule)! })));
}

/**
 * The segment that stands in `buffer` at `offset`, which was read of a spill file, as views. Values have no checksum: where
 * damaged bytes would lead the reduction out of its memory, an io error names the file.
 */
export function viewSpilled(
  file: string,
  buffer: ArrayBufferLike,
  offset: number,
  cellsPerParent: number,
): Segment {
  let segment: Segment;
  try {
    segment = viewSegment(buffer, offset);
  } catch (error) {
    if (error instanceof RangeError) throw notWhole(file, "a segment is longer than its place");
    throw error;
  }
  const { counts, children } = segment;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows !== children.length) {
    throw notWhole(file, `parents of ${rows} rows in a segment of ${children.length}`);
  }
  for (let row = 0; row < children.length; row++) {
    if (children[row] >= cellsPerParent) {
      throw notWhole(file, `cell ${children[row]} of ${cellsPerParent} a parent`);
    }
  }
  return segment;
}

function notWhole(file: string, why: string): GranaryError {
  return new GranaryError("io", `${file}: not a whole spill file (${why}); delete it and resume the run`);
}

/** Reads the index of a spill file. Throws an io error that names the file when it is not whole. */
export async function readSpillIndex(source: IndexSource): Promise<SpillEntry[]> {
  const broken = (why: string) => notWhole(source.name, why);
  if (source.sizeBytes < MAGIC.length + FOOTER_BYTES) throw broken(`${source.sizeBytes} bytes`);
  const footer = await source.read(source.sizeBytes - FOOTER_BYTES, FOOTER_BYTES);
  if (!MAGIC.every((byte, i) => footer[24 + i] === byte)) throw broken("its footer is missing");
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const offset = view.getFloat64(0, true), length = view.getFloat64(8, true);
  const isPlace = Number.isInteger(offset) && Number.isInteger(length);
  if (
    !isPlace || offset < MAGIC.length || length < indexBytes(0) ||
    offset + length + FOOTER_BYTES !== source.sizeBytes
  ) {
    throw broken("its index is not where the footer says");
  }
  const index = await source.read(offset, length);
  if (crc32(index) !== view.getUint32(16, true)) throw broken("its index fails the checksum");
  return decodeIndex(index, broken);
}

/** What a spill file holds of one shard. */
type ShardPart = SpillPart & { shard: number };

/** The parts of a spill file, one a shard: neighbours in the file. */
export function partsOf(location: SourceLocation, entries: readonly SpillEntry[]): ShardPart[] {
  const parts: ShardPart[] = [];
  for (const { shard, granule, group, offset, bytes } of entries) {
    if (parts.at(-1)?.shard !== shard) parts.push({ shard, location, offset, bytes: 0, entries: [] });
    const part = parts[parts.length - 1];
    part.bytes = offset + bytes - part.offset;
    part.entries.push({ granule, group, offset });
  }
  return parts;
}

const padded = (bytes: number): number => (bytes + 7) & ~7;
const COUNT_COLUMNS = ["shard", "granule", "group", "rows"] as const;
const PLACE_COLUMNS = ["offset", "bytes"] as const;

function indexBytes(count: number): number {
  return 8 + COUNT_COLUMNS.length * padded(4 * count) + PLACE_COLUMNS.length * 8 * count;
}

function encodeIndex(entries: readonly SpillEntry[]): Uint8Array {
  const bytes = new Uint8Array(indexBytes(entries.length));
  new Uint32Array(bytes.buffer, 0, 1)[0] = entries.length;
  let at = 8;
  for (const name of COUNT_COLUMNS) {
    new Uint32Array(bytes.buffer, at, entries.length).set(entries.map((entry) => entry[name]));
    at += padded(4 * entries.length);
  }
  for (const name of PLACE_COLUMNS) {
    new Float64Array(bytes.buffer, at, entries.length).set(entries.map((entry) => entry[name]));
    at += 8 * entries.length;
  }
  return bytes;
}

function decodeIndex(bytes: Uint8Array, broken: (why: string) => Error): SpillEntry[] {
  const own = bytes.slice(); // aligned to 8
  const count = new Uint32Array(own.buffer, 0, 1)[0];
  if (own.length !== indexBytes(count)) throw broken("its index has the wrong size");
  let at = 8;
  const counts = COUNT_COLUMNS.map(() => {
    const column = new Uint32Array(own.buffer, at, count);
    at += padded(4 * count);
    return column;
  });
  const places = PLACE_COLUMNS.map(() => {
    const column = new Float64Array(own.buffer, at, count);
    at += 8 * count;
    return column;
  });
  return Array.from({ length: count }, (_, i) => ({
    shard: counts[0][i],
    granule: counts[1][i],
    group: counts[2][i],
    rows: counts[3][i],
    offset: places[0][i],
    bytes: places[1][i],
  }));
}
