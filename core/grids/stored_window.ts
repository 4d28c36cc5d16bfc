/**
 * Which boxes of a stored variable hold a window of the oriented grid, and how their elements lie: a pure
 * plan, so that what a window costs is known before anything is read.
 */
import type { ElementPlace } from "../hdf5/contract.ts";
import type { GridValues } from "../raster/grid.ts";
import type { Orientation } from "./orientation.ts";
import type { StoredPlane } from "./plane.ts";

/** How a variable's dimensions are used. */
export interface StoredLayout {
  readonly shape: readonly number[];
  /** Null where the variable lies in one piece. */
  readonly chunks: readonly number[] | null;
  readonly elementBytes: number;
  readonly xAxis: number;
  readonly yAxis: number;
  /** The other dimensions, in their order; the last one varies fastest among the bands. */
  readonly bandAxes: readonly number[];
  readonly orientation: Pick<Orientation, "flipX" | "flipY" | "roll">;
}

/** A window of the oriented grid. `bands` are distinct indices. */
interface OrientedWindow {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly bands: readonly number[];
}

/** One read of the file, and the planes that are copied from it. */
export interface StoredRead {
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly copies: readonly PlaneCopy[];
}

interface PlaneCopy {
  /** Position in the window's list of bands. */
  readonly band: number;
  readonly plane: StoredPlane;
  /** Element of the window's plane that the upper left one goes to. */
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

/** Elements of one read have at most so many bytes; a read of chunks goes up to their edge all the same. */
const MOST_READ_BYTES = 32 << 20;

/** Consecutive stored columns, and the first of the window's columns that they go to. */
interface Span {
  readonly start: number;
  readonly count: number;
  readonly at: number;
}

/** Stored columns that are read together. */
interface ColumnBox {
  readonly start: number;
  readonly count: number;
  readonly spans: readonly Span[];
}

/** The reads of a window; no chunk is in two of them, but where a row of chunks is larger than a read may be. */
export function planReads(layout: StoredLayout, window: OrientedWindow): StoredRead[] {
  const { shape, chunks, xAxis, yAxis, bandAxes, orientation, elementBytes } = layout;
  const { flipX, flipY } = orientation;
  const rowStart = flipY ? shape[yAxis] - window.y - window.height : window.y;
  const reads: StoredRead[] = [];
  for (const group of bandGroups(layout, window.bands)) {
    const deep = bandAxes.reduce((product, axis) => product * group.count[axis], elementBytes);
    for (const box of columnBoxes(layout, window)) {
      for (const rows of rowParts(rowStart, window.height, box.count * deep, chunks?.[yAxis] ?? 1)) {
        const start = [...group.start];
        const count = [...group.count];
        [start[yAxis], count[yAxis]] = [rows.start, rows.count];
        [start[xAxis], count[xAxis]] = [box.start, box.count];
        const strides = stridesOf(count);
        const firstRow = flipY ? (rows.count - 1) * strides[yAxis] : 0;
        // Rows that run northward fill the window from below.
        const top = flipY ? rowStart + window.height - rows.start - rows.count : rows.start - rowStart;
        const copies = group.bands.flatMap(({ band, at }) => {
          const base = bandAxes.reduce(
            (sum, axis) => sum + (at[axis] - start[axis]) * strides[axis],
            firstRow,
          );
          return box.spans.map((span): PlaneCopy => {
            const left = (flipX ? span.start + span.count - 1 : span.start) - box.start;
            return {
              band,
              plane: {
                first: base + left * strides[xAxis],
                rowStride: flipY ? -strides[yAxis] : strides[yAxis],
                columnStride: flipX ? -strides[xAxis] : strides[xAxis],
              },
              at: top * window.width + span.at,
              rows: rows.count,
              columns: span.count,
            };
          });
        });
        reads.push({ start, count, copies });
      }
    }
  }
  return reads;
}

/** The stored columns of a window: one box, or two where it goes over the seam of rolled longitudes. */
function columnBoxes(
  { shape, chunks, xAxis, orientation }: StoredLayout,
  window: OrientedWindow,
): ColumnBox[] {
  const width = shape[xAxis];
  const { flipX, roll } = orientation;
  const spans: Span[] = [];
  for (let at = 0; at < window.width;) {
    const from = (window.x + at + roll) % width;
    const count = Math.min(window.width - at, width - from);
    spans.push({ start: flipX ? width - from - count : from, count, at });
    at += count;
  }
  const boxes = spans.map((span): ColumnBox => ({ start: span.start, count: span.count, spans: [span] }));
  if (boxes.length === 1) return boxes;
  const [low, high] = boxes[0].start < boxes[1].start ? boxes : [boxes[1], boxes[0]];
  const chunk = chunks?.[xAxis] ?? 1;
  // The chunk that both sides of the seam lie in is decoded once.
  const shared =
    Math.floor((low.start + low.count - 1) / chunk) >= Math.floor(high.start / chunk) - (chunks ? 0 : 1);
  if (!shared) return boxes;
  return [{ start: low.start, count: high.start + high.count - low.start, spans }];
}

/** Rows in parts whose reads stay below the limit, cut where chunks end. `rowBytes` is what one row takes. */
function* rowParts(
  start: number,
  count: number,
  rowBytes: number,
  chunkRows: number,
): Generator<{ start: number; count: number }> {
  const end = start + count;
  const most = Math.max(1, Math.floor(MOST_READ_BYTES / rowBytes / chunkRows)) * chunkRows;
  for (let from = start; from < end;) {
    const to = Math.min(end, (Math.floor(from / chunkRows)) * chunkRows + most);
    yield { start: from, count: to - from };
    from = to;
  }
}

interface BandGroup {
  /** The box of the group along the band axes; 0 and 1 along the others. */
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly bands: readonly { readonly band: number; readonly at: readonly number[] }[];
}

/** Bands whose chunks are the same, with the box that holds them. */
function bandGroups(layout: StoredLayout, bands: readonly number[]): BandGroup[] {
  const { shape, bandAxes } = layout;
  const groups = new Map<string, { band: number; at: number[] }[]>();
  bands.forEach((index, band) => {
    const at = indicesOf(index, shape, bandAxes);
    const key = groupKey(layout, at);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ band, at }]);
    else group.push({ band, at });
  });
  return [...groups.values()].map((members) => {
    const start = shape.map(() => 0);
    const count = shape.map(() => 1);
    for (const axis of bandAxes) {
      const places = members.map(({ at }) => at[axis]);
      start[axis] = Math.min(...places);
      count[axis] = Math.max(...places) - start[axis] + 1;
    }
    return { start, count, bands: members };
  });
}

