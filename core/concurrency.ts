/** Bounds on what is under way: a counting lock that serves in order, waits, and work over many items. */

/** Files that are downloaded side by side; each has several chunks under way. */
export const FILES_AT_ONCE = 4;

/**
 * Gives others a turn in the middle of a long computation, which no signal could end otherwise. Throws where it was
 * aborted.
 */
export async function giveTurn(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** A lock of `capacity` units. Waiters are served in order; one that asks for more than all gets all. */
export class Semaphore {
  readonly capacity: number;
  #free: number;
  readonly #waiting: { units: number; start: () => void }[] = [];

  constructor(capacity: number) {
    if (!(capacity >= 1)) {
      throw new RangeError(`a capacity of ${capacity} lets nothing through (wanted 1 or more)`);
    }
    this.capacity = capacity;
    this.#free = capacity;
  }

  /** Waits for `units` and gives the function that returns them (a second call does nothing). */
  acquire(units: number, signal?: AbortSignal): Promise<() => void> {
    const asked = Math.min(units, this.capacity);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const waiter = {
        units: asked,
        start: () => {
          signal?.removeEventListener("abort", give_up);
          this.#free -= asked;
          let held = true;
          resolve(() => {
            if (!held) return;
            held = false;
            this.#free += asked;
            this.#serve();
          });
        },
      };
      const give_up = () => {
        const index = this.#waiting.indexOf(waiter);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal!.reason);
        this.#serve();
      };
      signal?.addEventListener("abort", give_up, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#waiting[0].units <= this.#free) this.#waiting.shift()!.start();
  }
}

/** Waits; rejects with the signal's reason when it aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** `work` over every item, at most `limit` at once; the first failure stops what has not started. */
export async function mapBounded<In, Out>(
  items: readonly In[],
  limit: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const results = new Array<Out>(items.length);
  let next = 0;
  let failed = false;
  const slot = async () => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index], index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const slots = Array.from({ length: Math.min(limit, items.length) }, slot);
  const settled = await Promise.allSettled(slots);
  for (const slot of settled) if (slot.status === "rejected") throw slot.reason;
  return results;
}

/**
 * The same over items that come one by one: no more are asked for while `limit` are at work. The first
 * failure stops what has not started, and waits for what has.
 */
export async function mapStream<In, Out>(
  items: AsyncIterable<In>,
  limit: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  let count = 0;
  try {
    for await (const item of items) {
      const index = count++;
      const done: Promise<void> = work(item, index)
        .then((result) => {
          results[index] = result;
        })
        .catch((error) => {
          failure ??= { error };
        })
        .finally(() => underWay.delete(done));
      underWay.add(done);
      if (underWay.size >= limit) await Promise.race(underWay);
      if (failure !== undefined) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
  return results;
}
