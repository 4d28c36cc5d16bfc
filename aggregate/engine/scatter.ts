/**
 * The scatter kernel: the observations of one group of a granule -> segments, one a shard. Along a
 * track, neighbours lie in one parent, so rows are handled as runs of equal parent; data in any other
 * order is right too, in more runs.
 */
import { CELL_BYTES, type CellAssigner } from "./assigner.ts";
import type { IndexedRows } from "./contract.ts";
import type { GroupObservations } from "../../core/observations/contract.ts";
import { ALIGNMENT, KernelMemory } from "../../core/kernels/memory.ts";
import { encodeRuns, type GroupRuns } from "../../core/observations/row_runs.ts";
import type { Values } from "../../core/values.ts";
import type { Clip, TimeWindow, WindowFinder } from "./row_cut.ts";
import {
  childBytesFor,
  type ChildIndices,
  layOutSegment,
  type RankedLeftOut,
  segmentBytes,
} from "./segment.ts";
import type { ScatterCounts, SegmentEntry, SegmentSpace } from "./contract.ts";
import { KeptRows } from "./kept_rows.ts";

/** Bytes of a group that are worked on where they were read to; what is larger is copied in, block by block. */
const MOST_HELD_BYTES = 32 << 20;

/** Runs of fewer rows are copied by a loop, which has no call to make for each. */
const LEAST_COPIED = 24;

export const noCounts = (): ScatterCounts => ({
  rows: 0,
  misplaced: 0,
  filtered: 0,
  empty: 0,
  elsewhere: 0,
  untimely: 0,
  outside: 0,
  kept: 0,
});

/** Adds `from` to `into`. */
export function addCounts(into: ScatterCounts, from: ScatterCounts): void {
  for (const key of Object.keys(into) as (keyof ScatterCounts)[]) into[key] += from[key] ?? 0;
}

/** What one granule wants of the plan: parent id -> rank, for the parents that selected it. */
type WantedParents = ReadonlyMap<number, number>;

/** Windows of time as ranks: a parent's rank in a window is `window * parents` more than in the first. */
interface RankedWindows {
  finder: WindowFinder;
  parents: number;
  /** Windows that the granule was planned for: its first, and one past its last. */
  from: number;
  to: number;
}

/**
 * Reusable scratch for one thread. `needs` lists, for each statistic, the columns that must all be
 * finite for a row to matter to it; a row that matters to none is dropped here. `cut` is what of the rows in
 * wanted parents is taken.
 */
export class Scatterer {
  #rows: KeptRows;
  #memory = new KernelMemory();
  /** Rows that there is room for. */
  #room = 0;
  #sortedRuns = new Uint32Array(0);
  /** Runs of kept rows of one rank. */
  #runRank = new Uint32Array(1024);
  #runStart = new Uint32Array(1024);
  #runEnd = new Uint32Array(1024);
  /** How ranks follow from times; set before {@linkcode scatter} where the store has windows. */
  windows: RankedWindows | null = null;
  /** Rows of the group that were left out by time and place, by rank. */
  #leftOut = new Map<number, RankedLeftOut>();

  constructor(
    readonly assigner: CellAssigner,
    readonly shardOf: (rank: number) => number,
    columnCount: number,
    needs: readonly (readonly number[])[],
    readonly cut: { window: TimeWindow | null; clip: Clip | null } = { window: null, clip: null },
  ) {
    const sets = distinctNeeds(needs);
    const allAlive = sets.length === 0 ? 1 : 2 ** sets.length - 1;
    const killMasks = new Uint32Array(columnCount);
    sets.forEach((set, bit) => set.forEach((column) => killMasks[column] |= 1 << bit));
    this.#rows = new KeptRows(childBytesFor(assigner.cellsPerParent), columnCount, allAlive, killMasks);
  }

  /**
   * Makes room for the next group, of so many rows: a memory with room for so many bytes of columns too, to be read to;
   * undefined where that is too much. What the group before had there is lost.
   */
  makeRoom(rows: number, columnBytes: number): KernelMemory | undefined {
    const ofRows = (rows + ALIGNMENT) * CELL_BYTES, own = this.#rows.bytesFor(0);
    const held = ofRows + this.#rows.bytesFor(rows) + columnBytes;
    const memory = this.#memory, isHeld = held <= MOST_HELD_BYTES;
    memory.reserve(isHeld ? held : own);
    this.assigner.layOut(rows, isHeld ? memory : undefined);
    this.#rows.layOut(rows, memory, isHeld);
    this.#room = rows;
    return isHeld ? memory : undefined;
  }

