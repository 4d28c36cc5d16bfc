import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import { z } from "zod";
import { listenHttp } from "../../../core/http/listen.ts";
import { type AllowedOrigins, Api } from "../../../serve/http/api.ts";
import { Metrics } from "../../../serve/http/metrics.ts";
import { json } from "../../../serve/http/operation.ts";
import { DEFAULT_LIMITS } from "../../../serve/limits.ts";
import { startServing } from "../../support/serving.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";

function api(limits: Partial<typeof DEFAULT_LIMITS> = {}, allowOrigin: AllowedOrigins = "*") {
  const lines: string[] = [];
  const failures: string[] = [];
  const made = new Api({
    limits: { ...DEFAULT_LIMITS, atOnce: 1, ...limits },
    metrics: new Metrics(),
    allowOrigin,
    baseUrl: null,
    onRequest: (line) => lines.push(line),
    onFailure: (message) => failures.push(message),
  });
  const ask = (at: string, init: RequestInit = {}) =>
    made.app.fetch(new Request(`http://localhost${at}`, { headers: { host: "localhost" }, ...init }));
  return { made, ask, lines, failures };
}

const NONE = z.object({});
const COMMON = { method: "get", summary: "", tag: "test", answers: {} } as const;

Deno.test("a path's last parameters are taken apart as far to the right as they can be", async () => {
  const { made, ask } = api();
  const pathParameters = z.object({ x: z.number(), y: z.number(), format: z.enum(["png", "npy"]) });
  made.add({
    ...COMMON,
    path: "/at/{x},{y}.{format}",
    pathParameters,
    query: NONE,
    answer: ({ path }) => json(path),
  });
  assert.deepEqual(await (await ask("/at/-1.5,2.25.png")).json(), { x: -1.5, y: 2.25, format: "png" });
  const refused = await ask("/at/-1.5,2@2x.bmp");
  assert.equal(refused.status, 422);
  assert.deepEqual(
    (await refused.json()).detail.map(({ type, loc, input }: Record<string, unknown>) => [type, loc, input]),
    [
      ["float_parsing", ["path", "y"], "2@2x"],
      ["enum", ["path", "format"], "bmp"],
    ],
  );
});

Deno.test("a query's text becomes what the schema says; lists repeat, others take the last", async () => {
  const { made, ask } = api();
  const query = z.object({
    n: z.int().min(1).optional(),
    on: z.boolean().default(true),
    list: z.array(z.string()).default([]),
  });
  made.add({ ...COMMON, path: "/q", pathParameters: NONE, query, answer: (asked) => json(asked.query) });
  assert.deepEqual(await (await ask("/q?n=1&n=7&on=False&list=a&list=b&other=1")).json(), {
    n: 7,
    on: false,
    list: ["a", "b"],
  });
  const fault = async (search: string) => (await (await ask(`/q?${search}`)).json()).detail[0];
  assert.equal((await fault("n=1.5")).type, "int_parsing");
  assert.equal((await fault("n=0")).msg, "Input should be greater than or equal to 1");
  assert.equal((await fault("on=perhaps")).type, "bool_parsing");
});

Deno.test("a failure of the server's tells the client nothing, and the log all", async () => {
  const { made, ask, failures } = api();
  made.add({
    ...COMMON,
    path: "/bug",
    pathParameters: NONE,
    query: NONE,
    answer: () => {
      throw new Error("in /home/someone");
    },
  });
  const answer = await ask("/bug");
  assert.equal(answer.status, 500);
  assert.deepEqual(await answer.json(), { detail: "an error of the server" });
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.match(failures[0], /\/bug: bug: in \/home\/someone/);
});

