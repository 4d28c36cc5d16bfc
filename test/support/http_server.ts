/** A server on loopback for tests: it answers from a function, remembers what was asked, and breaks on demand. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface Asked {
  method: string;
  url: URL;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Ends the connection before the answer (`at once`) or in the middle of its body. */
  drop?: "at once" | "in the body";
  /** Sends the body gzipped. */
  gzip?: boolean;
}

export interface TestServer {
  url: string;
  asked: Asked[];
  close(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. The test that starts it closes it. */
export async function startServer(answer: (asked: Asked, index: number) => Answer): Promise<TestServer> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const one: Asked = {
        method: request.method ?? "",
        url: new URL(request.url ?? "/", "http://127.0.0.1"),
        headers: request.headers,
        body: new TextDecoder().decode(concatenate(chunks)),
      };
      asked.push(one);
      const { status = 200, headers = {}, body = "", drop, gzip = false } = answer(one, asked.length - 1);
      if (drop === "at once") return void request.socket.destroy();
      const plain = new TextEncoder().encode(body);
      const bytes = gzip ? gzipSync(plain) : plain;
      const encoding: Record<string, string> = gzip ? { "content-encoding": "gzip" } : {};
      response.writeHead(status, { "content-length": String(bytes.length), ...encoding, ...headers });
      if (drop === "in the body") {
        response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => request.socket.destroy());
        return;
      }
      response.end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => error ? reject(error) : resolve());
      }),
  };
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
