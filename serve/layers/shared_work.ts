/** Work that several wait for: it goes on as long as one of them does. */

export class SharedWork<T> {
  readonly #controller = new AbortController();
  readonly #promise: Promise<T>;
  #waiters = 0;
  #settled = false;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#promise = work(this.#controller.signal).finally(() => this.#settled = true);
    this.#promise.catch(() => {}); // reported to those who wait
  }

  /** Whether it was given up, so that the next caller begins again. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Waits; when the signal aborts this one goes, and the last one to go ends the work. */
  wait(signal?: AbortSignal): Promise<T> {
    this.#waiters += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener("abort", giveUp);
        this.#waiters -= 1;
        if (this.#waiters === 0 && !this.#settled) this.#controller.abort(signal?.reason);
      };
      const giveUp = () => {
        reject(signal?.reason);
        leave();
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#promise.then(
        (value) => {
          signal?.removeEventListener("abort", giveUp);
          resolve(value);
        },
        (error) => {
          signal?.removeEventListener("abort", giveUp);
          reject(error);
        },
      );
    });
  }
}
