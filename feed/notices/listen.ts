/**
 * The endpoint that a provider pushes to: the body goes into the inbox, the answer follows the commit. All
 * that arrives while a commit is under way shares the next one.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import type { Readable } from "node:stream";
import { joinChunks } from "../../core/bytes.ts";
import { listenHttp } from "../../core/http/listen.ts";
import { keepNotices, type Notice } from "../ledger/inbox.ts";
import type { Feed } from "../open.ts";

interface ListenOptions {
  host: string;
  port: number;
  user: string;
  password: string;
  /** What /metrics says. */
  metrics?: () => Promise<string>;
  /** After notices were kept. */
  onKept?: () => void;
  onError: (message: string) => void;
}

interface Listener {
  url: string;
  /** Takes no new request, answers those that came, ends. */
  close(): Promise<void>;
}

/** The largest notice is some 10 kB; anything much longer is no notice. */
const MOST_BODY_BYTES = 1_000_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MOST_WAITING = 10_000;
const EVENTS_PATH = "/events";
const METRICS_PATH = "/metrics";

interface Waiting {
  notice: Omit<Notice, "n">;
  answer: (status: number) => void;
}

export async function listen(feed: Feed, options: ListenOptions): Promise<Listener> {
  const waiting: Waiting[] = [];
  let committing: Promise<void> | undefined;
  const commitAll = async () => {
    // What comes in this turn of the event loop shares the commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      const status = await feed.engine.transaction((sql) =>
        keepNotices(sql, feed.definition.name, batch.map(({ notice }) => notice))
      ).then(() => 204, (error) => {
        options.onError(`notices could not be kept: ${(error as Error).message}`);
        return 503;
      });
      for (const { answer } of batch) answer(status);
      options.onKept?.();
    }
  };
  const keep = (body: string, answer: (status: number) => void) => {
    waiting.push({ notice: { source: "push", received: Date.now(), body }, answer });
    committing ??= commitAll().finally(() => committing = undefined);
  };
  const { host, port } = options;
  const listener = await listenHttp((request, response) => {
    const answer = (status: number) => {
      response.writeHead(status, status === 401 ? { "www-authenticate": "Basic realm=granary" } : {});
      response.end();
    };
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === METRICS_PATH && options.metrics !== undefined) {
      if (!isAuthorized(request.headers.authorization, options)) return refuse(request, answer, 401);
      if (request.method !== "GET") return refuse(request, answer, 405);
      return void options.metrics().then((text) => {
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
        response.end(text);
      }, (error) => {
        options.onError(`metrics: ${(error as Error).message}`);
        answer(503);
      });
    }
    if (pathname !== EVENTS_PATH) return refuse(request, answer, 404);
    if (request.method !== "POST") return refuse(request, answer, 405);
    if (!isAuthorized(request.headers.authorization, options)) return refuse(request, answer, 401);
    if (waiting.length >= MOST_WAITING) return refuse(request, answer, 503);
    receive(request, answer, keep);
  }, { host, port, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  return {
    url: listener.url + EVENTS_PATH,
    async close() {
      await listener.close();
      await committing;
    },
  };
}

/** Answers before the body has come; the rest of it is read and dropped. */
function refuse(request: Readable, answer: (status: number) => void, status: number): void {
  answer(status);
  request.resume();
}

function receive(
  request: Readable,
  answer: (status: number) => void,
  keep: (body: string, answer: (status: number) => void) => void,
): void {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let refused = false;
  request.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
    if (length <= MOST_BODY_BYTES) return void chunks.push(chunk);
    if (!refused) answer(413);
    refused = true;
    chunks.length = 0;
  });
  request.on("end", () => {
    if (length <= MOST_BODY_BYTES) keep(new TextDecoder().decode(joinChunks(chunks, length)), answer);
  });
  // A sender that goes away in the middle got no answer, and sends again.
  request.on("error", () => chunks.length = 0);
}

/** Compares digests of equal length, so that the time tells nothing of how much was right. */
function isAuthorized(header: string | undefined, { user, password }: ListenOptions): boolean {
  const wanted = `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
  const digest = (text: string) => crypto.createHash("sha256").update(text).digest();
  return crypto.timingSafeEqual(digest(header ?? ""), digest(wanted));
}
