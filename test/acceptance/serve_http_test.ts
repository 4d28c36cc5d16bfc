/** The binary's server, spoken to by the byte: what is no request, what is too long, what is kept open. */
import assert from "node:assert/strict";
import net from "node:net";
import { startServer } from "../support/binary_server.ts";

/** Asks nobody: no request of this test searches. */
const NOBODY = "http://127.0.0.1:9/";
const KEPT = "Host: localhost\r\n\r\n";
const LAST = `Connection: close\r\n${KEPT}`;

/** All that comes back until the server closes the connection. */
function answered(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
    let text = "";
    socket.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);

Deno.test("the binary's server refuses what is no request, tells lengths, and ends with its kept connections", async () => {
  const server = await startServer(["--cmr-url", NOBODY]);
  const port = Number(new URL(server.url).port);
  const ask = async (request: string) => statusOf(await answered(port, request));
  let stopping: Promise<void> | undefined;
  const stop = () => stopping ??= server.stop();
  let kept: net.Socket | undefined;
  try {
    for (const host of ["ev il", "x:99999", "user@x", ""]) {
      const status = await ask(`GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: ${host}\r\n\r\n`);
      assert.equal(status, 400, host);
    }
    assert.equal(await ask(`GET /rasterio/info?a=${"b".repeat(20_000)} HTTP/1.1\r\n${LAST}`), 414);
    assert.equal(await ask(`GET /?a=${"b".repeat(40_000)} HTTP/1.1\r\n${LAST}`), 431);
    const posted = `POST /rasterio/statistics HTTP/1.1\r\nContent-Length: 99000000\r\n${KEPT}{`;
    assert.equal(await ask(posted), 413, "and the connection is closed");

    const got = await answered(port, `GET /conformance HTTP/1.1\r\n${LAST}`);
    const [head, body] = got.split("\r\n\r\n");
    const headOnly = await answered(port, `HEAD /conformance HTTP/1.1\r\n${LAST}`);
    const lengthOf = (text: string) => Number(/content-length: (\d+)/i.exec(text)?.[1]);
    assert.deepEqual([statusOf(got), lengthOf(head)], [200, body.length]);
    assert.deepEqual([statusOf(headOnly), lengthOf(headOnly)], [200, body.length]);
    assert.ok(headOnly.endsWith("\r\n\r\n"), "HEAD has no body");
    // As does a large one, while few wait for theirs.
    const large = await answered(port, `GET /map/ol.js HTTP/1.1\r\nAccept-Encoding: gzip\r\n${LAST}`);
    assert.equal(statusOf(large), 200);
    assert.ok(lengthOf(large.slice(0, 2000)) > 64 * 1024, large.slice(0, 400));

    const idle = kept = net.connect(port, "127.0.0.1");
    const ended = new Promise((resolve) => idle.on("close", resolve));
    for (let i = 0; i < 2; i++) {
      const came = new Promise<Uint8Array>((resolve) => idle.once("data", resolve));
      idle.write(`GET /healthz HTTP/1.1\r\n${KEPT}`);
      assert.equal(statusOf(new TextDecoder().decode(await came)), 200);
    }
    await stop();
    await ended;
  } finally {
    kept?.destroy();
    await stop();
  }
});
