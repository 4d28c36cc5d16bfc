/**
 * One request whose answer is text: bounded in size, tried again where that can help, with an error
 * that says what the server said where it cannot.
 */
import { GranaryError, inputError } from "../../../core/errors.ts";
import process from "node:process";
import { networkSettings } from "../../../core/access/settings.ts";
import type { Environment } from "../../../core/access/token_store.ts";
import { HttpClient } from "../../../core/access/http.ts";
import { excerpt, safeName } from "../../../core/access/redact.ts";
import {
  DEFAULT_RETRY,
  isRetryableStatus,
  type RetryPolicy,
  statusTrouble,
  Trouble,
  withRetries,
} from "../../../core/access/retry.ts";

/** How requests for answers are sent. */
export interface HttpIo {
  client: HttpClient;
  retry: Readonly<RetryPolicy>;
  signal?: AbortSignal | undefined;
  /** Called before every wait: why, and for how long. */
  onWait?: (reason: string, waitMs: number) => void;
  /** `Authorization` for the host that is asked, for collections that are not public. */
  authorization?: string | undefined;
  /** What a message says may help where the server wants to know who asks. */
  loginHint?: string | undefined;
}

export interface TextRequest {
  url: string;
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** What messages call the request. */
  asked: string;
}

interface TextReply {
  text: string;
  headers: Headers;
  url: string;
}

/** The largest answer that is read: 2,000 granules of the longest metadata come to some 60 MB. */
export const MOST_ANSWER_BYTES = 256 * 1024 * 1024;

/** What sends requests, with the limits and the attempts that the environment sets. */
export function defaultHttpIo(signal?: AbortSignal, env: Environment = process.env): HttpIo {
  const { limits, retry } = networkSettings(env);
  return { client: new HttpClient(limits), retry: { ...DEFAULT_RETRY, ...retry }, signal };
}

/** The variable that holds the token of a STAC API. */
export const STAC_TOKEN = "GRANARY_STAC_TOKEN";

/** `Authorization` of a STAC API by the environment; undefined without a token. */
export function stacAuthorization(env: Environment): string | undefined {
  const token = env[STAC_TOKEN]?.trim();
  if (token === undefined || token === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new GranaryError(
      "credential",
      `${STAC_TOKEN} holds what no token does: spaces or other characters`,
    );
  }
  return `Bearer ${token}`;
}

/**
 * Sends the request until a 2xx answer is whole. Throws an input error for other 4xx answers, a
 * credential error for 401 and 403, and an io error when the retries are used up.
 */
export function requestText(io: HttpIo, request: TextRequest): Promise<TextReply> {
  const { asked } = request;
  if (!/^https?:\/\//i.test(request.url) || !URL.canParse(request.url)) {
    throw inputError(`${asked}: "${safeName(request.url)}" is not an http or https URL`);
  }
  return withRetries(io.retry, io.signal, async () => {
    const reply = await io.client.exchange({
      url: request.url,
      method: request.method ?? "GET",
      headers: { "accept-encoding": "gzip", ...request.headers },
      ...(io.authorization === undefined ? {} : { secretHeaders: { authorization: io.authorization } }),
      ...(request.body === undefined ? {} : { body: request.body }),
      follow: () => true,
      maxBytes: MOST_ANSWER_BYTES,
      signal: io.signal,
      asked,
    });
    const { status } = reply;
    if (isRetryableStatus(status)) throw statusTrouble(asked, status, reply.headers, serverWords(reply.body));
    if (status === 401 || status === 403) {
      throw new GranaryError(
        "credential",
        `${asked}: the server answered ${status}${serverWords(reply.body)} (${
          io.loginHint ?? "what was asked for may be for some users only"
        })`,
      );
    }
    if (status < 200 || status > 299) {
      throw inputError(`${asked}: the server answered ${status}${serverWords(reply.body)}`, { status });
    }
    if (reply.overlong) throw inputError(`${asked}: the answer is longer than ${MOST_ANSWER_BYTES} bytes`);
    const stated = Number(reply.headers.get("content-length") ?? NaN);
    if (reply.headers.get("content-encoding") === null && stated > reply.body.length) {
      throw new Trouble({
        kind: "short",
        asked,
        came: `${reply.body.length} of ${stated} bytes came`,
        advice: "the network or the server cuts answers off: try again later",
        retryable: true,
      });
    }
    return { text: new TextDecoder().decode(reply.body), headers: reply.headers, url: reply.url };
  }, (trouble, waitMs) => io.onWait?.(trouble.message, waitMs));
}

/** ` (what the server said)`, or nothing. JSON `{"errors": […]}` gives its sentences alone. */
function serverWords(body: Uint8Array): string {
  if (body.length === 0) return "";
  const words = excerpt(body, 300);
  const errors = /^\{"errors":\[(.*)\]\}$/s.exec(words)?.[1];
  return ` (${errors ?? words})`;
}
