/**
 * How one location is asked: by HTTPS with a token, or by S3 with signatures. The loop around it, which
 * waits and tries again, is the same for both.
 */
import type { GranaryError } from "../errors.ts";
import type { HttpClient, HttpReply, HttpRequest } from "./http.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, withRetries } from "./retry.ts";

/** Shorter waits are not reported. */
const LONG_WAIT_MS = 4000;

/** What differs between requests to one location. */
export type LocationRequest = Pick<
  HttpRequest,
  "method" | "headers" | "body" | "maxBytes" | "into" | "sink" | "signal" | "counters"
>;

/** One answer, and what the transport makes of it when it is a refusal. */
export interface Attempt {
  readonly reply: HttpReply;
  /** The answer stands for trouble that may pass, though its status does not say so. */
  readonly passing?: string | undefined;
  /** A login page or the like under a good status. */
  readonly refused: boolean;
  /**
   * Renews what may be stale: true when the request may be sent again at once. `repaired` holds what was
   * repaired for this request already, so that nothing is tried twice.
   */
  repair(repaired: Set<string>): Promise<boolean>;
  refusal(): GranaryError;
}

export interface Transport {
  /** The location as messages name it. */
  readonly name: string;
  send(request: LocationRequest, asked: string): Promise<Attempt>;
}

/** Statuses beyond 2xx that `request` hands to `accept` instead of refusing them. */
export interface RequestOptions {
  also?: readonly number[];
}

/**
 * Sends until an answer is accepted. `accept` gets answers with a 2xx status (and those in `also`) and may
 * throw a Trouble to have the request sent again. Throws credential, granule and io errors.
 */
export function request<T>(
  client: HttpClient,
  transport: Transport,
  policy: RetryPolicy,
  asked: string,
  what: LocationRequest,
  accept: (reply: HttpReply) => T | Promise<T>,
  options: RequestOptions = {},
): Promise<T> {
  const repaired = new Set<string>();
  return withRetries(policy, what.signal, async () => {
    for (;;) {
      const attempt = await transport.send(what, asked);
      const { reply } = attempt;
      const good = (reply.status >= 200 && reply.status < 300) || options.also?.includes(reply.status);
      if (good && !attempt.refused) return await accept(reply);
      if (attempt.passing !== undefined || isRetryableStatus(reply.status)) {
        const trouble = statusTrouble(asked, reply.status, reply.headers, attempt.passing ?? "");
        const { host } = new URL(reply.url);
        if (isThrottled(reply.status, attempt.passing)) client.gate.throttle(host, reply.startedAt);
        const wait = trouble.retryAfterMs;
        if (wait !== undefined && wait <= policy.longestRetryAfterMs) {
          client.gate.close(host, wait);
        }
        throw trouble;
      }
      if (!await attempt.repair(repaired)) throw attempt.refusal();
    }
  }, (trouble, waitMs) => {
    if (waitMs < LONG_WAIT_MS) return;
    client.onLongWait(`${serverOf(transport.name)}: ${trouble.came}; waiting and trying again`);
  });
}

/** Whether an answer asks for fewer requests. */
function isThrottled(status: number, code: string | undefined): boolean {
  return status === 429 || status === 503 || code === "SlowDown";
}

/** `https://host` or `s3://bucket`. */
function serverOf(name: string): string {
  return name.split("/").slice(0, 3).join("/");
}
