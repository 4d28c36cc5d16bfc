/**
 * Shared memory for segments, in slabs that are filled from the front and reused whole. The worker
 * that scatters fills them, any worker reads them, and only the main thread says when one is free:
 * memory is held by count, not by the garbage collector's good will.
 */
import type { SegmentSpace } from "./contract.ts";
import type { Slab, SlabReport } from "./contract.ts";

/** A slab is large beside a segment and small beside a budget. */
export const SLAB_BYTES = 16 * 1024 * 1024;

/** A worker's side: room for segments, taken from granted slabs first and from new ones after. */
export class SlabSpace implements SegmentSpace {
  #current: Slab | undefined;
  #used = 0;
  #granted: Slab[] = [];
  #opened: Slab[] = [];
  #filled: number[] = [];
  #serial = 0;

  /** `owner` keeps the ids of different workers apart. */
  constructor(readonly owner: number, readonly slabBytes: number = SLAB_BYTES) {}

  grant(slabs: readonly Slab[]): void {
    this.#granted.push(...slabs);
  }

  reserve(bytes: number): { buffer: SharedArrayBuffer; offset: number; slab: number } {
    if (this.#current === undefined || this.#used + bytes > this.#current.buffer.byteLength) {
      this.#next(bytes);
    }
    const { id, buffer } = this.#current!;
    const offset = this.#used;
    this.#used += bytes;
    return { buffer, offset, slab: id };
  }

  #next(bytes: number): void {
    if (this.#current !== undefined) this.#filled.push(this.#current.id);
    const fitting = this.#granted.findIndex((slab) => slab.buffer.byteLength >= bytes);
    if (fitting >= 0) {
      this.#current = this.#granted.splice(fitting, 1)[0];
    } else {
      this.#serial += 1;
      const buffer = new SharedArrayBuffer(Math.max(bytes, this.slabBytes));
      this.#current = { id: this.owner * 2 ** 24 + this.#serial, buffer };
    }
    this.#opened.push(this.#current);
    this.#used = 0;
  }

  /** Where filling stands, to give room back when a granule fails halfway. */
  mark(): { current: Slab | undefined; used: number } {
    return { current: this.#current, used: this.#used };
  }

  /** Gives back what was reserved in the current slab since `mark`; slabs filled meanwhile stay filled. */
  rollBack(mark: { current: Slab | undefined; used: number }): void {
    if (mark.current === this.#current) this.#used = mark.used;
    else this.#used = 0;
  }

  /** Slabs that were begun and that are full since the last call, for the main thread. */
  report(): SlabReport {
    const report = { opened: this.#opened, filled: this.#filled };
    this.#opened = [];
    this.#filled = [];
    return report;
  }
}
