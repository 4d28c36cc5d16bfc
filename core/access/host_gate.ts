/** One gate for every host: as many requests as it bears, and none while it asked to be left alone. */
import { sleep } from "../concurrency.ts";
import { AdaptiveLimit } from "./adaptive_limit.ts";

interface Gate {
  readonly limit: AdaptiveLimit;
  underWay: number;
  /** In the order of asking. */
  readonly waiting: (() => void)[];
  /** Milliseconds since 1970. */
  closedUntil: number;
}

/** Leaves a host's gate; `bytes` were moved. A second call does nothing. */
export type Leave = (bytes: number) => void;

export class HostGate {
  readonly #start: number;
  readonly #most: number;
  readonly #hosts = new Map<string, Gate>();

  /** A host is given `start` requests at a time at first, and one that may have more up to `most`. */
  constructor(start: number, most: number) {
    this.#start = start;
    this.#most = Math.max(start, most);
  }

  /** Waits for a place at `host`. The one who comes first says whether it may have more than at first. */
  async enter(host: string, mayHaveMore: boolean, signal?: AbortSignal): Promise<Leave> {
    const gate = this.#gate(host, mayHaveMore);
    await place(gate, signal);
    const wasFull = gate.underWay >= gate.limit.allowed;
    let inside = true;
    const leave: Leave = (bytes) => {
      if (!inside) return;
      inside = false;
      gate.limit.ended(performance.now(), bytes, wasFull || gate.waiting.length > 0);
      gate.underWay -= 1;
      serve(gate);
    };
    try {
      for (let wait = gate.closedUntil - Date.now(); wait > 0; wait = gate.closedUntil - Date.now()) {
        await sleep(wait, signal);
      }
    } catch (error) {
      leave(0);
      throw error;
    }
    return leave;
  }

  /** No request to `host` starts for `milliseconds`: it answered with retry-after. */
  close(host: string, milliseconds: number): void {
    const gate = this.#gate(host, false);
    gate.closedUntil = Math.max(gate.closedUntil, Date.now() + milliseconds);
  }

  /** `host` asked for fewer requests, in answer to one that began at `startedAt` of performance.now(). */
  throttle(host: string, startedAt: number): void {
    this.#gate(host, false).limit.throttled(performance.now(), startedAt);
  }

  #gate(host: string, mayHaveMore: boolean): Gate {
    let gate = this.#hosts.get(host);
    if (gate === undefined) {
      const limit = new AdaptiveLimit(this.#start, mayHaveMore ? this.#most : this.#start);
      gate = { limit, underWay: 0, waiting: [], closedUntil: 0 };
      this.#hosts.set(host, gate);
    }
    return gate;
  }
}

/** Waits until one more may be under way, and counts it. */
function place(gate: Gate, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const start = () => {
      signal?.removeEventListener("abort", giveUp);
      gate.underWay += 1;
      resolve();
    };
    const giveUp = () => {
      const index = gate.waiting.indexOf(start);
      if (index >= 0) gate.waiting.splice(index, 1);
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    gate.waiting.push(start);
    serve(gate);
  });
}

function serve(gate: Gate): void {
  while (gate.waiting.length > 0 && gate.underWay < gate.limit.allowed) gate.waiting.shift()!();
}
