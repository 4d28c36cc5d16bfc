/** A worker that reads remote sources through the bridge at once, before it listens to anything. */
import crypto from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { serializeError } from "../../../../core/errors.ts";
import { BridgeClient, type BridgeRequest } from "../../../../core/access/bridge.ts";
import type { SourceLocation } from "../../../../core/access/location.ts";
import type { ByteRange } from "../../../../core/access/source.ts";

export interface BridgeJob {
  location: SourceLocation;
  ranges: ByteRange[];
  /** How often the ranges are read, and whether one by one. */
  times: number;
  singly: boolean;
}

export type BridgeMessage =
  | { kind: "source"; request: BridgeRequest }
  | {
    kind: "done";
    digest: string;
    sizeBytes: number;
    counters: { opens: number; requests: number; bytes: number };
  }
  | { kind: "failed"; error: ReturnType<typeof serializeError> };

const port = parentPort!;
const post = (message: BridgeMessage) => port.postMessage(message);
try {
  const job = workerData as BridgeJob;
  const client = new BridgeClient((request) => post({ kind: "source", request }));
  const source = client.open(job.location);
  const hash = crypto.createHash("sha256");
  for (let i = 0; i < job.times; i++) {
    const parts = job.singly
      ? job.ranges.map(({ offset, length }) => source.read(offset, length))
      : source.readMany(job.ranges);
    for (const part of parts) hash.update(part);
  }
  source.close();
  post({ kind: "done", digest: hash.digest("hex"), sizeBytes: source.sizeBytes, counters: source.counters });
} catch (error) {
  post({ kind: "failed", error: serializeError(error) });
}
