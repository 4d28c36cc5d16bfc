/**
 * How many requests read data at the same time. Those that wait are served in order, except that large ones wait for
 * each other and leave half of the places to others; too many are refused.
 */
import { Semaphore } from "../../core/concurrency.ts";
import { Problem } from "./problem.ts";

/** Seconds after which a refused client may come again. */
const RETRY_AFTER_SECONDS = 2;

export class Gate {
  readonly #places: Semaphore;
  readonly #large: Semaphore;
  #inside = 0;
  #waiting = 0;

  constructor(atOnce: number, readonly most: number) {
    this.#places = new Semaphore(atOnce);
    this.#large = new Semaphore(Math.max(1, Math.floor(atOnce / 2)));
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Waits for a place; gives what leaves it. Throws a 503 where the queue is full. */
  async enter(signal: AbortSignal, large = false): Promise<() => void> {
    if (this.#waiting >= this.most) {
      throw new Problem(503, "the server is busy: too many requests wait", {
        "retry-after": String(RETRY_AFTER_SECONDS),
      });
    }
    this.#waiting += 1;
    let makeRoom = () => {};
    try {
      if (large) makeRoom = await this.#large.acquire(1, signal);
      const leave = await this.#places.acquire(1, signal);
      this.#inside += 1;
      let inside = true;
      return () => {
        if (!inside) return;
        inside = false;
        this.#inside -= 1;
        leave();
        makeRoom();
      };
    } catch (error) {
      makeRoom();
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }
}
