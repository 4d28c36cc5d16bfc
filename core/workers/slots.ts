/**
 * What runs tasks: worker threads, or this thread in their place for tests and debugging. Each slot does one
 * task at a time. Worker threads ask this one for remote bytes, so that credentials stay here.
 */
import type { Worker } from "node:worker_threads";
import { deserializeError, GranaryError, type SerializedError } from "../errors.ts";
import type { BridgeRequest, BridgeServer } from "../access/bridge.ts";
import type { SourceOpener } from "../access/open.ts";

export interface Slots<To, From> {
  readonly slots: number;
  post(slot: number, message: To): void;
  /** Set before the first post. */
  onMessage: (slot: number, message: From) => void;
  /** A slot that died without answering: no task of it will be answered any more. */
  onCrash: (slot: number, error: Error) => void;
  close(): Promise<void>;
  /** In place of closing, where the process exits soon: what does nothing any more ends with it, and costs no time before. */
  leave(): void;
}

/** What a worker says of its own accord, whatever its tasks are. */
export type WorkerNotice =
  | { type: "bridge"; request: BridgeRequest }
  | { type: "crashed"; error: SerializedError };

function isNotice(message: unknown): message is WorkerNotice {
  const type = (message as { type?: unknown } | null)?.type;
  return type === "bridge" || type === "crashed";
}

/** Worker threads, started at once so that they are up when their first task is. */
export class ThreadSlots<To, From> implements Slots<To, From> {
  onMessage: Slots<To, From>["onMessage"] = () => {};
  onCrash: Slots<To, From>["onCrash"] = () => {};
  readonly #workers: Worker[];
  #closed: Promise<unknown> | undefined;

  /** `start` makes one worker; `opener` reads remote bytes for it and holds the credentials, which it never sees. */
  constructor(readonly slots: number, start: () => Worker, opener?: () => Promise<SourceOpener>) {
    this.#workers = Array.from({ length: slots }, (_, slot) => {
      const worker = start();
      let bridge: Promise<BridgeServer> | undefined;
      worker.on("message", (message: From | WorkerNotice) => {
        if (!isNotice(message)) return this.onMessage(slot, message);
        if (message.type === "crashed") return this.#crash(slot, deserializeError(message.error));
        bridge ??= serveBridge(opener);
        bridge.then((server) => server.handle(message.request)).catch((error) => this.#crash(slot, error));
      });
      worker.on("error", (error: Error) => this.#crash(slot, error));
      worker.on("messageerror", (error: Error) => this.#crash(slot, error));
      worker.on("exit", (code: number) => {
        this.#crash(slot, new GranaryError("io", `worker ${slot} ended with code ${code} (out of memory?)`));
      });
      return worker;
    });
  }

  #crash(slot: number, error: Error): void {
    if (this.#closed === undefined) this.onCrash(slot, error);
  }

  post(slot: number, message: To): void {
    this.#workers[slot].postMessage(message);
  }

  async close(): Promise<void> {
    // Later, for a thread that ends at once asks whether it should.
    this.#closed ??= Promise.resolve()
      .then(() => Promise.all(this.#workers.map((worker) => worker.terminate())));
    await this.#closed;
  }

  leave(): void {
    this.#closed ??= Promise.resolve();
  }
}

async function serveBridge(opener: (() => Promise<SourceOpener>) | undefined): Promise<BridgeServer> {
  if (opener === undefined) {
    throw new Error("a worker asked for remote bytes where nothing opens remote places");
  }
  const { BridgeServer } = await import("../access/bridge.ts");
  return new BridgeServer(await opener());
}

/** The same on this thread, one task after the other. */
export class InlineSlots<To, From> implements Slots<To, From> {
  readonly slots = 1;
  onMessage: Slots<To, From>["onMessage"] = () => {};
  onCrash: Slots<To, From>["onCrash"] = () => {};
  #chain: Promise<void> = Promise.resolve();

  /** `answer` does a task and gives its answer; undefined for a message that has none. */
  constructor(readonly answer: (message: To) => Promise<From | undefined>) {}

  post(slot: number, message: To): void {
    this.#chain = this.#chain
      .then(() => this.answer(message))
      .then((answer) => {
        if (answer !== undefined) this.onMessage(slot, answer);
      })
      .catch((error) => this.onCrash(slot, error));
  }

  async close(): Promise<void> {
    await this.#chain;
  }

  leave(): void {}
}
