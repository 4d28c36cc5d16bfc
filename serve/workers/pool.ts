/**
 * The worker threads of a server. Requests of the same place go to the same worker, where its blocks are, as
 * long as others have no less to do. A worker that dies, or that does not come back from work which nobody
 * waits for, is replaced; its requests are answered 503.
 */
import { Worker } from "node:worker_threads";
import type { Answer, AnyOperation, Asked } from "../http/operation.ts";
import { operationKey } from "../http/operation.ts";
import { PHASES, type Phases } from "../http/phases.ts";
import { Problem } from "../http/problem.ts";
import {
  type FromWorker,
  type Job,
  NO_COUNTS,
  type ToWorker,
  type WorkerCounts,
  type WorkerSettings,
} from "./contract.ts";
import { Desk } from "./desk.ts";
import type { LeftOut } from "../http/left_out.ts";
import { errorOf } from "./failures.ts";

/** Work that nobody waits for has so long to end before its worker is replaced. */
const STUCK_MS = 30_000;
/** How much more one worker may have to do than another before requests leave the place of their blocks. */
const MOST_AHEAD = 2;
/** Tiles of so many columns and rows are a place. */
const PLACE_TILES = 4;

/** A thread as far as it is needed here. */
interface Thread {
  postMessage(message: ToWorker, moved?: readonly ArrayBuffer[]): void;
  on(event: "message", hear: (message: FromWorker) => void): unknown;
  on(event: "error" | "messageerror", hear: (error: Error) => void): unknown;
  on(event: "exit", hear: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

interface PoolOptions {
  readonly count: number;
  /** Of each worker. */
  readonly settings: WorkerSettings;
  readonly desk: Omit<ConstructorParameters<typeof Desk>[0], "post">;
  readonly warn: (message: string) => void;
  /** What threads leave out, each of them for itself. */
  readonly leftOut?: LeftOut;
  readonly stuckMs?: number;
  /** Starts a thread; a real one unless stated. */
  readonly start?: () => Thread;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly phases: Phases;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  #jobs = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, () => new Slot(options));
  }

  /** Does a checked request. Rejects with its problem, at once when the signal aborts: the worker ends its part. */
  run(
    operation: AnyOperation,
    { path, query, body, sent, headers, baseUrl, signal, phases }: Asked<unknown, unknown, unknown>,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const key = operationKey(operation);
    const search = sent.toString();
    const range = headers.get("range");
    const job: Job = {
      key,
      path,
      query,
      body,
      search,
      headers: range === null ? [] : [["range", range]],
      baseUrl,
    };
    const slot = this.#slotFor(placeOf(key, path, search));
    const id = ++this.#jobs;
    return new Promise<Answer>((resolve, reject) => {
      let stuck: ReturnType<typeof setTimeout> | undefined;
      const onAbort = () => {
        slot.post({ type: "cancel", id });
        stuck = setTimeout(
          () => slot.replace(new Problem(503, "the server was busy with something else for too long")),
          this.#options.stuckMs ?? STUCK_MS,
        );
      };
      const leave = () => {
        clearTimeout(stuck);
        signal.removeEventListener("abort", onAbort);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      slot.give(id, job, {
        resolve: (answer) => {
          leave();
          resolve(answer);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
        phases,
      });
    });
  }

  /** Of all workers together. */
  get counts(): WorkerCounts {
    const sum = { ...NO_COUNTS } as Record<keyof WorkerCounts, number>;
    for (const { counts } of this.#slots) {
      for (const name of Object.keys(sum) as (keyof WorkerCounts)[]) sum[name] += counts[name];
    }
    return sum;
  }

  get replaced(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.replaced, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  #slotFor(place: string): Slot {
    const own = this.#slots[hash(place) % this.#slots.length];
    let least = own;
    for (const slot of this.#slots) if (slot.load < least.load) least = slot;
    return own.load - least.load >= MOST_AHEAD ? least : own;
  }
}

/** One thread, or the one that has taken its place. */
class Slot {
  readonly #options: PoolOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Null after a death, until there is work: what dies at its start is not started over and over. */
  #running: { worker: Thread; desk: Desk } | null;
  #closed = false;
  counts: WorkerCounts = NO_COUNTS;
  replaced = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#running = this.#start();
  }

  get load(): number {
    return this.#waiting.size;
  }

  give(id: number, job: Job, waiting: Waiting): void {
    this.#waiting.set(id, waiting);
    this.#running ??= this.#start();
    this.post({ type: "job", id, job });
  }

  post(message: ToWorker): void {
    this.#running?.worker.postMessage(message);
  }

  /** Ends the thread with all its work; the next work starts another. */
  replace(why: Error): void {
    const running = this.#running;
    if (this.#closed || running === null) return;
    this.#running = null;
    this.replaced += 1;
    this.#options.warn(`a worker thread is replaced: ${why.message}`);
    this.counts = NO_COUNTS;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) {
      reject(new Problem(503, "the server lost this request; ask again", { "retry-after": "1" }));
    }
    void running.desk.close();
    void running.worker.terminate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new Problem(503, "the server is stopping", { "retry-after": "5" }));
    await this.#running?.desk.close();
    await this.#running?.worker.terminate();
  }

  #start(): { worker: Thread; desk: Desk } {
    const worker = (this.#options.start ?? startThread)();
    const desk = new Desk({
      ...this.#options.desk,
      post: (message, moved) => worker.postMessage(message, moved),
    });
    const isCurrent = () => !this.#closed && this.#running?.worker === worker;
    worker.on("message", (message: FromWorker) => isCurrent() && this.#take(desk, message));
    const onEnd = (error: Error) => isCurrent() && this.replace(error);
    worker.on("error", onEnd);
    worker.on("messageerror", onEnd);
    worker.on("exit", (code: number) => onEnd(new Error(`it ended with code ${code}`)));
    worker.postMessage({ type: "start", settings: this.#options.settings } satisfies ToWorker);
    return { worker, desk };
  }

  #take(desk: Desk, message: FromWorker): void {
    switch (message.type) {
      case "ask":
        void desk.answer(message.id, message.question);
        return;
      case "drop":
        return desk.drop(message.id);
      case "close":
        void desk.closeSource(message.source);
        return;
      case "warning":
        return this.#options.warn(message.message);
      case "left out":
        return this.#options.leftOut?.note(message.what, message.why);
    }
    this.counts = message.counts;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    for (const phase of PHASES) waiting.phases.milliseconds[phase] += message.spent[phase];
    if (message.type === "done") waiting.resolve(message.answer);
    else waiting.reject(errorOf(message.failure));
  }
}

function startThread(): Thread {
  return new Worker(new URL("./serve_worker.ts", import.meta.url)) as Thread;
}

/** What lies near together has the same name. */
function placeOf(key: string, path: unknown, search: string): string {
  const { x, y, ...rest } = path as { x?: unknown; y?: unknown };
  if (typeof x !== "number" || typeof y !== "number") return `${key} ${search}`;
  return JSON.stringify([key, rest, Math.floor(x / PLACE_TILES), Math.floor(y / PLACE_TILES), search]);
}

/** FNV-1a of a text's UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
