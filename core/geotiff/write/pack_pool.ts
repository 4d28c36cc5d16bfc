/** Threads that compress the tiles of one file: node:zlib's own, or workers for libdeflate, which has none. */
import { ThreadSlots } from "../../workers/slots.ts";
import { type TaskAnswer, type TaskMessage, TaskQueue } from "../../workers/task_queue.ts";
import { type Compression, compressLater, compressNow, hasOwnThreads, type Packed } from "./compress.ts";

export interface PackTask {
  readonly bytes: Uint8Array;
  readonly compression: Compression;
}

/** A file of fewer tiles is packed before threads for it are up. */
const LEAST_TILES = 32;

export class PackPool {
  readonly #compression: Compression;
  readonly #workers: number;
  /** Whether workers are worth their start. */
  readonly #starts: boolean;
  #queue: Promise<TaskQueue<PackTask, Packed>> | undefined;

  /** @param tiles how many will come */
  constructor(compression: Compression, workers: number, tiles: number) {
    this.#compression = compression;
    this.#workers = workers;
    this.#starts = !hasOwnThreads(compression) && workers > 1 && tiles >= LEAST_TILES;
  }

  /** Whether a tile is packed, into other memory, before {@linkcode pack} comes back. */
  get isImmediate(): boolean {
    const compression = this.#compression;
    const threads = this.#starts || (this.#workers > 1 && hasOwnThreads(compression));
    return !threads && compression.name !== "none";
  }

  /**
   * Compresses; the bytes are the same in whatever thread. `bytes` must not change until the promise is done.
   */
  async pack(bytes: Uint8Array): Promise<Packed> {
    const compression = this.#compression;
    if (this.#starts) {
      const queue = await (this.#queue ??= openQueue(this.#workers));
      return await queue.run({ bytes, compression });
    }
    return this.#workers > 1 && hasOwnThreads(compression)
      ? await compressLater(bytes, compression)
      : compressNow(bytes, compression);
  }

  async close(): Promise<void> {
    const queue = await this.#queue;
    this.#queue = undefined;
    await queue?.close();
  }
}

async function openQueue(workers: number): Promise<TaskQueue<PackTask, Packed>> {
  const { Worker } = await import("node:worker_threads");
  return new TaskQueue(
    new ThreadSlots<TaskMessage<PackTask>, TaskAnswer<Packed>>(
      workers,
      () => new Worker(new URL("./pack_worker.ts", import.meta.url)),
    ),
  );
}
