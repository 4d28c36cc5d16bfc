/**
 * One HTTP exchange: the only place that calls fetch. It bounds requests per host, times out, follows
 * redirects itself (so that Authorization never reaches another host), reads bodies up to a limit, and
 * counts. It decides nothing about statuses and tries nothing twice.
 */
import diagnostics from "node:diagnostics_channel";
import { BodySpeeds, readBody, SinkError } from "./body.ts";
import { HostGate } from "./host_gate.ts";
import { redact, safeName } from "./redact.ts";
import { abortError, networkTrouble, Trouble } from "./retry.ts";
import type { SourceCounters } from "./source.ts";

export interface HttpLimits {
  /** Requests to one host at the same time; a host may be given fewer. */
  requestsPerHost: number;
  /** A service of objects is given up to so many, while more bring more. */
  mostPerHost: number;
  /** Until the answer's headers are there. */
  headersTimeoutMs: number;
  /** Between two chunks of a body. */
  idleTimeoutMs: number;
}

export const DEFAULT_HTTP_LIMITS: Readonly<HttpLimits> = {
  requestsPerHost: 16,
  mostPerHost: 64,
  headersTimeoutMs: 60_000,
  idleTimeoutMs: 30_000,
};

/** Of an answer that is an error, so much is read for the message. */
const ERROR_BODY_BYTES = 64 * 1024;
const MOST_REDIRECTS = 10;
const USER_AGENT = "granary";

export interface HttpRequest {
  method?: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  url: string;
  /** Sent to every host on the way: nothing secret. */
  headers?: Readonly<Record<string, string>>;
  /** Sent to the first host only. */
  secretHeaders?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Follow redirects, except to where this says no; absent follows none. The answer is then the redirect. */
  follow?: (to: URL) => boolean;
  /** A good answer's body that is longer than this is cut off there and marked. */
  maxBytes: number | ((head: HttpHead) => number);
  /** Memory for the body of a 2xx answer, used where it is large enough. */
  into?: Uint8Array | undefined;
  /** Takes the body of a 2xx answer chunk by chunk instead of keeping it. */
  sink?: (chunk: Uint8Array, reply: HttpHead) => void | Promise<void>;
  /** The host is made for many requests at the same time. */
  manyAtOnce?: boolean;
  signal?: AbortSignal | undefined;
  counters?: SourceCounters | undefined;
  /** For messages: `https://host/x bytes 0 to 99`. */
  asked?: string;
}

export interface HttpHead {
  status: number;
  headers: Headers;
  /** Where the answer came from, after redirects. */
  url: string;
}

export interface HttpReply extends HttpHead {
  body: Uint8Array;
  /** More bytes came than `maxBytes`. */
  overlong: boolean;
  /** When the request was sent, on the clock of performance.now(). */
  startedAt: number;
}

/** What was asked of a server and what came: no header, no query, nothing secret. */
export interface ExchangeNote {
  method: string;
  /** The address without its query, or what the request is called. */
  asked: string;
  range: string | undefined;
  status: number;
  milliseconds: number;
}

/** The channel of node:diagnostics_channel that hears of every exchange. */
export const EXCHANGES = "granary:exchange";
const exchanges = diagnostics.channel(EXCHANGES);

/** Sends requests. One for the whole process, so that limits hold across sources. */
export class HttpClient {
  readonly limits: HttpLimits;
  readonly gate: HostGate;
  /** Hosts that have ever answered. */
  readonly #answered = new Set<string>();
  readonly #speeds = new BodySpeeds();
  /** Hears of waits that someone may wonder about, in words without figures. */
  readonly onLongWait: (message: string) => void;

  constructor(limits: Partial<HttpLimits> = {}, onLongWait: (message: string) => void = () => {}) {
    this.onLongWait = onLongWait;
    const { requestsPerHost } = limits;
    // Who says a number of requests means no more than that.
    const bound = requestsPerHost === undefined ? {} : { mostPerHost: requestsPerHost };
    this.limits = { ...DEFAULT_HTTP_LIMITS, ...bound, ...limits };
    this.gate = new HostGate(this.limits.requestsPerHost, this.limits.mostPerHost);
  }

