/**
 * The server's endpoints: each is added as an operation, and gets its route, its checks, its place in the
 * queue, its time limit, its line in the log and its part of the API's description from it.
 */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { GranaryError } from "../../core/errors.ts";
import type { RuntimeConnection } from "../../core/http/runtime_server.ts";
import { formatBytes } from "../../core/units.ts";
import { LARGE_PIXELS, type ServeLimits } from "../limits.ts";
import { readJson } from "./body.ts";
import { entityTag, namesTag } from "./etag.ts";
import { type FieldKinds, fieldKinds, queryValues, textValues } from "./fields.ts";
import { Gate } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import {
  type Answer,
  type AnyOperation,
  type Asked,
  type Operation,
  operationKey,
  type OperationList,
} from "./operation.ts";
import { Outbox } from "./outbox.ts";
import { type PathPattern, pathPattern, pathValues } from "./pattern.ts";
import { PatternRouter } from "./pattern_router.ts";
import { Phases } from "./phases.ts";
import { CLIENT_CLOSED, faultsOf, notFound, Problem, problemOf } from "./problem.ts";

/** Origins of web pages that may ask; `*` is all, null none. */
export type AllowedOrigins = "*" | readonly string[] | null;

interface ApiSettings {
  limits: ServeLimits;
  metrics: Metrics;
  allowOrigin: AllowedOrigins;
  /** The address that clients reach this server by; null takes each request's Host. */
  baseUrl: string | null;
  /** A line a request; absent for none. */
  onRequest?: ((line: string) => void) | undefined;
  /** Does in a worker thread what operations say they can do there; absent, all is done in this one. */
  apart?: ((operation: AnyOperation, asked: Asked<unknown, unknown, unknown>) => Promise<Answer>) | undefined;
  /** Failures that are the server's, not the client's. */
  onFailure: (message: string, error: unknown) => void;
}

// Schemas are checked as they stand: code made for each, on its first request, costs more than most requests save.
z.config({ jitless: true });

const CACHED = "public, max-age=3600";
/** Nothing was there; granules arrive, so this is asked again soon. */
const CACHED_NOTHING = "public, max-age=60";
const LONGEST_LOGGED = 500;
const EXPOSED = "Content-Bbox, Content-Crs, Content-Range, ETag, X-Granary-Failed, X-Granary-Granules, " +
  "X-Granary-Order, X-Granary-Rescale, X-Granary-Time";

export class Api implements OperationList {
  readonly app = new Hono({ router: new PatternRouter() });
  readonly operations: AnyOperation[] = [];
  readonly gate: Gate;
  readonly #outbox: Outbox;
  /** Requests whose answers are being made. */
  #working = 0;
  readonly #patterns: { method: string; pattern: PathPattern }[] = [];

  constructor(readonly settings: ApiSettings) {
    const { limits, metrics } = settings;
    this.gate = new Gate(limits.atOnce, limits.waiting);
    this.#outbox = new Outbox(limits);
    metrics.gauge(
      "granary_answers_bytes",
      "Bytes of large answers that wait for their clients.",
      () => this.#outbox.usedBytes,
    );
    metrics.counter(
      "granary_answers_cut_total",
      "Answers that were given up for their clients' slowness.",
      () => this.#outbox.cut,
    );
    metrics.gauge("granary_requests_reading", "Requests that read data now.", () => this.gate.inside);
    metrics.gauge("granary_requests_waiting", "Requests that wait for their turn.", () => this.gate.waiting);
    this.app.options("*", (c) => this.#preflight(c));
    this.app.notFound((c) => this.#respond(c, "(none)", () => Promise.reject(this.#unknown(c))));
  }

  add<Path extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType = z.ZodUndefined>(
    operation: Operation<Path, Query, Body>,
  ): void {
    const known = operation as unknown as AnyOperation;
    this.operations.push(known);
    const pattern = pathPattern(operation.path);
    this.#patterns.push({ method: operation.method, pattern });
    this.app.on(
      operation.method.toUpperCase(),
      operation.path,
      (c) =>
        this.#respond(c, operationKey(operation), async (phases, signal) => {
          const url = new URL(c.req.url);
          if (url.search.length > this.settings.limits.queryCharacters) {
            throw new Problem(
              414,
              `the query is longer than ${this.settings.limits.queryCharacters} characters`,
            );
          }
          const texts = pathValues(pattern, url.pathname);
          if (texts === null) throw notFound("Not Found");
          const pathKinds = fieldKinds(operation.pathParameters);
          const queryKinds = fieldKinds(operation.query);
          const path = checked(known.pathParameters, textValues(texts, pathKinds), "path", pathKinds);
          const query = checked(known.query, queryValues(url.searchParams, queryKinds), "query", queryKinds);
          const body = known.body === undefined ? undefined : checked(
            known.body,
            await readJson(c.req.raw, this.settings.limits.bodyBytes, signal),
            "body",
          );
          const asked = {
            path,
            query,
            body,
            sent: url.searchParams,
            headers: c.req.raw.headers,
            baseUrl: this.#baseUrl(c),
            signal,
            phases,
          };
          const { apart } = this.settings;
          const answer = known.apart === true && apart !== undefined
            ? () => apart(known, asked)
            : () => known.answer(asked as never);
          if (operation.heavy !== true) return await answer();
          const large = (operation.pixels?.(asked) ?? 0) > LARGE_PIXELS;
          const leave = await phases.of("wait", () => this.gate.enter(signal, large));
          // The place is left when the work has ended, not when its client was answered that it takes too long.
          const work = Promise.resolve().then(answer).finally(leave);
          return await unlessAborted(work, signal);
        }),
    );
  }

