/**
 * The parts of a parent, gathered from the segments of a shard in canonical order: granule, group,
 * row. The order of the segments that arrive does not matter; the order of their rows is kept.
 */
import { type KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";
import type { ChildIndices, Segment } from "./segment.ts";

/** A segment with the place of its granule and group in the canonical order. */
export interface PlacedSegment {
  granule: number;
  group: number;
  segment: Segment;
}

/** One parent's observations, in canonical order. Views on scratch, good until the next parent. */
export interface ParentRows {
  rank: number;
  rows: number;
  children: ChildIndices;
  columns: Values[];
}

/** A memory with room for so many bytes of a parent of so many rows; undefined where there is none. */
type MakeRoom = (rows: number, bytes: number) => KernelMemory | undefined;

/** Yields the parents of a shard that have observations, by ascending rank. */
export class Gatherer {
  readonly #makeRoom: MakeRoom;
  #memory: KernelMemory | undefined;
  #children: ChildIndices = new Uint16Array(0);
  #columns: Values[] = [];

  constructor(makeRoom: MakeRoom = () => undefined) {
    this.#makeRoom = makeRoom;
  }

  *parents(placed: readonly PlacedSegment[], columnCount: number): Generator<ParentRows> {
    if (placed.length === 0) return;
    const segments = [...placed]
      .sort((a, b) => a.granule - b.granule || a.group - b.group)
      .map(({ segment }) => segment);
    const cursor = new Uint32Array(segments.length);
    const rowCursor = new Uint32Array(segments.length);
    const wide = Array.from(
      { length: columnCount },
      (_, c) => segments.some((segment) => segment.columns[c].BYTES_PER_ELEMENT === 8),
    );
    for (let rank = nextRank(segments, cursor); rank !== Infinity; rank = nextRank(segments, cursor)) {
      const here: number[] = [];
      let rows = 0;
      for (let s = 0; s < segments.length; s++) {
        if (segments[s].ranks[cursor[s]] !== rank) continue;
        here.push(s);
        rows += segments[s].counts[cursor[s]];
      }
      this.#grow(rows, segments[0].children.BYTES_PER_ELEMENT, wide);
      let row = 0;
      for (const s of here) {
        const segment = segments[s];
        const from = rowCursor[s], to = from + segment.counts[cursor[s]];
        this.#children.set(segment.children.subarray(from, to), row);
        for (let c = 0; c < columnCount; c++) {
          this.#columns[c].set(segment.columns[c].subarray(from, to), row);
        }
        row += to - from;
        rowCursor[s] = to;
        cursor[s] += 1;
      }
      yield { rank, rows, children: this.#children, columns: this.#columns };
    }
  }

  /** Arrays outside of a memory are kept until a parent fits into one. */
  #grow(rows: number, childBytes: number, wide: readonly boolean[]): void {
    const fits = this.#children.length >= rows && this.#children.BYTES_PER_ELEMENT === childBytes &&
      wide.every((isWide, c) =>
        this.#columns[c]?.length >= rows && this.#columns[c].BYTES_PER_ELEMENT === (isWide ? 8 : 4)
      );
    if (fits && this.#memory !== undefined) return;
    const size = Math.ceil(rows * 1.25);
    const bytes = wide.reduce(
      (sum, isWide) => sum + roundUp((isWide ? 8 : 4) * size),
      roundUp(childBytes * size),
    );
    const memory = this.#makeRoom(size, bytes);
    if (fits && memory === undefined) return;
    const buffer = (width: number): [ArrayBuffer, number, number] =>
      memory === undefined
        ? [new ArrayBuffer(width * size), 0, size]
        : [memory.buffer, memory.place(width * size), size];
    this.#memory = memory;
    this.#children = childBytes === 2 ? new Uint16Array(...buffer(2)) : new Uint32Array(...buffer(4));
    this.#columns = wide.map((isWide) =>
      isWide ? new Float64Array(...buffer(8)) : new Float32Array(...buffer(4))
    );
  }
}

function nextRank(segments: readonly Segment[], cursor: Uint32Array): number {
  let next = Infinity;
  for (let s = 0; s < segments.length; s++) {
    if (cursor[s] < segments[s].ranks.length) next = Math.min(next, segments[s].ranks[cursor[s]]);
  }
  return next;
}
