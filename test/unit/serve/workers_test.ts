/** Worker threads of a server: the same answers, cancelled work, threads that die or do not come back. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { cellCentre } from "../../../core/cells/place.ts";
import type { AnyOperation, Asked } from "../../../serve/http/operation.ts";
import { Phases } from "../../../serve/http/phases.ts";
import { Problem } from "../../../serve/http/problem.ts";
import { DEFAULT_LIMITS } from "../../../serve/limits.ts";
import type { FromWorker, ToWorker } from "../../../serve/workers/contract.ts";
import { NO_COUNTS } from "../../../serve/workers/contract.ts";
import { WorkerPool } from "../../../serve/workers/pool.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../interop/store_fixture.ts";
import { startServing } from "../../support/serving.ts";

const NONE = z.object({});
const OPERATION: AnyOperation = {
  method: "get",
  path: "/tiles/{x}/{y}",
  summary: "",
  tag: "test",
  answers: {},
  pathParameters: NONE,
  query: NONE,
  answer: () => ({ body: null }),
};

function asked(signal = new AbortController().signal, at = 0): Asked<unknown, unknown, unknown> {
  return {
    path: { x: at, y: 0 },
    query: {},
    body: undefined,
    sent: new URLSearchParams(),
    headers: new Headers(),
    baseUrl: "http://localhost",
    signal,
    phases: new Phases(),
  };
}

/** A thread that does what a test says; what it is received goes through a structured clone, as between threads. */
class SaidThread extends EventEmitter {
  readonly received: ToWorker[] = [];
  ended = false;

  postMessage(message: ToWorker): void {
    this.received.push(structuredClone(message));
  }

  says(message: FromWorker): void {
    this.emit("message", structuredClone(message));
  }

  answers(body: string): void {
    const [job] = this.received.filter(({ type }) => type === "job").slice(-1) as { id: number }[];
    const { milliseconds } = new Phases();
    const spent = { ...milliseconds, warp: 5 };
    this.says({ type: "done", id: job.id, answer: { body }, spent, counts: { ...NO_COUNTS, opens: 3 } });
  }

  terminate(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }
}

function poolOf(count: number, more: { stuckMs?: number } = {}) {
  const threads: SaidThread[] = [];
  const warnings: string[] = [];
  const pool = new WorkerPool({
    count,
    settings: {
      limits: { ...DEFAULT_LIMITS, atOnce: 1 },
      drivers: "auto" as never,
      localRegion: undefined,
      gridBytes: 1,
      storeBytes: 1,
      stores: new Map(),
    },
    desk: {
      opener: { open: () => Promise.reject(new Error("nothing is opened here")) },
      sources: { with: () => Promise.reject(new Problem(404, "no such catalog")) },
      readerOf: () => {
        throw new Error("no stores");
      },
    },
    warn: (message) => warnings.push(message),
    start: () => {
      const thread = new SaidThread();
      threads.push(thread);
      return thread as never;
    },
    ...more,
  });
  return { pool, threads, warnings };
}

Deno.test("a worker is given a request, asks for granules, and its answer and its time are the request's", async () => {
  const { pool, threads: [thread] } = poolOf(1);
  const request = asked();
  const answer = pool.run(OPERATION, request);
  const kinds = () => thread.received.map(({ type }) => type);
  assert.deepEqual(kinds(), ["start", "job"]);
  const filter = { temporal: null, collections: [], granuleUr: null } as never;
  thread.says({
    type: "ask",
    id: 7,
    question: { about: "granules", parameters: {}, filter, boxes: null, most: 1 },
  });
  await until(() => thread.received.length === 3);
  const [, , refusal] = thread.received;
  assert.equal(refusal.type, "refusal");
  assert.deepEqual(refusal.type === "refusal" && refusal.failure, {
    status: 404,
    detail: "no such catalog",
    headers: {},
    cause: null,
  });
  thread.answers("tile");
  assert.equal((await answer).body, "tile");
  assert.equal(request.phases.milliseconds.warp, 5);
  assert.equal(pool.counts.opens, 3);
  await pool.close();
  assert.ok(thread.ended);
});

