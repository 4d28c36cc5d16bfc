/** Does the requests that a worker thread is given, many at a time as far as they wait for bytes. */
import type { DataContext } from "../context.ts";
import { type AnyOperation, operationKey, type OperationList } from "../http/operation.ts";
import { mostValues } from "../limits.ts";
import { PixelBudget } from "../pixel_budget.ts";
import { Phases } from "../http/phases.ts";
import { BlockStore } from "../layers/block_store.ts";
import { GridFiles } from "../layers/grid_files.ts";
import { addDataEndpoints } from "../routes/data.ts";
import { StoreBlocks } from "../stores/block_cache.ts";
import { ServedStores } from "../stores/served_stores.ts";
import { AskedPlaces, askedReaders, askedSources, Asking } from "./asking.ts";
import { movable } from "./bytes.ts";
import {
  type FromWorker,
  type Job,
  NO_COUNTS,
  type ToWorker,
  type WorkerCounts,
  type WorkerSettings,
} from "./contract.ts";
import { LeftOut } from "../http/left_out.ts";
import { failureOf } from "./failures.ts";

type Post = (message: FromWorker, moved?: ArrayBuffer[]) => void;

export class JobDesk {
  readonly #post: Post;
  readonly #asking: Asking;
  readonly #jobs = new Map<number, AbortController>();
  #engine: Engine | undefined;

  constructor(post: Post) {
    this.#post = post;
    this.#asking = new Asking(post);
  }

  /** Takes a message of the main thread. What goes wrong with a job becomes its answer. */
  take(message: ToWorker): void {
    switch (message.type) {
      case "start":
        this.#engine = new Engine(message.settings, this.#asking, this.#post);
        break;
      case "job":
        void this.#do(message.id, message.job);
        break;
      case "cancel":
        this.#jobs.get(message.id)?.abort(new Error("nobody waits for it any more"));
        break;
      case "reply":
        this.#asking.reply(message.id, message.value);
        break;
      case "refusal":
        this.#asking.refuse(message.id, message.failure);
        break;
    }
  }

  async #do(id: number, job: Job): Promise<void> {
    const controller = new AbortController();
    this.#jobs.set(id, controller);
    const phases = new Phases();
    try {
      if (this.#engine === undefined) throw new Error("a job came before the settings");
      const answer = await this.#engine.answer(job, controller.signal, phases);
      const counts = this.#engine.counts;
      const spent = phases.milliseconds;
      if (!(answer.body instanceof Uint8Array)) {
        this.#post({ type: "done", id, answer, spent, counts });
      } else {
        const { bytes, memory } = movable(answer.body);
        this.#post({ type: "done", id, answer: { ...answer, body: bytes }, spent, counts }, [memory]);
      }
    } catch (error) {
      const counts = this.#engine?.counts ?? NO_COUNTS;
      this.#post({ type: "failed", id, failure: failureOf(error), spent: phases.milliseconds, counts });
    } finally {
      this.#jobs.delete(id);
    }
  }
}

/** The endpoints of one worker with its own open files and blocks. */
class Engine {
  readonly #operations = new Map<string, AnyOperation>();
  readonly #files: GridFiles;
  readonly #blocks: BlockStore;
  readonly #storeBlocks: StoreBlocks;

  constructor(settings: WorkerSettings, asking: Asking, post: Post) {
    const warn = (message: string) => post({ type: "warning", message });
    this.#blocks = new BlockStore(settings.gridBytes);
    this.#files = new GridFiles(askedSources(asking), this.#blocks);
    this.#storeBlocks = new StoreBlocks(settings.storeBytes);
    const operations = this.#operations;
    const list: OperationList = {
      add(operation) {
        operations.set(
          operationKey(operation as unknown as AnyOperation),
          operation as unknown as AnyOperation,
        );
      },
    };
    const context: DataContext = {
      api: list,
      limits: settings.limits,
      sources: new AskedPlaces(asking),
      reading: {
        files: this.#files,
        drivers: settings.drivers,
        localRegion: settings.localRegion,
        mostValues: mostValues(settings.limits),
      },
      pixels: new PixelBudget(settings.limits.pixels),
      // The main thread tells of stores that change.
      stores: new ServedStores(settings.stores, askedReaders(asking), () => {}),
      storeBlocks: this.#storeBlocks,
      onGranuleFailure: ({ row }, error) => warn(`${row.collection} ${row.id}: ${error.message}`),
      leftOut: new LeftOut((what, why) => post({ type: "left out", what, why })),
    };
    addDataEndpoints(context);
  }

  async answer(job: Job, signal: AbortSignal, phases: Phases) {
    const operation = this.#operations.get(job.key);
    if (operation === undefined) throw new Error(`a worker knows no operation ${job.key}`);
    const asked = {
      path: job.path,
      query: job.query,
      body: job.body,
      sent: new URLSearchParams(job.search),
      headers: new Headers(job.headers as [string, string][]),
      baseUrl: job.baseUrl,
      signal,
      phases,
    };
    return await operation.answer(asked as never);
  }

  get counts(): WorkerCounts {
    return {
      blockBytes: this.#blocks.usedBytes,
      blockHits: this.#blocks.hits,
      blockMisses: this.#blocks.misses,
      storeBytes: this.#storeBlocks.usedBytes,
      filesOpen: this.#files.kept,
      opens: this.#files.opens,
    };
  }
}
