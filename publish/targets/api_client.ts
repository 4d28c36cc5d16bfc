/**
 * Requests to one API with a token that goes to its host alone. What may pass is tried again: 429, 5xx,
 * networks, time-outs; every other answer is the caller's to read.
 */
import type { HttpClient, HttpReply } from "../../core/access/http.ts";
import { excerpt, safeName } from "../../core/access/redact.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, withRetries } from "../../core/access/retry.ts";
import { GranaryError, inputError } from "../../core/errors.ts";

/** Answers of such APIs are items and short messages. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface ApiOptions {
  readonly client: HttpClient;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** The value of the Authorization header; asked for before each request. */
  readonly authorization?: (() => Promise<string | undefined>) | undefined;
}

export interface ApiReply {
  readonly status: number;
  /** The parsed body; undefined where it is no JSON. */
  readonly body: unknown;
  /** The body's beginning on one line, for messages. */
  readonly words: string;
}

export class ApiClient {
  readonly name: string;
  readonly #base: string;
  readonly #options: ApiOptions;

  constructor(url: string, options: ApiOptions) {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      throw inputError(`${safeName(url)}: is no address of an API (wanted https://…)`);
    }
    this.name = safeName(url).replace(/\/+$/, "");
    this.#base = url.replace(/[?#].*$/s, "").replace(/\/+$/, "");
    this.#options = options;
  }

  /** `path` begins with a slash; parts from outside are encoded by the caller. */
  async ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<ApiReply> {
    const { client, retry, signal, authorization } = this.#options;
    const asked = `${method} ${this.name}${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await withRetries(retry, signal, async () => {
      const secret = await authorization?.();
      const reply = await client.exchange({
        url: this.#base + path,
        method,
        headers: {
          accept: "application/json",
          ...(text === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(secret === undefined ? {} : { secretHeaders: { authorization: secret } }),
        ...(text === undefined ? {} : { body: text }),
        maxBytes: MOST_ANSWER_BYTES,
        signal,
        asked,
      });
      const { status } = reply;
      const words = excerpt(reply.body, 300);
      if (isRetryableStatus(status)) {
        throw statusTrouble(asked, status, reply.headers, words === "" ? "" : `(${words})`);
      }
      if (status === 401 || status === 403) {
        throw new GranaryError(
          "credential",
          `${asked}: the server answered ${status} (${words}): ` +
            (secret === undefined
              ? "it wants a token (token: env:NAME)"
              : "the token is not accepted; renew it"),
        );
      }
      const answer = { status, body: parsed(reply), words };
      if (isDone(status) && isPage(reply, answer.body)) {
        throw unexpected(
          asked,
          answer,
          "which is no answer of an API (a login page, or another service's place?)",
        );
      }
      return answer;
    });
  }
}

/** An answer that is neither good nor expected, as an error. */
export function unexpected(asked: string, reply: ApiReply, advice: string): GranaryError {
  return new GranaryError(
    "io",
    `${asked}: the server answered ${reply.status}${
      reply.words === "" ? "" : ` (${reply.words})`
    }; ${advice}`,
    { details: { status: reply.status } },
  );
}

/** Whether a status says that it was done. */
export function isDone(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** Whether a good answer is a page for people, or JSON that was cut: it says nothing of what was done. */
function isPage({ headers, body }: HttpReply, json: unknown): boolean {
  const type = headers.get("content-type") ?? "";
  return json === undefined && body.length > 0 && (/html|json/i.test(type) || body[0] === 0x3c);
}

function parsed(reply: HttpReply): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(reply.body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
