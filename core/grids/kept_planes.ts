/**
 * Planes that were decoded along with what was asked for: where chunks hold several bands, the next ones of
 * the same window come from here, so that a file that is read band by band decodes each chunk once.
 */
import type { GridValues } from "../raster/grid.ts";

/** Bytes that are kept over all open files; the windows that were read last stay. */
export const MOST_KEPT_BYTES = 96 << 20;

interface KeptWindow {
  readonly owner: object;
  readonly planes: Map<number, GridValues>;
  bytes: number;
}

export class KeptPlanes {
  readonly #windows = new Map<string, KeptWindow>();
  readonly #ids = new WeakMap<object, number>();
  readonly #most: number;
  #nextId = 0;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** All of `bands` of a window, in their order, if they are here; each is given once. */
  take(owner: object, window: string, bands: readonly number[]): GridValues[] | null {
    const key = this.#key(owner, window);
    const kept = this.#windows.get(key);
    if (kept === undefined) return null;
    const found: GridValues[] = [];
    for (const band of bands) {
      const plane = kept.planes.get(band);
      if (plane === undefined) return null;
      found.push(plane);
    }
    for (const band of new Set(bands)) kept.planes.delete(band);
    const bytes = found.reduce((sum, plane) => sum + plane.byteLength, 0);
    kept.bytes -= bytes;
    this.#bytes -= bytes;
    if (kept.planes.size === 0) this.#windows.delete(key);
    return found;
  }

  /** Keeps planes of a window by their bands, in place of those that it had. */
  keep(owner: object, window: string, planes: ReadonlyMap<number, GridValues>): void {
    const key = this.#key(owner, window);
    this.#drop(key);
    const bytes = [...planes.values()].reduce((sum, plane) => sum + plane.byteLength, 0);
    if (bytes === 0 || bytes > this.#most) return;
    this.#windows.set(key, { owner, planes: new Map(planes), bytes });
    this.#bytes += bytes;
    for (const oldest of this.#windows.keys()) {
      if (this.#bytes <= this.#most) break;
      this.#drop(oldest);
    }
  }

  /** Forgets what was kept for `owner`. */
  forget(owner: object): void {
    for (const [key, kept] of this.#windows) if (kept.owner === owner) this.#drop(key);
  }

  get bytes(): number {
    return this.#bytes;
  }

  #key(owner: object, window: string): string {
    let id = this.#ids.get(owner);
    if (id === undefined) this.#ids.set(owner, id = this.#nextId++);
    return `${id} ${window}`;
  }

  #drop(key: string): void {
    this.#bytes -= this.#windows.get(key)?.bytes ?? 0;
    this.#windows.delete(key);
  }
}
