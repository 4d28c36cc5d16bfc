/**
 * How many pixels of all outputs together one thread makes at the same time. Large outputs wait for each other and
 * leave a share to small ones, which never wait for them.
 */
import { Semaphore } from "../core/concurrency.ts";
import { LARGE_PIXELS } from "./limits.ts";

/** Of all pixels, what large outputs leave to others. */
const SMALL_SHARE = 0.25;

export class PixelBudget {
  readonly #small: Semaphore;
  readonly #large: Semaphore;

  /** @param pixels of all outputs; a larger one is made alone among the large ones */
  constructor(pixels: number) {
    const small = Math.max(1, Math.floor(pixels * SMALL_SHARE));
    this.#small = new Semaphore(small);
    this.#large = new Semaphore(Math.max(1, pixels - small));
  }

  /** Waits until an output of so many pixels may be made, and gives what makes room again. */
  acquire(pixels: number, signal?: AbortSignal): Promise<() => void> {
    return (pixels > LARGE_PIXELS ? this.#large : this.#small).acquire(pixels, signal);
  }
}
