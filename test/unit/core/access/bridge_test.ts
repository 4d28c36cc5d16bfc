/** The bridge between workers and the main thread, in real worker threads. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { Worker } from "node:worker_threads";
import { deserializeError, GranaryError } from "../../../../core/errors.ts";
import { BridgeServer } from "../../../../core/access/bridge.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import type { ByteRange } from "../../../../core/access/source.ts";
import type { BridgeJob, BridgeMessage } from "./bridge_worker.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(3_000_000);
type Done = Extract<BridgeMessage, { kind: "done" }>;

/** Runs a job in a worker; the main thread serves it by `opener`. */
async function runWorker(job: BridgeJob, opener: SourceOpener): Promise<Done> {
  const server = new BridgeServer(opener);
  const worker = new Worker(new URL("./bridge_worker.ts", import.meta.url), {
    workerData: job,
  });
  try {
    return await new Promise<Done>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("messageerror", reject);
      worker.on("message", (message: BridgeMessage) => {
        if (message.kind === "source") void server.handle(message.request);
        else if (message.kind === "done") resolve(message);
        else reject(deserializeError(message.error));
      });
    });
  } finally {
    await server.close();
    await worker.terminate();
  }
}

function digest(ranges: readonly ByteRange[], times: number): string {
  const hash = crypto.createHash("sha256");
  for (let i = 0; i < times; i++) {
    for (const { offset, length } of ranges) hash.update(BYTES.subarray(offset, offset + length));
  }
  return hash.digest("hex");
}

async function withServer(run: (server: Loopback) => Promise<void>): Promise<void> {
  const server = await Loopback.start((request, response) => server.sendFile(request, response, BYTES));
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

const opener = () =>
  new SourceOpener({ env: { HOME: "/nonexistent" }, retry: { attempts: 3, baseMs: 2, capMs: 5 } });
const RANGES = [{ offset: 2_000_000, length: 100_000 }, { offset: 5, length: 10 }, {
  offset: 1_000_000,
  length: 65_537,
}, {
  offset: 3_000_000,
  length: 0,
}, { offset: 500_000, length: 300_000 }];

const scenes: Record<string, () => Promise<void>> = {
  "a worker reads many ranges of a remote file in flight together, and counts them": () =>
    withServer(async (server) => {
      server.latencyMs = 30;
      const job = {
        location: { kind: "https" as const, url: `${server.url}/a` },
        ranges: RANGES,
        times: 1,
        singly: false,
      };
      const done = await runWorker(job, opener());
      assert.equal(done.digest, digest(RANGES, 1));
      assert.equal(done.sizeBytes, BYTES.length);
      assert.equal(server.seen.length, 1 + 3, "the second range came with the opening, the fourth is empty");
      assert.equal(server.mostAtOnce, 3);
      assert.deepEqual(done.counters, { opens: 1, requests: 4, bytes: server.sentBytes });
    }),

  "a worker that reads one range after another gets the same bytes": () =>
    withServer(async (server) => {
      const ranges = Array.from(
        { length: 300 },
        (_, i) => ({ offset: (i * 7919 * 13) % 2_900_000, length: 1 + (i * 37) % 4000 }),
      );
      const job = {
        location: { kind: "https" as const, url: `${server.url}/a` },
        ranges,
        times: 2,
        singly: true,
      };
      const done = await runWorker(job, opener());
      assert.equal(done.digest, digest(ranges, 2));
      assert.ok(server.seen.length <= 1 + Math.ceil(BYTES.length / 32768), "no block is asked for twice");
    }),

  "a file that comes whole is handed over whole: any reads of it cost three requests": () =>
    withServer(async (server) => {
      const location = { kind: "https" as const, url: `${server.url}/a` };
      for (const singly of [false, true]) {
        const before = server.seen.length;
        const shared = opener();
        shared.expect([location]);
        const done = await runWorker({ location, ranges: RANGES, times: 2, singly }, shared);
        assert.equal(done.digest, digest(RANGES, 2));
        assert.equal(server.seen.length - before, 3, "its first bytes, and the rest in two parts");
        assert.deepEqual(done.counters, { opens: 1, requests: 3, bytes: BYTES.length });
      }
      server.faults = new FaultSchedule([{ at: [2, 3, 4, 5, 6, 7], fault: { kind: "short", share: 0.5 } }]);
      const shared = opener();
      shared.expect([location]);
      await assert.rejects(
        runWorker({ location, ranges: RANGES, times: 1, singly: false }, shared),
        (error) => error instanceof GranaryError && /only \d+ of \d+ bytes came, 3 times/.test(error.message),
      );
    }),

  "several workers read at the same time through one opener": () =>
    withServer(async (server) => {
      const shared = opener();
      const job = {
        location: { kind: "https" as const, url: `${server.url}/a` },
        ranges: RANGES,
        times: 3,
        singly: false,
      };
      const all = await Promise.all([1, 2, 3].map(() => runWorker(job, shared)));
      for (const done of all) assert.equal(done.digest, digest(RANGES, 3));
    }),

  "an error of the main thread reaches the worker as the error that it was": () =>
    withServer(async (server) => {
      server.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status: 404 } }]);
      const job = {
        location: { kind: "https" as const, url: `${server.url}/a` },
        ranges: RANGES,
        times: 1,
        singly: false,
      };
      await assert.rejects(runWorker(job, opener()), (error) => {
        assert.ok(error instanceof GranaryError);
        assert.equal(error.tag, "granule");
        assert.match(error.message, /404.*not there/);
        return true;
      });
      server.faults = new FaultSchedule([{
        at: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        fault: { kind: "short", share: 0.5 },
      }]);
      await assert.rejects(
        runWorker(job, opener()),
        (error) => error instanceof GranaryError && /only \d+ of \d+ bytes came, 3 times/.test(error.message),
      );
    }),

  "ranges that hold more than one request may are asked for in turn": () =>
    withServer(async (server) => {
      // 40 times 3 MB is more than the bridge's memory, and so is asked for by two requests.
      const ranges = Array.from({ length: 40 }, () => ({ offset: 0, length: BYTES.length }));
      const job = {
        location: { kind: "https" as const, url: `${server.url}/a` },
        ranges,
        times: 1,
        singly: false,
      };
      const done = await runWorker(job, opener());
      assert.equal(done.digest, digest(ranges, 1));
      assert.equal(server.seen.length, 3);
    }),
};

for (const [name, run] of Object.entries(scenes)) Deno.test(name, run);