Deno.test("requests beyond the queue are answered 503; a place is free again when its work has ended", async () => {
  const { made, ask } = api({ waiting: 1 });
  let end = () => {};
  made.add({
    ...COMMON,
    path: "/slow",
    pathParameters: NONE,
    query: NONE,
    heavy: true,
    answer: () => new Promise((resolve) => end = () => resolve(json("done"))),
  });
  const first = ask("/slow");
  await until(() => made.gate.inside === 1);
  const second = ask("/slow");
  await until(() => made.gate.waiting === 1);
  const third = await ask("/slow");
  assert.equal(third.status, 503);
  assert.ok(Number(third.headers.get("retry-after")) > 0);
  end();
  assert.equal((await first).status, 200);
  await until(() => made.gate.inside === 1);
  end();
  assert.equal((await second).status, 200);
  await until(() => made.gate.inside === 0);
});

Deno.test("work that takes too long is reported so, and keeps its place until it ends", async () => {
  const { made, ask } = api({ requestMs: 30 });
  let end = () => {};
  let aborted = false;
  made.add({
    ...COMMON,
    path: "/slow",
    pathParameters: NONE,
    query: NONE,
    heavy: true,
    answer: ({ signal }) => {
      signal.addEventListener("abort", () => aborted = true);
      return new Promise((resolve) => end = () => resolve(json("done")));
    },
  });
  assert.equal((await ask("/slow")).status, 504);
  assert.ok(aborted);
  assert.equal(made.gate.inside, 1);
  end();
  await until(() => made.gate.inside === 0);
});

Deno.test("a client that goes away ends its work", async () => {
  const { made, lines } = api();
  let reason: unknown;
  made.add({
    ...COMMON,
    path: "/slow",
    pathParameters: NONE,
    query: NONE,
    heavy: true,
    answer: ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(signal.reason);
        })
      ),
  });
  const listener = await listenHttp(getRequestListener(made.app.fetch, { overrideGlobalObjects: false }), {
    host: "127.0.0.1",
    port: 0,
    requestTimeoutMs: 5000,
  });
  try {
    const socket = net.connect(listener.port, "127.0.0.1");
    socket.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => made.gate.inside === 1);
    socket.destroy();
    await until(() => made.gate.inside === 0);
    assert.match(String(reason), /client closed/);
    await until(() => lines.length === 1);
    assert.match(lines[0], /^GET \/slow 499 /);
  } finally {
    await listener.close(100);
  }
});

Deno.test("a body is refused for its length before it is read", async () => {
  const { made, ask } = api({ bodyBytes: 100 });
  made.add({
    ...COMMON,
    method: "post",
    path: "/b",
    pathParameters: NONE,
    query: NONE,
    body: z.object({ a: z.number() }),
    answer: ({ body }) => json(body),
  });
  const post = (body: string) => ask("/b", { method: "POST", body });
  assert.deepEqual(await (await post('{"a": 1}')).json(), { a: 1 });
  assert.equal((await post("x".repeat(101))).status, 413);
  assert.equal((await post("{")).status, 422);
  assert.deepEqual((await (await post("{}")).json()).detail[0].loc, ["body", "a"]);
});

Deno.test("no Host of a request gets into a link unless it can be one", async () => {
  const { made, ask } = api();
  made.add({
    ...COMMON,
    path: "/",
    pathParameters: NONE,
    query: NONE,
    answer: ({ baseUrl }) => json(baseUrl),
  });
  const at = async (host: string) => (await ask("/", { headers: { host } })).status;
  assert.equal(await at("example.org:8000"), 200);
  assert.equal(await at("[::1]:8000"), 200);
  for (const host of ["a/b", 'a"b', "evil.example/?", "a b"]) assert.equal(await at(host), 400, host);
});