  #unknown(c: Context): Problem {
    const { pathname } = new URL(c.req.url);
    const others = this.#patterns.filter(({ pattern }) => pattern.test.test(pathname));
    if (others.length === 0) return notFound("Not Found");
    const allow = [...new Set(others.map(({ method }) => method.toUpperCase()))].join(", ");
    return new Problem(405, "Method Not Allowed", { allow });
  }

  async #respond(
    c: Context,
    route: string,
    work: (phases: Phases, signal: AbortSignal) => Promise<Answer>,
  ): Promise<Response> {
    const begun = performance.now();
    const phases = new Phases();
    const { limits, metrics } = this.settings;
    const controller = new AbortController();
    const timer = setTimeout(
      () => controller.abort(new Problem(504, `no answer within ${limits.requestMs / 1000} seconds`)),
      limits.requestMs,
    );
    const client = c.req.raw.signal;
    const onGone = () => controller.abort(new ClientGone());
    if (client.aborted) onGone();
    else client.addEventListener("abort", onGone, { once: true });
    let answer: Answer;
    let body: Answer["body"] | ReadableStream<Uint8Array> = null;
    this.#working += 1;
    try {
      answer = unlessKnown(c.req.raw, await work(phases, controller.signal));
      body = bodyOf(answer);
      if (body instanceof Uint8Array && c.req.method !== "HEAD") {
        body = this.#outbox.body(body, this.#outgoing(c));
      }
    } catch (error) {
      answer = this.#refusal(c, error);
      body = answer.body;
    } finally {
      this.#working -= 1;
      clearTimeout(timer);
      client.removeEventListener("abort", onGone);
    }
    const status = answer.status ?? 200;
    const sent = bodyOf(answer);
    const bytes = typeof sent === "string" ? Buffer.byteLength(sent) : sent?.length ?? 0;
    const milliseconds = performance.now() - begun;
    metrics.record(route, status, milliseconds, bytes, phases);
    this.settings.onRequest?.(line(c, status, milliseconds, bytes, phases));
    // A client that is gone gets nothing; the router still wants a response.
    if (status === CLIENT_CLOSED) return new Response(null, { status: 503 });
    const headers = this.#headers(c, answer, status);
    const isSaid = body instanceof ReadableStream || (c.req.method === "HEAD" && body !== null);
    if (isSaid) headers.set("content-length", String(bytes));
    return new Response(body as BodyInit | null, { status, headers });
  }

  /** What is known of a request's connection, and of the answers that others have not taken. */
  #outgoing(c: Context): Parameters<Outbox["body"]>[1] {
    const { outgoing, unanswered } = (c.env ?? {}) as
      & { outgoing?: ServerResponse }
      & Partial<RuntimeConnection>;
    if (outgoing === undefined) {
      return unanswered === undefined ? {} : { unsent: unanswered() - this.#working };
    }
    return {
      hangUp: () => {
        outgoing.destroy();
        outgoing.socket?.destroy();
      },
    };
  }

  #refusal(c: Context, error: unknown): Answer {
    if (error instanceof ClientGone) return { status: CLIENT_CLOSED, body: null };
    const problem = problemOf(error);
    if (problem.status >= 500 && problem.cause !== undefined) {
      const { cause } = problem;
      const message = cause instanceof Error ? cause.message : String(cause);
      const kind = cause instanceof GranaryError ? cause.tag : "bug";
      this.settings.onFailure(`${c.req.method} ${shown(c.req.url)}: ${kind}: ${message}`, cause);
    }
    return {
      status: problem.status,
      type: "application/json",
      body: JSON.stringify({ detail: problem.detail }),
      headers: problem.headers,
    };
  }

  #headers(c: Context, answer: Answer, status: number): Headers {
    const headers = new Headers(answer.headers);
    if (answer.type !== undefined && answer.body !== null) headers.set("content-type", answer.type);
    if (c.req.method === "GET" || c.req.method === "HEAD") {
      if (!headers.has("cache-control")) {
        headers.set("cache-control", status >= 500 ? "no-store" : status === 204 ? CACHED_NOTHING : CACHED);
      }
    }
    headers.set("x-content-type-options", "nosniff");
    this.#allow(c, headers);
    return headers;
  }

  #allow(c: Context, headers: Headers): void {
    const { allowOrigin } = this.settings;
    if (allowOrigin === null) return;
    // The header holds one origin: of several the one that asks.
    if (allowOrigin !== "*") headers.append("vary", "Origin");
    const allowed = allowOrigin === "*"
      ? allowOrigin
      : allowOrigin.find((one) => one === c.req.header("origin"));
    if (allowed === undefined) return;
    headers.set("access-control-allow-origin", allowed);
    headers.set("access-control-expose-headers", EXPOSED);
  }

  #preflight(c: Context): Response {
    const headers = new Headers({ "access-control-max-age": "3600" });
    this.#allow(c, headers);
    headers.set("access-control-allow-methods", "GET, HEAD, POST");
    const asked = c.req.header("access-control-request-headers");
    if (asked !== undefined && /^[\w\-, ]{1,500}$/.test(asked)) {
      headers.set("access-control-allow-headers", asked);
    }
    return new Response(null, { status: 204, headers });
  }

  /** By what address this server is reached: its own setting, else a Host that can be one, as it was asked. */
  #baseUrl(c: Context): string {
    if (this.settings.baseUrl !== null) return this.settings.baseUrl;
    const host = c.req.header("host") ?? "";
    if (/^([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/.test(host)) {
      const { basePath = "" } = (c.env ?? {}) as { basePath?: string };
      return `${new URL(c.req.url).protocol === "https:" ? "https" : "http"}://${host}${basePath}`;
    }
    throw new Problem(400, "the Host header is no host");
  }
}