  /** Whether any of these rows lies in a wanted parent; the cells found are kept for {@linkcode scatter}. */
  meets(longitude: Float64Array, latitude: Float64Array, wanted: WantedParents): boolean {
    if (longitude.length > this.#room) this.makeRoom(longitude.length, 0);
    const { parent } = this.assigner.assign(longitude, latitude, longitude.length);
    let last = -1;
    for (let i = 0; i < longitude.length; i++) {
      if (parent[i] === last) continue;
      last = parent[i];
      if (wanted.has(last)) return true;
    }
    return false;
  }

  /**
   * Runs of the group that was scattered last, at an order no finer than the children's: what a row index
   * keeps. Good before the next call of {@linkcode scatter}.
   */
  runsOf(observations: GroupObservations, order: number): GroupRuns {
    return encodeRuns(observations.group, this.assigner.lastCells(observations.rows, order));
  }

  /**
   * Appends one entry a shard to `entries` and adds to `counts`. `known` are the cells of the rows, where
   * a row index has them.
   */
  scatter(
    observations: GroupObservations,
    granule: number,
    group: number,
    wanted: WantedParents,
    space: SegmentSpace,
    entries: SegmentEntry[],
    counts: ScatterCounts,
    known?: IndexedRows["groups"][number],
  ): void {
    const rows = observations.rows;
    counts.rows += rows;
    if (rows === 0) return;
    if (rows > this.#room) this.makeRoom(rows, 0);
    const { parent, child } = known === undefined
      ? this.assigner.assign(observations.longitude, observations.latitude, rows)
      : this.assigner.place(known.runs, known.spans, rows);
    const { columns, passes } = observations;
    const isCut = this.windows !== null || this.cut.clip !== null ||
      (this.cut.window !== null && observations.times !== undefined);
    this.#rows.take({ rows, parent, child, columns, passes }, isCut);
    counts.misplaced += this.#rows.misplaced;
    counts.filtered += this.#rows.filtered;
    counts.empty += this.#rows.empty;
    this.#leftOut.clear();
    const runs = isCut ? this.#cutRuns(observations, wanted, counts) : this.#findRuns(wanted, counts);
    this.#writeShards(columns, runs, granule, group, space, entries);
  }

  /** Fills #runRank, #runStart and #runEnd with the runs of wanted parents; returns how many there are. */
  #findRuns(wanted: WantedParents, counts: ScatterCounts): number {
    const { runs: found, runParents, runStarts } = this.#rows;
    while (found > this.#runRank.length) this.#growRuns();
    let runs = 0;
    for (let r = 0; r < found; r++) {
      const rank = wanted.get(runParents[r]);
      const count = runStarts[r + 1] - runStarts[r];
      if (rank === undefined) {
        counts.elsewhere += count;
        continue;
      }
      counts.kept += count;
      this.#runRank[runs] = rank;
      this.#runStart[runs] = runStarts[r];
      this.#runEnd[runs] = runStarts[r + 1];
      runs += 1;
    }
    return runs;
  }

  /** The same where rows are cut by their own time and place: fewer are kept. */
  #cutRuns(
    { times, longitude, latitude }: GroupObservations,
    wanted: WantedParents,
    counts: ScatterCounts,
  ): number {
    const { runs: found, runParents, runStarts, numbers, children } = this.#rows;
    const { clip } = this.cut;
    const window = times === undefined ? null : this.cut.window;
    const { windows } = this;
    // Where rows that are left out are counted: in the first window of the granule.
    const firstWindow = windows === null ? 0 : windows.from * windows.parents;
    let kept = 0, runs = 0, runRank = -1;
    for (let r = 0; r < found; r++) {
      const parent = runParents[r], parentRank = wanted.get(parent);
      if (parentRank === undefined) {
        counts.elsewhere += runStarts[r + 1] - runStarts[r];
        continue;
      }
      for (let at = runStarts[r]; at < runStarts[r + 1]; at++) {
        const i = numbers[at];
        if (window !== null && !isWithin(window, times![i])) {
          this.#leave(firstWindow + parentRank).time += 1;
          continue;
        }
        if (clip !== null && !clip.keeps(parent, children[at], longitude[i], latitude[i])) {
          this.#leave(firstWindow + parentRank).area += 1;
          continue;
        }
        let rank = parentRank;
        if (windows !== null) {
          const found = windows.finder.find(times![i]);
          if (found < windows.from || found >= windows.to) {
            this.#leave(firstWindow + parentRank).time += 1;
            continue;
          }
          rank += found * windows.parents;
        }
        if (rank !== runRank) {
          if (runs === this.#runRank.length) this.#growRuns();
          runRank = rank;
          this.#runRank[runs] = rank;
          this.#runStart[runs] = kept;
          runs += 1;
        }
        // Its place among the kept; never ahead of what is read.
        numbers[kept++] = at;
        this.#runEnd[runs - 1] = kept;
      }
    }
    this.#rows.select(numbers, kept);
    for (const { time, area } of this.#leftOut.values()) {
      counts.untimely += time;
      counts.outside += area;
    }
    counts.kept += kept;
    return runs;
  }

  #leave(rank: number): RankedLeftOut {
    let counts = this.#leftOut.get(rank);
    if (counts === undefined) this.#leftOut.set(rank, counts = { rank, time: 0, area: 0 });
    return counts;
  }

  #leftOutByShard(): Map<number, RankedLeftOut[]> {
    const found = new Map<number, RankedLeftOut[]>();
    for (const counts of this.#leftOut.values()) {
      const shard = this.shardOf(counts.rank);
      const own = found.get(shard);
      if (own === undefined) found.set(shard, [counts]);
      else own.push(counts);
    }
    return found;
  }

