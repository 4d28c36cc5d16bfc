/**
 * Who holds what while a run is under way: the segments of every shard, in shared memory or in runs
 * files, and the slabs of memory that they fill. Pure bookkeeping; it moves no bytes.
 */
import type { SpillPart } from "../engine/contract.ts";
import type { SegmentEntry } from "../engine/contract.ts";
import type { Slab, SlabReport } from "../engine/contract.ts";

interface SlabState {
  slab: Slab;
  filled: boolean;
  /** Segments in it that are still needed. */
  live: number;
}

export class ShardLedger {
  #entries = new Map<number, SegmentEntry[]>();
  #parts = new Map<number, SpillPart[]>();
  #slabs = new Map<number, SlabState>();
  #free: Slab[] = [];
  /** Slabs that each slot was granted and has not begun. */
  #granted: Set<number>[];
  #known: Set<number>[];
  /** Bytes of the slabs that are not free. */
  heldBytes = 0;
  /** The most that was held at once. */
  peakBytes = 0;

  constructor(slots: number) {
    this.#granted = Array.from({ length: slots }, () => new Set<number>());
    this.#known = Array.from({ length: slots }, () => new Set<number>());
  }

  /** Takes note of slabs that a slot began or filled, and of the segments in them. */
  add(slot: number, { opened, filled }: SlabReport, entries: readonly SegmentEntry[]): void {
    for (const slab of opened) {
      this.#slabs.set(slab.id, { slab, filled: false, live: 0 });
      this.#known[slot].add(slab.id);
      this.#granted[slot].delete(slab.id);
      this.heldBytes += slab.buffer.byteLength;
    }
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
    for (const entry of entries) {
      this.#slabs.get(entry.slab)!.live += 1;
      const list = this.#entries.get(entry.shard);
      if (list === undefined) this.#entries.set(entry.shard, [entry]);
      else list.push(entry);
    }
    for (const id of filled) {
      const state = this.#slabs.get(id)!;
      state.filled = true;
      this.#freeIfDone(state);
    }
  }

  /**
   * Free slabs for a slot to fill again, so many that no slot sits on more than its share of those that
   * nobody fills: what one slot kept, another would have to make again. They count as held when it
   * begins them.
   */
  grant(slot: number): Slab[] {
    const unused = this.#granted.reduce((sum, { size }) => sum + size, this.#free.length);
    const share = Math.ceil(unused / this.#granted.length) - this.#granted[slot].size;
    const slabs = this.#free.splice(0, Math.max(0, share));
    for (const { id } of slabs) this.#granted[slot].add(id);
    return slabs;
  }

  /** Bytes of a shard's segments, wherever they are. */
  bytesOf(shard: number): number {
    const held = (this.#entries.get(shard) ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
    return held + this.partBytes(shard);
  }

  /** Bytes of spill files that the reducer of a shard will hold. */
  partBytes(shard: number): number {
    return (this.#parts.get(shard) ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Removes and returns what is held of one shard. */
  take(shard: number): { entries: SegmentEntry[]; parts: SpillPart[] } {
    const entries = this.#entries.get(shard) ?? [];
    const parts = this.#parts.get(shard) ?? [];
    this.#entries.delete(shard);
    this.#parts.delete(shard);
    return { entries, parts };
  }

  /** Removes and returns every segment in shared memory, to be written to a spill file. */
  takeAll(): SegmentEntry[] {
    const all = [...this.#entries.values()].flat();
    this.#entries.clear();
    return all;
  }

  /** Takes note of a spill file's parts, one a shard. */
  addParts(parts: readonly (SpillPart & { shard: number })[]): void {
    for (const { shard, ...part } of parts) {
      const list = this.#parts.get(shard);
      if (list === undefined) this.#parts.set(shard, [part]);
      else list.push(part);
    }
  }

  /** The slabs behind these segments that a slot has not seen yet. */
  unknownTo(slot: number, entries: readonly SegmentEntry[]): Slab[] {
    const known = this.#known[slot];
    const unknown: Slab[] = [];
    for (const { slab } of entries) {
      if (known.has(slab)) continue;
      known.add(slab);
      unknown.push(this.#slabs.get(slab)!.slab);
    }
    return unknown;
  }

  /** Segments that nobody needs any more. */
  release(entries: readonly SegmentEntry[]): void {
    for (const entry of entries) {
      const state = this.#slabs.get(entry.slab)!;
      state.live -= 1;
      this.#freeIfDone(state);
    }
  }

  #freeIfDone(state: SlabState): void {
    if (!state.filled || state.live > 0) return;
    this.heldBytes -= state.slab.buffer.byteLength;
    this.#free.push(state.slab);
  }
}
