/**
 * A segment: the kept observations of one group of one granule that fall into the parents of one
 * shard, sorted by parent and, inside a parent, in row order. The same bytes stand in memory that
 * workers share and in spill files, so that spilling changes nothing but the place.
 *
 * Layout, little-endian, every part padded to 8 bytes:
 *   u32 parents, u32 rows, u32 bytes a child index (2 or 4), u32 columns
 *   u8  bytes a value, one a column (4 or 8)
 *   u32 rank of each parent in the plan, ascending
 *   u32 rows of each parent
 *   u16 or u32 index of the child cell in its parent, one a row
 *   f32 or f64 values, column after column
 *   where the highest bit of the number of columns is set: u32 parents of which observations were left out, and of
 *   each u32 its rank, u32 observations left out by time, u32 by area
 */
import type { Values } from "../../core/values.ts";

export type ChildIndices = Uint16Array | Uint32Array;

/** Observations in wanted parents that a run leaves out by their own time and place. */
export interface LeftOut {
  time: number;
  area: number;
}

/** The same of one parent. */
export interface RankedLeftOut extends LeftOut {
  rank: number;
}

export interface Segment {
  leftOut: RankedLeftOut[];
  ranks: Uint32Array;
  counts: Uint32Array;
  children: ChildIndices;
  columns: Values[];
}

/** What a segment is made of, before its bytes exist. */
export interface SegmentShape {
  parents: number;
  rows: number;
  childBytes: 2 | 4;
  /** 4 or 8 for each column. */
  widths: Uint8Array;
  leftOut?: readonly RankedLeftOut[] | undefined;
}

const HEADER_BYTES = 16;
const HAS_LEFT_OUT = 2 ** 31;

if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
  throw new Error("granary needs a little-endian processor");
}

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Two bytes index the children of a parent where they suffice. */
export function childBytesFor(cellsPerParent: number): 2 | 4 {
  return cellsPerParent <= 65536 ? 2 : 4;
}

/** The size of a segment, a multiple of 8. */
export function segmentBytes({ parents, rows, childBytes, widths, leftOut }: SegmentShape): number {
  let bytes = HEADER_BYTES + padded(widths.length) + 2 * padded(4 * parents) + padded(childBytes * rows);
  for (let c = 0; c < widths.length; c++) bytes += padded(widths[c] * rows);
  return bytes + leftOutBytes(leftOut);
}

function leftOutBytes(leftOut: SegmentShape["leftOut"]): number {
  return leftOut === undefined ? 0 : padded(4 + 12 * leftOut.length);
}

/** Writes the header into `buffer` at `offset` (a multiple of 8); returns views for the rest to be filled. */
export function layOutSegment(buffer: ArrayBufferLike, offset: number, shape: SegmentShape): Segment {
  const { parents, rows, childBytes, widths, leftOut } = shape;
  const columns = widths.length + (leftOut === undefined ? 0 : HAS_LEFT_OUT);
  new Uint32Array(buffer, offset, 4).set([parents, rows, childBytes, columns]);
  if (leftOut !== undefined) {
    const start = offset + segmentBytes(shape) - leftOutBytes(leftOut);
    new Uint32Array(buffer, start, 1 + 3 * leftOut.length).set([
      leftOut.length,
      ...leftOut.flatMap(({ rank, time, area }) => [rank, time, area]),
    ]);
  }
  new Uint8Array(buffer, offset + HEADER_BYTES, widths.length).set(widths);
  return viewSegment(buffer, offset);
}

/** The segment that stands in `buffer` at `offset` (a multiple of 8), as views. */
export function viewSegment(buffer: ArrayBufferLike, offset: number): Segment {
  const header = new Uint32Array(buffer, offset, 4);
  const parents = header[0], rows = header[1], childBytes = header[2];
  const hasLeftOut = header[3] >= HAS_LEFT_OUT, columnCount = header[3] % HAS_LEFT_OUT;
  let at = offset + HEADER_BYTES;
  const widths = new Uint8Array(buffer, at, columnCount);
  at += padded(columnCount);
  const ranks = new Uint32Array(buffer, at, parents);
  at += padded(4 * parents);
  const counts = new Uint32Array(buffer, at, parents);
  at += padded(4 * parents);
  const children = childBytes === 2 ? new Uint16Array(buffer, at, rows) : new Uint32Array(buffer, at, rows);
  at += padded(childBytes * rows);
  const columns: Values[] = [];
  for (let c = 0; c < columnCount; c++) {
    const width = widths[c];
    columns.push(width === 4 ? new Float32Array(buffer, at, rows) : new Float64Array(buffer, at, rows));
    at += padded(width * rows);
  }
  const leftOut: RankedLeftOut[] = [];
  if (hasLeftOut) {
    const [count] = new Uint32Array(buffer, at, 1), words = new Uint32Array(buffer, at + 4, 3 * count);
    for (let i = 0; i < words.length; i += 3) {
      leftOut.push({ rank: words[i], time: words[i + 1], area: words[i + 2] });
    }
  }
  return { leftOut, ranks, counts, children, columns };
}
