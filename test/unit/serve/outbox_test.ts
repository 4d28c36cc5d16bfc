/** Large answers on their way: what they hold is bounded, however slowly they are taken. */
import assert from "node:assert/strict";
import net from "node:net";
import { getRequestListener } from "@hono/node-server";
import { z } from "zod";
import { listenHttp } from "../../../core/http/listen.ts";
import { Api } from "../../../serve/http/api.ts";
import { Metrics } from "../../../serve/http/metrics.ts";
import { Outbox } from "../../../serve/http/outbox.ts";
import { Problem } from "../../../serve/http/problem.ts";
import { DEFAULT_LIMITS } from "../../../serve/limits.ts";

const MEGABYTE = 1 << 20;
const LIMITS = { answerBytes: 4 * MEGABYTE, stalledMs: 30_000, leastBytesASecond: 16_384 };

function outbox() {
  const clock = { now: 0 };
  return { clock, box: new Outbox(LIMITS, () => clock.now) };
}

function reading(body: Uint8Array | ReadableStream<Uint8Array>) {
  assert.ok(body instanceof ReadableStream);
  return body.getReader();
}

/** A body that is given up fails without a reason. */
const isCut = (reason: unknown) => reason === undefined;

Deno.test("a small answer goes as it is, a large one in chunks that are its bytes", async () => {
  const { box } = outbox();
  const small = new Uint8Array(1000);
  assert.equal(box.body(small), small);
  const large = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
  const body = box.body(large);
  assert.equal(box.usedBytes, 300_000);
  assert.deepEqual(
    new Uint8Array(await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()),
    large,
  );
  assert.equal(box.usedBytes, 0);
});

Deno.test("an answer that is not very large goes whole while as many fit into a quarter of the memory", async () => {
  const { box } = outbox();
  const bytes = new Uint8Array(MEGABYTE);
  assert.equal(box.body(bytes, { unsent: 0 }), bytes);
  const second = reading(box.body(bytes, { unsent: 1 }));
  // One is in chunks, of those that are not sent: none is whole.
  assert.equal(box.body(bytes, { unsent: 1 }), bytes);
  const large = reading(box.body(new Uint8Array(MEGABYTE + 1), { unsent: 1 }));
  await second.cancel();
  await large.cancel();
  assert.equal(box.usedBytes, 0);
});

Deno.test("who takes nothing is cut off, and so is who takes a little at a time", async () => {
  const { box, clock } = outbox();
  const still = reading(box.body(new Uint8Array(MEGABYTE)));
  const slow = reading(box.body(new Uint8Array(MEGABYTE)));
  const steady = reading(box.body(new Uint8Array(MEGABYTE)));
  for (let second = 1; second <= 31; second++) {
    clock.now = second * 1000;
    if (second % 10 === 0) await slow.read();
    await steady.read().catch(() => {});
    box.cutSlow();
  }
  await assert.rejects(still.read(), isCut);
  await assert.rejects(slow.read(), isCut);
  assert.equal(box.usedBytes, 0); // the steady one has all
  assert.equal(box.cut, 2);
});

Deno.test("a new answer takes the room of the slowest that stands still, and waits for none that moves", async () => {
  const { box, clock } = outbox();
  const readers = Array.from({ length: 4 }, () => reading(box.body(new Uint8Array(MEGABYTE))));
  assert.throws(
    () => box.body(new Uint8Array(MEGABYTE)),
    (error) => error instanceof Problem && error.status === 503,
  );
  clock.now = 2000;
  for (const reader of readers.slice(1)) await reader.read();
  const next = reading(box.body(new Uint8Array(MEGABYTE)));
  await assert.rejects(readers[0].read(), isCut);
  assert.equal(box.usedBytes, 4 * MEGABYTE);
  await next.cancel();
  for (const reader of readers.slice(1)) await reader.cancel();
  assert.equal(box.usedBytes, 0);
});

Deno.test("clients that read nothing hold no more than the budget, and others are served", async () => {
  const metrics = new Metrics();
  const size = 8 * MEGABYTE;
  const api = new Api({
    limits: { ...DEFAULT_LIMITS, atOnce: 4, answerBytes: 3 * size, stalledMs: 3000 },
    metrics,
    allowOrigin: "*",
    baseUrl: null,
    onRequest: () => {},
    onFailure: () => {},
  });
  api.add({
    method: "get",
    path: "/large",
    summary: "",
    tag: "test",
    answers: {},
    pathParameters: z.object({}),
    query: z.object({}),
    heavy: true,
    answer: () => ({ body: new Uint8Array(size).fill(7), type: "application/octet-stream" }),
  });
  const listener = await listenHttp(getRequestListener(api.app.fetch, { overrideGlobalObjects: false }), {
    host: "127.0.0.1",
    port: 0,
    requestTimeoutMs: 5000,
  });
  const held = () => Number(/^granary_answers_bytes (\d+)/m.exec(metrics.text())?.[1]);
  const sockets: net.Socket[] = [];
  try {
    for (let i = 0; i < 12; i++) {
      const socket = net.connect(listener.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.pause();
      socket.write("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
      sockets.push(socket);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(held() <= 3 * size, `${held()} bytes`);
    }
    assert.ok(held() > 0, "nothing was held: the clients are not slow");
    for (let tries = 0;; tries++) {
      const answer = await fetch(`${listener.url}/large`);
      const bytes = await answer.bytes();
      if (answer.status === 200) {
        assert.equal(answer.headers.get("content-length"), String(size));
        assert.ok(bytes.length === size && bytes.every((one) => one === 7));
        break;
      }
      assert.equal(answer.status, 503);
      assert.ok(tries < 50, "no place for who reads");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    for (let i = 0; i < 300 && held() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(held(), 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.close(100);
  }
});