/** Which chunks a band lies in, given its indices along the band axes. */
function groupKey({ chunks, xAxis, yAxis, bandAxes }: StoredLayout, at: readonly number[]): string {
  return bandAxes.map((axis) => {
    if (chunks !== null) return Math.floor(at[axis] / chunks[axis]);
    // Bands of a variable in one piece lie apart, unless they are interleaved with its cells.
    return axis > Math.min(xAxis, yAxis) ? 0 : at[axis];
  }).join();
}

/** Bands that are looked at for mates of others. */
const MOST_AHEAD = 4096;

/** The next bands after `bands` that lie in the same chunks, `most` at most; none where these are in several. */
export function chunkMates(layout: StoredLayout, bands: readonly number[], most: number): number[] {
  const { shape, bandAxes } = layout;
  const keyOf = (band: number) => groupKey(layout, indicesOf(band, shape, bandAxes));
  const keys = new Set(bands.map(keyOf));
  const mates: number[] = [];
  if (keys.size !== 1) return mates;
  const count = bandAxes.reduce((product, axis) => product * shape[axis], 1);
  const last = Math.max(...bands);
  for (let band = last + 1; band < Math.min(count, last + MOST_AHEAD) && mates.length < most; band++) {
    if (keys.has(keyOf(band))) mates.push(band);
  }
  return mates;
}

/** The index along each band axis of a band; 0 along the others. */
export function indicesOf(band: number, shape: readonly number[], bandAxes: readonly number[]): number[] {
  const at = shape.map(() => 0);
  let rest = band;
  for (const axis of bandAxes.toReversed()) {
    at[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

function stridesOf(count: readonly number[]): number[] {
  const strides = new Array<number>(count.length).fill(1);
  for (let axis = count.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * count[axis + 1];
  return strides;
}

/**
 * Where the elements of a read lie in the plane that they are for, whose rows have `width` cells. Null where they are
 * for several planes or their columns are not stored one behind the other.
 */
export function placeIn(
  planes: readonly GridValues[],
  width: number,
  { count, copies }: StoredRead,
): ElementPlace | null {
  const [{ band, plane, at, rows, columns }] = copies;
  const rank = count.length;
  const cells = count.reduce((product, size) => product * size, 1);
  if (plane.columnStride !== 1 || cells !== rows * columns || count[rank - 1] !== columns) return null;
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: size } = planes[band];
  const isUpward = plane.rowStride < 0;
  const strides = new Array<number>(rank).fill(0);
  const rowAxis = count.findLastIndex((length, axis) => axis < rank - 1 && length === rows);
  strides[rank - 1] = size;
  strides[rowAxis] = (isUpward ? -width : width) * size;
  return {
    bytes: new Uint8Array(buffer, byteOffset, byteLength),
    at: (at + (isUpward ? (rows - 1) * width : 0)) * size,
    strides,
  };
}