Deno.test("of several origins that may ask, the one that does is named; others are not", async () => {
  const origins = ["https://a.example", "https://b.example:8443"];
  const answered = async (allowed: AllowedOrigins, origin: string, method = "GET") => {
    const { made, ask } = api({}, allowed);
    made.add({ ...COMMON, path: "/", pathParameters: NONE, query: NONE, answer: () => json({}) });
    const { headers } = await ask("/", { method, headers: { host: "localhost", origin } });
    return [headers.get("access-control-allow-origin"), headers.get("vary")];
  };
  for (const method of ["GET", "OPTIONS"]) {
    for (const origin of origins) {
      assert.deepEqual(await answered(origins, origin, method), [origin, "Origin"]);
    }
    assert.deepEqual(await answered(origins, "https://c.example", method), [null, "Origin"]);
    assert.deepEqual(await answered("*", "https://c.example", method), ["*", null]);
    assert.deepEqual(await answered(null, "https://a.example", method), [null, null]);
  }
});

Deno.test("the server says what it is, in the forms that clients look for", async () => {
  const serving = await startServing();
  try {
    const landing = await (await serving.get("/")).json();
    assert.deepEqual(
      landing.links.map(({ rel }: { rel: string }) => rel).slice(0, 4),
      ["self", "service-desc", "service-doc", "conformance"],
    );
    const answer = await serving.get("/api");
    assert.equal((await answer.json()).openapi, "3.1.0");
    const page = await (await serving.get("/api.html")).text();
    assert.doesNotMatch(page, /https?:\/\//, "the page takes nothing from elsewhere");
    const docs = await serving.get("/docs", { redirect: "manual" });
    assert.equal(docs.status, 307);
    await docs.body?.cancel();
    const none = await serving.get("/nope");
    assert.deepEqual([none.status, await none.json()], [404, { detail: "Not Found" }]);
    const wrong = await serving.post("/conformance", {});
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET"]);
    await wrong.body?.cancel();
    const metrics = await (await serving.get("/metrics")).text();
    assert.match(metrics, /^granary_requests_total\{route="GET \/api",status="200"\} 1$/m);
    const preflight = await serving.get("/api", {
      method: "OPTIONS",
      headers: { "access-control-request-method": "GET" },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /GET/);
    assert.ok(serving.lines.some((line) => /^GET \/api 200 [\d.]+ ms/.test(line)));
  } finally {
    await serving.stop();
  }
});

Deno.test("a catalog that is replaced is taken up while the server runs", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "mine.parquet");
    await writeCatalog(file, [sampleRow()]);
    const serving = await startServing({ catalogs: [folder] });
    try {
      const count = async () => (await (await serving.get("/catalogs/mine")).json()).granules as number;
      assert.equal(await count(), 1);
      await writeCatalog(file, [sampleRow(), sampleRow({ id: "g2.h5", path: "a/g2.h5" })]);
      await until(async () => await count() === 2);
      await writeCatalog(path.join(folder, "later.parquet"), [sampleRow()]);
      assert.deepEqual(
        (await (await serving.get("/catalogs")).json()).catalogs.map(({ id }: { id: string }) => id),
        ["later", "mine"],
      );
      const other = await serving.get("/catalogs/other");
      assert.deepEqual(
        [other.status, await other.json()],
        [404, { detail: "catalog 'other' is not served here, should be one of ['later', 'mine']" }],
      );
    } finally {
      await serving.stop();
    }
  });
});

Deno.test("a catalog whose file is written over in place is answered 503, without a path", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "mine.parquet");
    await writeCatalog(file, [sampleRow()]);
    const serving = await startServing({ catalogs: [folder] });
    try {
      fs.writeFileSync(file, "something else");
      const answer = await serving.get("/tiles/WebMercatorQuad/0/0/0/granules?catalog=mine");
      const text = await answer.text();
      assert.equal(answer.status, 503, text);
      assert.match(JSON.parse(text).detail, /catalog's file cannot be read just now/);
      assert.equal(answer.headers.get("retry-after"), "5");
      fs.rmSync(file);
      await writeCatalog(file, [sampleRow()]);
      const whole = async () =>
        (await serving.get("/tiles/WebMercatorQuad/0/0/0/granules?catalog=mine")).status;
      await until(async () => await whole() === 200);
    } finally {
      await serving.stop();
    }
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!await holds()) {
    if (Date.now() > end) throw new Error("it did not come to hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
