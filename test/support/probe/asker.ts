import { Worker } from "node:worker_threads";

/** Twice `value`, computed by a worker. */
export function askWorker(value: number): Promise<number> {
  const worker = new Worker(new URL("./probe_worker.ts", import.meta.url));
  return new Promise<number>((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("messageerror", reject);
    worker.on("error", reject);
    worker.postMessage(value);
  }).finally(() => worker.terminate());
}