Deno.test("a request that nobody waits for is cancelled; a worker that does not come back is replaced", async () => {
  const { pool, threads, warnings } = poolOf(1, { stuckMs: 20 });
  const gone = new AbortController();
  const first = pool.run(OPERATION, asked(gone.signal));
  const second = pool.run(OPERATION, asked());
  gone.abort(new Error("the client went away"));
  assert.deepEqual(threads[0].received.map(({ type }) => type), ["start", "job", "job", "cancel"]);
  for (const lost of [first, second]) {
    await assert.rejects(lost, (error) => error instanceof Problem && error.status === 503);
  }
  assert.ok(threads[0].ended);
  assert.match(warnings[0], /a worker thread is replaced/);
  assert.equal(pool.replaced, 1);
  const third = pool.run(OPERATION, asked());
  threads[1].answers("from another");
  assert.equal((await third).body, "from another");
  await pool.close();
});

Deno.test("a cancelled request whose worker ends it in time costs no worker", async () => {
  const { pool, threads } = poolOf(1, { stuckMs: 20 });
  const gone = new AbortController();
  const first = pool.run(OPERATION, asked(gone.signal));
  gone.abort(new Error("the client went away"));
  threads[0].answers("too late");
  await first;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(pool.replaced, 0);
  await pool.close();
});

Deno.test("a worker that dies takes its own requests with it, and is not started over and over", async () => {
  const { pool, threads } = poolOf(1);
  const first = pool.run(OPERATION, asked());
  threads[0].emit("exit", 1);
  await assert.rejects(first, (error) => error instanceof Problem && error.status === 503);
  assert.equal(threads.length, 1);
  const second = pool.run(OPERATION, asked());
  assert.equal(threads.length, 2);
  threads[0].emit("exit", 1); // said of the dead one again
  threads[1].answers("alive");
  assert.equal((await second).body, "alive");
  await pool.close();
});

Deno.test("tiles near together go to one worker, and to others when it has more to do than they", async () => {
  const { pool, threads } = poolOf(2);
  const jobs = () => threads.map(({ received }) => received.filter(({ type }) => type === "job").length);
  const running = [pool.run(OPERATION, asked()), pool.run(OPERATION, asked(undefined, 3))];
  assert.deepEqual(jobs().toSorted(), [0, 2]);
  for (let i = 0; i < 8; i++) running.push(pool.run(OPERATION, asked(undefined, 1)));
  const [few, many] = jobs().toSorted((a, b) => a - b);
  assert.ok(many - few <= 2, `${few} and ${many}`);
  const ended = Promise.allSettled(running);
  await pool.close();
  assert.ok((await ended).every(({ status }) => status === "rejected"));
});

Deno.test("answers of stores are the same with worker threads and without", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-workers-"));
  const spec = fixtureSpec("compact");
  await writeFixture(spec, new FolderTarget(path.join(folder, "ice.zarr")));
  const stores = [path.join(folder, "ice.zarr")];
  const [alone, threaded] = [await startServing({ stores }), await startServing({ stores, workers: 2 })];
  try {
    const [lon, lat] = cellCentre(fixtureIds(spec, 9)[0], 9, "authalic");
    const box = [[lon - 2, lat - 2], [lon + 2, lat - 2], [lon + 2, lat + 2], [lon - 2, lat + 2], [
      lon - 2,
      lat - 2,
    ]];
    const polygon = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [box] } };
    for (
      const ask of [
        (one: typeof alone) => one.get(`/store/ice/point/${lon},${lat}`),
        (one: typeof alone) => one.get("/store/ice/tiles/WebMercatorQuad/0/0/0.npy?variable=h_best"),
        (one: typeof alone) => one.get("/store/ice/tiles/WebMercatorQuad/1/0/0?variable=h_best"),
        (one: typeof alone) => one.get("/store/ice/point/0,0?variable=nothing"),
        (one: typeof alone) => one.get("/store/snow/point/0,0"),
        (one: typeof alone) => one.get("/store/ice/point/0,95"),
        (one: typeof alone) => one.post("/store/ice/statistics?variable=h_best", polygon),
      ]
    ) {
      const [first, second] = [await ask(alone), await ask(threaded)];
      assert.equal(second.status, first.status, first.url);
      const headers = (one: Response) =>
        Object.fromEntries(
          [...one.headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name)),
        );
      assert.deepEqual(headers(second), headers(first));
      assert.deepEqual(await second.bytes(), await first.bytes(), first.url);
    }
    assert.match(await (await threaded.get("/metrics")).text(), /granary_store_blocks_bytes [1-9]/);
  } finally {
    await alone.stop();
    await threaded.stop();
    fs.rmSync(folder, { recursive: true });
  }
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(holds());
}
