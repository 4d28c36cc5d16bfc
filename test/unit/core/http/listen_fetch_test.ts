/** Listening for requests of the web's kind: by node:http, and by a runtime's own server. */
import assert from "node:assert/strict";
import { listenFetch } from "../../../../core/http/listen_fetch.ts";
import { listenByRuntime, type ServeCall } from "../../../../core/http/runtime_server.ts";

const SETTINGS = { host: "127.0.0.1", port: 0, requestTimeoutMs: 5000 };
const BUSY = Object.assign(new Error("Failed to start server"), { code: "EADDRINUSE" });

function fake(stops: unknown[], answered: Promise<void>) {
  const given: Parameters<ServeCall>[0][] = [];
  const serve: ServeCall = (options) => {
    given.push(options);
    return {
      port: 4711,
      pendingRequests: 0,
      stop: (cut) => {
        stops.push(cut);
        return cut ? Promise.resolve() : answered;
      },
    };
  };
  return { serve, given };
}

Deno.test("requests are answered at the address that is told, until the end", async () => {
  const listener = await listenFetch(
    (request) => new Response(`${request.method} ${new URL(request.url).pathname}`),
    SETTINGS,
  );
  assert.match(listener.url, new RegExp(`^http://127\\.0\\.0\\.1:${listener.port}$`));
  const answer = await fetch(`${listener.url}/a`, { method: "PUT", headers: { connection: "close" } });
  assert.equal(await answer.text(), "PUT /a");
  await listener.close();
  await assert.rejects(fetch(listener.url));
});

Deno.test("an address in use is the input's error, by node:http and by the runtime's server", async () => {
  const listener = await listenFetch(() => new Response(), SETTINGS);
  const taken = { ...SETTINGS, port: listener.port };
  await assert.rejects(listenFetch(() => new Response(), taken), /another program listens there/);
  await listener.close();
  const busy = () => {
    throw BUSY;
  };
  await assert.rejects(listenByRuntime(busy, () => new Response(), taken), /another program listens there/);
  const nowhere = { ...taken, host: ".." };
  await assert.rejects(listenByRuntime(busy, () => new Response(), nowhere), /has no such address/);
});

Deno.test("the runtime's server is told of the host, and what is no address is not handed on", async () => {
  const { serve, given } = fake([], Promise.resolve());
  const { url, port } = await listenByRuntime(serve, () => new Response("here"), {
    ...SETTINGS,
    host: "::1",
  });
  assert.deepEqual([url, port], ["http://[::1]:4711", 4711]);
  const [{ hostname, fetch: answer }] = given;
  assert.equal(hostname, "::1");
  const asked = async (address: string) => await answer({ url: address } as Request);
  assert.equal((await asked("http://localhost/a")).status, 200);
  // As it gives them without a Host, and with one that cannot be.
  for (const address of ["/a", "http://x:99999/a"]) assert.equal((await asked(address)).status, 400, address);
});

Deno.test("what came is answered before the runtime's server ends, and cut after the grace", async () => {
  const stops: unknown[] = [];
  let end = () => {};
  const { serve } = fake(stops, new Promise((resolve) => end = resolve));
  const listener = await listenByRuntime(serve, () => new Response(), SETTINGS);
  const closed = listener.close(10);
  assert.deepEqual(stops, [undefined]);
  while (stops.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(stops, [undefined, true]);
  end();
  await closed;
});
