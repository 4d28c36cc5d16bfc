/**
 * One gate for every host: as many requests as it bears, and none while it asked to be left alone. What is written does
 * not stand behind what is read: it goes the other way, and holds memory that others wait for.
 */
import { sleep } from "../concurrency.ts";
import { AdaptiveLimit } from "./adaptive_limit.ts";

type Direction = "read" | "write";

interface Way {
  readonly limit: AdaptiveLimit;
  underWay: number;
  /** In the order of asking. */
  readonly waiting: (() => void)[];
}

interface Gate {
  readonly ways: Readonly<Record<Direction, Way>>;
  /** Of both ways together. */
  readonly most: number;
  /** Milliseconds since 1970. */
  closedUntil: number;
}

/** Leaves a host's gate; `bytes` were moved. A second call does nothing. */
export type Leave = (bytes: number) => void;

export class HostGate {
  readonly #start: number;
  readonly #most: number;
  readonly #hosts = new Map<string, Gate>();

  /** A host is given `start` requests at a time each way at first, and up to that; one that may have more up to `most`. */
  constructor(start: number, most: number) {
    this.#start = start;
    this.#most = Math.max(start, most);
  }

  /** Waits for a place at `host`. The one who comes first says whether it may have more than at first. */
  async enter(
    host: string,
    direction: Direction,
    mayHaveMore: boolean,
    signal?: AbortSignal,
  ): Promise<Leave> {
    const gate = this.#gate(host, mayHaveMore);
    const way = gate.ways[direction];
    await place(gate, way, signal);
    const wasFull = isFull(gate, way);
    let inside = true;
    const leave: Leave = (bytes) => {
      if (!inside) return;
      inside = false;
      way.limit.ended(performance.now(), bytes, wasFull || way.waiting.length > 0);
      way.underWay -= 1;
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
    const { read, write } = this.#gate(host, false).ways;
    for (const { limit } of [read, write]) limit.throttled(performance.now(), startedAt);
  }

  #gate(host: string, mayHaveMore: boolean): Gate {
    let gate = this.#hosts.get(host);
    if (gate === undefined) {
      const most = mayHaveMore ? this.#most : this.#start;
      const way = () => ({ limit: new AdaptiveLimit(this.#start, most), underWay: 0, waiting: [] });
      gate = { ways: { read: way(), write: way() }, most, closedUntil: 0 };
      this.#hosts.set(host, gate);
    }
    return gate;
  }
}

/** Waits until one more may be under way, and counts it. */
function place(gate: Gate, way: Way, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const start = () => {
      signal?.removeEventListener("abort", giveUp);
      way.underWay += 1;
      resolve();
    };
    const giveUp = () => {
      const index = way.waiting.indexOf(start);
      if (index >= 0) way.waiting.splice(index, 1);
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", giveUp, { once: true });
    way.waiting.push(start);
    serve(gate);
  });
}

function serve(gate: Gate): void {
  for (const way of [gate.ways.write, gate.ways.read]) {
    while (way.waiting.length > 0 && !isFull(gate, way)) way.waiting.shift()!();
  }
}

function isFull({ ways: { read, write }, most }: Gate, way: Way): boolean {
  return way.underWay >= way.limit.allowed || read.underWay + write.underWay >= most;
}
