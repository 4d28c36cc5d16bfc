/**
 * The scatter kernel: the observations of one group of a granule -> segments, one a shard. Along a
 * track, neighbours lie in one parent, so rows are handled as runs of equal parent; data in any other
 * order is right too, in more runs.
 */
import type { CellAssigner } from "./assigner.ts";
import type { IndexedRows } from "./contract.ts";
import type { GroupObservations } from "../../core/observations/contract.ts";
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
import { gatherFloat32, gatherFloat64, gatherUint16, gatherUint32 } from "./row_copies.ts";

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
  #killMasks: Uint32Array;
  #allAlive: number;
  #alive = new Uint32Array(0);
  #rows = new Uint32Array(0);
  #sortedRuns = new Uint32Array(0);
  #runRank = new Uint32Array(1024);
  #runStart = new Uint32Array(1025);
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
    this.#allAlive = sets.length === 0 ? 1 : 2 ** sets.length - 1;
    this.#killMasks = new Uint32Array(columnCount);
    sets.forEach((set, bit) => set.forEach((column) => this.#killMasks[column] |= 1 << bit));
  }

  /** Whether any of these rows lies in a wanted parent; the cells found are kept for {@linkcode scatter}. */
  meets(longitude: Float64Array, latitude: Float64Array, wanted: WantedParents): boolean {
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
    this.#grow(rows);
    const { parent, child } = known === undefined
      ? this.assigner.assign(observations.longitude, observations.latitude, rows)
      : this.assigner.place(known.runs, known.spans, rows);
    const alive = this.#markAlive(observations.columns, rows);
    const runs = this.#findRuns(observations, parent, child, alive, wanted, counts);
    this.#writeShards(observations.columns, child, runs, granule, group, space, entries);
  }

  #grow(rows: number): void {
    if (this.#rows.length >= rows) return;
    const size = Math.ceil(rows * 1.25);
    this.#rows = new Uint32Array(size);
    this.#alive = new Uint32Array(size);
  }

  /** A bit for each distinct need of a statistic, cleared by a value that is not finite. */
  #markAlive(columns: readonly Values[], rows: number): Uint32Array {
    const alive = this.#alive;
    alive.fill(this.#allAlive, 0, rows);
    for (let c = 0; c < columns.length; c++) {
      const kill = this.#killMasks[c];
      if (kill === 0) continue;
      const keep = ~kill;
      const values = columns[c];
      for (let i = 0; i < rows; i++) {
        const v = values[i];
        if (v - v !== 0) alive[i] &= keep; // NaN and the infinities
      }
    }
    return alive;
  }

  /** Fills #rows with the kept rows and #runRank, #runStart with runs of equal parent over them. */
  #findRuns(
    { passes, rows, times, longitude, latitude }: GroupObservations,
    parent: Float64Array,
    child: Uint32Array,
    alive: Uint32Array,
    wanted: WantedParents,
    counts: ScatterCounts,
  ): number {
    const keptRows = this.#rows;
    const { clip } = this.cut;
    const window = times === undefined ? null : this.cut.window;
    const { windows } = this;
    // Where rows that are left out are counted: in the first window of the granule.
    const firstWindow = windows === null ? 0 : windows.from * windows.parents;
    this.#leftOut.clear();
    let kept = 0, runs = 0, misplaced = 0, filtered = 0, empty = 0, elsewhere = 0;
    let lastParent = -2, lastRank: number | undefined, runRank = -1;
    for (let i = 0; i < rows; i++) {
      const p = parent[i];
      if (p < 0) {
        misplaced += 1;
        continue;
      }
      if (passes !== null && passes[i] === 0) {
        filtered += 1;
        continue;
      }
      if (alive[i] === 0) {
        empty += 1;
        continue;
      }
      if (p !== lastParent) {
        lastParent = p;
        lastRank = wanted.get(p);
      }
      if (lastRank === undefined) {
        elsewhere += 1;
        continue;
      }
      if (window !== null && !isWithin(window, times![i])) {
        this.#leave(firstWindow + lastRank).time += 1;
        continue;
      }
      if (clip !== null && !clip.keeps(p, child[i], longitude[i], latitude[i])) {
        this.#leave(firstWindow + lastRank).area += 1;
        continue;
      }
      let rank = lastRank;
      if (windows !== null) {
        const found = windows.finder.find(times![i]);
        if (found < windows.from || found >= windows.to) {
          this.#leave(firstWindow + lastRank).time += 1;
          continue;
        }
        rank += found * windows.parents;
      }
      if (rank !== runRank) {
        if (runs === this.#runRank.length) this.#growRuns();
        runRank = rank;
        this.#runRank[runs] = runRank;
        this.#runStart[runs] = kept;
        runs += 1;
      }
      keptRows[kept++] = i;
    }
    this.#runStart[runs] = kept;
    counts.misplaced += misplaced;
    counts.filtered += filtered;
    counts.empty += empty;
    counts.elsewhere += elsewhere;
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
    const size = this.#runRank.length * 2;
    const rank = new Uint32Array(size), start = new Uint32Array(size + 1);
    rank.set(this.#runRank);
    start.set(this.#runStart);
    this.#runRank = rank;
    this.#runStart = start;
  }

  #writeShards(
    columns: readonly Values[],
    child: Uint32Array,
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
        rows += this.#runStart[run + 1] - this.#runStart[run];
      }
      const leftOut = leftOutOf.get(shard);
      leftOutOf.delete(shard);
      const shape = { parents, rows, childBytes, widths, leftOut };
      const bytes = segmentBytes(shape);
      const { buffer, offset, slab } = space.reserve(bytes);
      const segment = layOutSegment(buffer, offset, shape);
      this.#fillParents(segment.ranks, segment.counts, order, from, to);
      this.#gatherChildren(child, segment.children, order, from, to);
      columns.forEach((column, c) => this.#gatherValues(column, segment.columns[c], order, from, to));
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
      counts[k] += this.#runStart[run + 1] - this.#runStart[run];
    }
  }

  #gatherChildren(
    from: Uint32Array,
    into: ChildIndices,
    order: Uint32Array,
    first: number,
    last: number,
  ): void {
    const rows = this.#rows, runStart = this.#runStart;
    for (let at = first, out = 0; at < last; at++) {
      const begin = runStart[order[at]], end = runStart[order[at] + 1];
      if (into instanceof Uint16Array) gatherUint16(from, rows, begin, end, into, out);
      else gatherUint32(from, rows, begin, end, into, out);
      out += end - begin;
    }
  }

  #gatherValues(from: Values, into: Values, order: Uint32Array, first: number, last: number): void {
    const rows = this.#rows, runStart = this.#runStart;
    for (let at = first, out = 0; at < last; at++) {
      const begin = runStart[order[at]], end = runStart[order[at] + 1];
      if (from instanceof Float32Array) gatherFloat32(from, rows, begin, end, into as Float32Array, out);
      else gatherFloat64(from, rows, begin, end, into as Float64Array, out);
      out += end - begin;
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