/** A tagged answer; 304 without a body where the client names the tag. */
function unlessKnown({ method, headers }: Request, answer: Answer): Answer {
  if ((method !== "GET" && method !== "HEAD") || (answer.status ?? 200) !== 200 || answer.body === null) {
    return answer;
  }
  const etag = answer.headers?.etag ?? entityTag(answer.body);
  if (etag === undefined) return answer;
  if (!namesTag(headers.get("if-none-match"), etag)) {
    return { ...answer, headers: { ...answer.headers, etag } };
  }
  const { "content-length": _, ...kept } = answer.headers ?? {};
  return { status: 304, body: null, headers: { ...kept, etag } };
}

function bodyOf({ status, body }: Answer): Answer["body"] {
  return status === 204 || status === 304 ? null : body;
}

class ClientGone extends Error {
  constructor() {
    super("the client closed the connection");
  }
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: "query" | "path" | "body",
  kinds: FieldKinds = new Map(),
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const integers = new Set([...kinds].flatMap(([name, { type }]) => type === "integer" ? [name] : []));
  throw new Problem(422, faultsOf(result.error, where, value, integers));
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {}); // reported by the race, if it still is of interest
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function shown(url: string): string {
  const { pathname, search } = new URL(url);
  const text = pathname + search;
  return text.length <= LONGEST_LOGGED ? text : `${text.slice(0, LONGEST_LOGGED)}…`;
}

function line(c: Context, status: number, milliseconds: number, bytes: number, phases: Phases): string {
  const spent = String(phases);
  return `${c.req.method} ${shown(c.req.url)} ${status} ${milliseconds.toFixed(1)} ms ${formatBytes(bytes)}` +
    (spent === "" ? "" : ` (${spent})`);
}