  /** One exchange, redirects included. Throws {@linkcode Trouble} where no whole answer came. */
  async exchange(request: HttpRequest): Promise<HttpReply> {
    const first = new URL(request.url);
    let url = first;
    for (let hop = 0;; hop++) {
      const secret = url.host === first.host && url.protocol === first.protocol;
      const headers = { ...request.headers, ...(secret ? request.secretHeaders : undefined) };
      const reply = await this.#hop(url, headers, request);
      const to = redirectTarget(reply, url);
      if (to === undefined || request.follow === undefined) return reply;
      if (!request.follow(to)) return reply;
      if (hop >= MOST_REDIRECTS) {
        throw this.#trouble(
          request,
          `it was redirected ${MOST_REDIRECTS} times`,
          "the server redirects in a circle",
        );
      }
      if (url.protocol === "https:" && to.protocol !== "https:") {
        throw this.#trouble(
          request,
          `it was redirected from https to ${safeName(to.href)}`,
          "a server must not send data back to plain http",
        );
      }
      url = to;
    }
  }

  #trouble(request: HttpRequest, came: string, advice: string): Trouble {
    return new Trouble({
      kind: "status",
      asked: askedOf(request),
      came,
      advice,
      retryable: false,
      tag: "granule",
    });
  }

  async #hop(url: URL, headers: Record<string, string>, request: HttpRequest): Promise<HttpReply> {
    const { signal, counters } = request;
    const asked = askedOf(request);
    if (signal?.aborted) throw abortError(signal);
    const direction = request.body === undefined ? "read" : "write";
    const leave = await this.gate.enter(url.host, direction, request.manyAtOnce ?? false, signal)
      .catch((error) => {
        throw signal?.aborted ? abortError(signal) : error;
      });
    const control = new AbortController();
    const stop = () => control.abort(signal!.reason);
    signal?.addEventListener("abort", stop, { once: true });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let late = false;
    let moved = request.body?.length ?? 0;
    const within = (milliseconds: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = true;
        control.abort();
      }, milliseconds);
    };
    try {
      const started = performance.now();
      within(this.limits.headersTimeoutMs);
      if (counters !== undefined) counters.requests += 1;
      const response = await fetch(url, {
        method: request.method ?? "GET",
        headers: { "user-agent": USER_AGENT, "accept-encoding": "identity", ...headers },
        redirect: "manual",
        signal: control.signal,
        // Bun would end every exchange after five minutes; the limits here are ours.
        ...{ timeout: false },
        ...(request.body === undefined ? {} : { body: request.body as Uint8Array<ArrayBuffer> | string }),
      });
      this.#answered.add(url.host);
      const head: HttpHead = { status: response.status, headers: response.headers, url: url.href };
      const good = response.status >= 200 && response.status < 300;
      const { maxBytes } = request;
      const limit = !good ? ERROR_BODY_BYTES : typeof maxBytes === "number" ? maxBytes : maxBytes(head);
      const { idleTimeoutMs } = this.limits;
      const began = performance.now();
      const { bytes, ...body } = await readBody(response, {
        sink: good && request.sink !== undefined ? (chunk) => request.sink!(chunk, head) : undefined,
        into: good ? request.into : undefined,
        limit,
        counters,
        isSoon: (bytes) => this.#speeds.isSoon(url.host, bytes, idleTimeoutMs),
        alive: () => within(idleTimeoutMs),
      });
      this.#speeds.came(url.host, bytes, performance.now() - began);
      moved += bytes;
      if (exchanges.hasSubscribers) {
        exchanges.publish(
          {
            method: request.method ?? "GET",
            asked,
            range: headers.range,
            status: head.status,
            milliseconds: performance.now() - started,
          } satisfies ExchangeNote,
        );
      }
      return { ...head, ...body, startedAt: started };
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      if (late) {
        this.#speeds.stood(url.host);
        throw new Trouble({
          kind: "timeout",
          asked,
          came: `nothing came from ${url.host} in time`,
          advice: "the network or the server is slow: try again later",
          retryable: true,
          unanswered: !this.#answered.has(url.host),
        });
      }
      if (error instanceof SinkError) throw error.cause;
      throw networkTrouble(asked, error, !this.#answered.has(url.host));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      leave(moved);
    }
  }
}

/** This machine by any of its own names. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function askedOf(request: HttpRequest): string {
  return request.asked ?? safeName(request.url);
}

/** Where a redirect points, if `reply` is one. */
function redirectTarget(reply: HttpHead, from: URL | string): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(reply.status)) return undefined;
  const location = reply.headers.get("location");
  if (location === null) return undefined;
  try {
    return new URL(location, from);
  } catch (error) {
    throw new Trouble({
      kind: "status",
      asked: safeName(String(from)),
      came: `it was redirected to "${redact(location).slice(0, 100)}", which is no URL`,
      advice: "the trouble is at the server",
      retryable: false,
      tag: error instanceof TypeError ? "granule" : "io",
    });
  }
}