  #growRuns(): void {
    [this.#runRank, this.#runStart, this.#runEnd] = [this.#runRank, this.#runStart, this.#runEnd].map(
      (old) => {
        const grown = new Uint32Array(2 * old.length);
        grown.set(old);
        return grown;
      },
    );
  }

  #writeShards(
    columns: readonly Values[],
    runs: number,
    granule: number,
    group: number,
    space: SegmentSpace,
    entries: SegmentEntry[],
  ): void {
    const order = this.#sortRuns(runs);
    const widths = Uint8Array.from(columns, (column) => column.BYTES_PER_ELEMENT);
    const childBytes = childBytesFor(this.assigner.cellsPerParent);
    const leftOutOf = this.#leftOutByShard();
    for (let from = 0; from < runs;) {
      const shard = this.shardOf(this.#runRank[order[from]]);
      let to = from, rows = 0, parents = 0, lastRank = -1;
      for (; to < runs; to++) {
        const run = order[to];
        const rank = this.#runRank[run];
        if (rank !== lastRank) {
          if (this.shardOf(rank) !== shard) break;
          parents += 1;
          lastRank = rank;
        }
        rows += this.#runEnd[run] - this.#runStart[run];
      }
      const leftOut = leftOutOf.get(shard);
      leftOutOf.delete(shard);
      const shape = { parents, rows, childBytes, widths, leftOut };
      const bytes = segmentBytes(shape);
      const { buffer, offset, slab } = space.reserve(bytes);
      const segment = layOutSegment(buffer, offset, shape);
      this.#fillParents(segment.ranks, segment.counts, order, from, to);
      this.#copyRuns(this.#rows.children, segment.children, order.subarray(from, to));
      segment.columns.forEach((column, c) =>
        this.#copyRuns(this.#rows.columns[c], column, order.subarray(from, to))
      );
      entries.push({ shard, granule, group, slab, offset, bytes, rows });
      from = to;
    }
    // Shards of which no row is taken have to hear how many were left out.
    for (const [shard, leftOut] of leftOutOf) {
      const shape = { parents: 0, rows: 0, childBytes, widths, leftOut };
      const bytes = segmentBytes(shape);
      const { buffer, offset, slab } = space.reserve(bytes);
      layOutSegment(buffer, offset, shape);
      entries.push({ shard, granule, group, slab, offset, bytes, rows: 0 });
    }
  }

  /** Run numbers sorted by rank, equal ranks in row order. */
  #sortRuns(runs: number): Uint32Array {
    if (this.#sortedRuns.length < runs) this.#sortedRuns = new Uint32Array(this.#runRank.length);
    const order = this.#sortedRuns.subarray(0, runs);
    const rank = this.#runRank;
    let sorted = true;
    for (let k = 0; k < runs; k++) {
      order[k] = k;
      if (k > 0 && rank[k] < rank[k - 1]) sorted = false;
    }
    return sorted ? order : order.sort((a, b) => rank[a] - rank[b] || a - b);
  }

  #copyRuns(from: ChildIndices | Values, into: ChildIndices | Values, order: Uint32Array): void {
    let to = 0;
    for (let k = 0; k < order.length; k++) {
      const begin = this.#runStart[order[k]], end = this.#runEnd[order[k]];
      if (end - begin < LEAST_COPIED) { for (let i = begin; i < end; i++) into[to + i - begin] = from[i]; }
      else into.set(from.subarray(begin, end), to);
      to += end - begin;
    }
  }

  #fillParents(ranks: Uint32Array, counts: Uint32Array, order: Uint32Array, from: number, to: number): void {
    let k = -1, lastRank = -1;
    for (let at = from; at < to; at++) {
      const run = order[at];
      const rank = this.#runRank[run];
      if (rank !== lastRank) {
        ranks[++k] = rank;
        counts[k] = 0;
        lastRank = rank;
      }
      counts[k] += this.#runEnd[run] - this.#runStart[run];
    }
  }
}

/** Sets of columns, each once. More of them than a word has bits: none, and no row is dropped early. */
function distinctNeeds(needs: readonly (readonly number[])[]): number[][] {
  const distinct = [...new Set(needs.map((need) => JSON.stringify([...need].sort((a, b) => a - b))))];
  return distinct.length > 32 ? [] : distinct.map((text) => JSON.parse(text) as number[]);
}

function isWithin({ start, end, endExclusive }: TimeWindow, time: number): boolean {
  return time >= start && (endExclusive ? time < end : time <= end);
}
