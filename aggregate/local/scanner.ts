/** Scans granules on worker threads: what `catalog build --from local` reads files with. */
import { deserializeError } from "../../core/errors.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { Executor } from "../schedule/executor.ts";
import type { FromWorker, ScanTask } from "../engine/contract.ts";
import type { GranuleScan, ScanRequest } from "../../catalog/discover/files/scan_granule.ts";

interface Waiting {
  task: ScanTask;
  resolve: (scan: GranuleScan) => void;
  reject: (error: Error) => void;
}

/** A queue of granules over the lanes of an executor. */
export class Scanner {
  #idle: number[];
  #queue: Waiting[] = [];
  #underWay = new Map<number, Waiting>();
  #serial = 0;
  #crash: Error | undefined;

  constructor(
    readonly executor: Executor,
    readonly request: ScanRequest,
    readonly indexOrder: number | null = null,
  ) {
    this.#idle = Array.from({ length: executor.lanes }, (_, lane) => lane);
    executor.onMessage = (lane, message) => this.#answered(lane, message);
    executor.onCrash = (_lane, error) => this.#fail(error);
  }

  /** Scans one granule when a lane is free. Rejects with the granule's error, or the signal's reason. */
  scan(location: SourceLocation, cellOrder: number, signal?: AbortSignal): Promise<GranuleScan> {
    return new Promise((resolve, reject) => {
      if (this.#crash !== undefined) return reject(this.#crash);
      if (signal?.aborted) return reject(signal.reason);
      this.#queue.push({
        task: { location, request: this.request, cellOrder, indexOrder: this.indexOrder },
        resolve,
        reject,
      });
      this.#feed();
    });
  }

  close(): Promise<void> {
    return this.executor.close();
  }

  #feed(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const waiting = this.#queue.shift()!;
      const id = this.#serial++;
      this.#underWay.set(id, waiting);
      this.executor.post(this.#idle.pop()!, { type: "scan", id, task: waiting.task });
    }
  }

  #answered(lane: number, message: FromWorker): void {
    if (message.type !== "scanned" && message.type !== "failed") return;
    const waiting = this.#underWay.get(message.id);
    this.#underWay.delete(message.id);
    this.#idle.push(lane);
    if (message.type === "scanned") waiting?.resolve(message.outcome);
    else waiting?.reject(deserializeError(message.error));
    this.#feed();
  }

  #fail(error: Error): void {
    this.#crash = error;
    for (const { reject } of [...this.#underWay.values(), ...this.#queue]) reject(error);
    this.#underWay.clear();
    this.#queue = [];
  }
}
