/** A server on this machine for the time of a test: it counts, it can be late, and it ends with the test. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { type Fault, FaultSchedule } from "./faults.ts";

/** What a server remembers of a request. */
export interface SeenRequest {
  method: string;
  /** With the query. */
  url: string;
  headers: http.IncomingHttpHeaders;
}

export type Handler = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  body: Uint8Array,
) => void | Promise<void>;

export class Loopback {
  readonly seen: SeenRequest[] = [];
  /** Bytes of bodies that were sent. */
  sentBytes = 0;
  faults = new FaultSchedule();
  latencyMs = 0;
  /** Waited for before a request is answered. */
  gate: (() => Promise<void>) | undefined;
  /** The most requests that were under way together. */
  mostAtOnce = 0;
  readonly #server: http.Server;
  #underWay = 0;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(handler: Handler): Promise<Loopback> {
    const server = http.createServer();
    const loopback = new Loopback(server);
    server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      loopback.#underWay += 1;
      loopback.mostAtOnce = Math.max(loopback.mostAtOnce, loopback.#underWay);
      response.on("close", () => loopback.#underWay -= 1);
      loopback.#serve(handler, request, response).catch((error) => {
        response.writeHead(599, { "content-type": "text/plain" });
        response.end(String(error?.stack ?? error));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return loopback;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** Requests whose path (with query) fits. */
  count(path: RegExp = /./): number {
    return this.seen.filter(({ url }) => path.test(url)).length;
  }

  async #serve(
    handler: Handler,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    this.seen.push({ method: request.method!, url: request.url!, headers: request.headers });
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    await this.gate?.();
    const fault = this.faults.next(request.url!);
    if (fault?.kind === "silence") return;
    if (fault?.kind === "reset" && fault.after === undefined) {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === "status") {
      response.writeHead(fault.status, { "content-type": "text/plain", ...fault.headers });
      response.end(fault.body ?? "");
      return;
    }
    if (fault?.kind === "login-page") {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(
        "<!DOCTYPE html><html><head><title>Earthdata Login</title></head><body>Please log in</body></html>",
      );
      return;
    }
    (response as { fault?: Fault }).fault = fault;
    await handler(request, response, concat(chunks));
  }

  /** Ends the server and every connection to it. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Answers with a file's bytes as the request's Range asks, or as the fault of this request has it. */
  sendFile(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    bytes: Uint8Array,
    headers: Record<string, string> = {},
  ): void {
    const fault = (response as { fault?: Fault }).fault;
    const tag = fault?.kind === "changed" ? '"another"' : '"v1"';
    const common = {
      "content-type": "application/octet-stream",
      etag: tag,
      "accept-ranges": "bytes",
      ...headers,
    };
    const range = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? "");
    const write = (status: number, extra: Record<string, string | number>, body: Uint8Array) => {
      if (fault?.kind === "reset") {
        response.writeHead(status, { ...common, ...extra, "content-length": body.length });
        response.write(
          body.subarray(0, Math.floor(body.length * fault.after!)),
          () => request.socket.destroy(),
        );
        return;
      }
      const sent = fault?.kind === "short" ? body.subarray(0, Math.floor(body.length * fault.share)) : body;
      this.sentBytes += sent.length;
      response.writeHead(status, {
        ...common,
        ...extra,
        ...(fault?.kind === "overlong" ? {} : { "content-length": sent.length }),
      });
      if (fault?.kind === "overlong") response.write(new Uint8Array(100_000));
      response.end(sent);
    };
    if (range === null || fault?.kind === "ignore-range") return write(200, {}, bytes);
    const start = Number(range[1]);
    if (start >= bytes.length) {
      response.writeHead(416, { ...common, "content-range": `bytes */${bytes.length}` });
      response.end();
      return;
    }
    const end = Math.min(Number(range[2] ?? Infinity), bytes.length - 1);
    const shift = fault?.kind === "wrong-range" ? (start > 0 ? -1 : 1) : 0;
    const body = bytes.subarray(start + shift, end + shift + 1);
    write(206, { "content-range": `bytes ${start + shift}-${end + shift}/${bytes.length}` }, body);
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Bytes that differ from place to place, the same at every call. */
export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b) + i | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
