/**
 * Which troubles of a network are worth a second try, and how long to wait before it: exponential
 * backoff with jitter, or what the server asked for by retry-after.
 */
import { type ErrorTag, GranaryError } from "../errors.ts";
import { sleep } from "../concurrency.ts";
import { redact } from "./redact.ts";

export interface RetryPolicy {
  /** How often a request is sent at most. */
  attempts: number;
  /** The wait before the second attempt is between half of this and all of it; then it doubles. */
  baseMs: number;
  /** No wait of our own is longer. */
  capMs: number;
  /** A server that asks for a longer wait is given up. */
  longestRetryAfterMs: number;
  /** How often a host is asked at most that has never answered: it may not exist. Default: attempts. */
  unansweredAttempts?: number;
}

export const DEFAULT_RETRY: Readonly<RetryPolicy> = {
  attempts: 8,
  baseMs: 500,
  capMs: 30_000,
  longestRetryAfterMs: 300_000,
  unansweredAttempts: 4,
};

/** A server that answers another range than the one asked for seldom learns it. */
const RANGE_ATTEMPTS = 3;

type TroubleKind =
  | "timeout"
  | "reset"
  | "refused"
  | "dns"
  | "tls"
  | "network"
  | "status"
  | "throttled"
  | "short"
  | "range";

/** One failed attempt: what was asked, what came, what to do if it stays so. */
export class Trouble extends Error {
  readonly kind: TroubleKind;
  readonly asked: string;
  readonly came: string;
  readonly advice: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly tag: ErrorTag;
  /** Whether the host had never answered before. */
  readonly unanswered: boolean;

  constructor(fields: {
    kind: TroubleKind;
    asked: string;
    came: string;
    advice: string;
    retryable: boolean;
    retryAfterMs?: number | undefined;
    tag?: ErrorTag;
    unanswered?: boolean;
  }) {
    super(`${fields.asked}: ${fields.came}`);
    this.name = "Trouble";
    this.kind = fields.kind;
    this.asked = fields.asked;
    this.came = fields.came;
    this.advice = fields.advice;
    this.retryable = fields.retryable;
    this.retryAfterMs = fields.retryAfterMs;
    this.tag = fields.tag ?? "io";
    this.unanswered = fields.unanswered ?? false;
  }

  /** The error after `attempts` tries. */
  final(attempts: number): GranaryError {
    const times = attempts > 1 ? `, ${attempts} times` : "";
    return new GranaryError(this.tag, `${this.asked}: ${this.came}${times} (${this.advice})`, {
      details: { asked: this.asked, kind: this.kind, attempts },
    });
  }
}

/** Statuses after which another attempt may succeed. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status === 500 || status === 502 ||
    status === 503 || status === 504;
}

/** Milliseconds that a Retry-After header asks for: seconds or a date; undefined where it says neither. */
export function retryAfterMs(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Math.round(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The trouble that a status which may pass stands for. */
export function statusTrouble(asked: string, status: number, headers: Headers, note = ""): Trouble {
  const throttled = status === 429 || status === 503;
  return new Trouble({
    kind: throttled ? "throttled" : "status",
    asked,
    came: `the server answered ${status}${note === "" ? "" : ` ${note}`}`,
    advice: throttled
      ? "it asks for fewer requests: use fewer workers, or try again later"
      : "the trouble is at the server: try again later",
    retryable: true,
    retryAfterMs: retryAfterMs(headers.get("retry-after")),
  });
}

/**
 * The trouble behind a rejected fetch. Engines name the same thing differently (a code in one, a sentence
 * in another), so both are looked at; what is not known is tried again.
 */
export function networkTrouble(asked: string, error: unknown, unanswered = false): Trouble {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code;
    parts.push(`${typeof code === "string" ? `${code} ` : ""}${at.name} ${at.message}`);
  }
  const text = redact(parts.join("; "));
  const of = (kind: TroubleKind, came: string, advice: string, retryable = true) =>
    new Trouble({ kind, asked, came, advice, retryable, unanswered });
  if (/certificate|\bcert\b|\bTLS\b|\bSSL\b|UnknownIssuer|self.signed|unable to verify/i.test(text)) {
    return of(
      "tls",
      "the server's certificate is not accepted",
      "check the host's name and this machine's CA bundle",
      false,
    );
  }
  if (/dns|ENOTFOUND|EAI_|lookup address|getaddrinfo|name resolution|resolve host/i.test(text)) {
    return of("dns", "the host's name could not be resolved", "check the name and this machine's network");
  }
  if (/ECONNREFUSED|ConnectionRefused|refused|Unable to connect|FailedToOpenSocket/i.test(text)) {
    return of(
      "refused",
      "the connection was refused",
      "check that the host is up and a proxy, if there is one, is set",
    );
  }
  if (/timed? ?out|ETIMEDOUT|TimeoutError/i.test(text)) {
    return of("timeout", "nothing came in time", "the network is slow or cut: try again later");
  }
  if (
    /reset|ECONNRESET|EPIPE|closed|ConnectionClosed|end of file|unexpected eof|body|incomplete|aborted/i.test(
      text,
    )
  ) {
    return of(
      "reset",
      "the connection was cut",
      "the network or the server drops connections: try again later",
    );
  }
  return of("network", `the request failed (${text.slice(0, 200)})`, "check this machine's network");
}

/** The wait before attempt `next` (2 is the second): what was asked for, or backoff; both with jitter. */
export function backoffMs(policy: RetryPolicy, next: number, askedMs: number | undefined): number {
  const full = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(next - 2, 30));
  if (askedMs !== undefined) return askedMs + Math.random() * Math.min(full, askedMs / 4);
  return full / 2 + Math.random() * full / 2;
}

/**
 * Runs `attempt` until it ends well, throws something that is no {@linkcode Trouble}, or the policy is used
 * up; then throws what the last trouble stands for. An aborted signal ends waits at once.
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
  onWait?: (trouble: Trouble, waitMs: number) => void,
): Promise<T> {
  for (let number = 1;; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      if (!(error instanceof Trouble)) throw error;
      const asked = error.retryAfterMs;
      if (asked !== undefined && asked > policy.longestRetryAfterMs) {
        throw new Trouble({
          ...pick(error),
          came: `${error.came} and asks to wait ${Math.ceil(asked / 1000)} s`,
        }).final(number);
      }
      const attempts = attemptsFor(error, policy);
      if (!error.retryable || number >= attempts) throw error.final(number);
      const wait = backoffMs(policy, number + 1, asked);
      onWait?.(error, wait);
      await sleep(wait, signal).catch(() => {
        throw abortError(signal!);
      });
    }
  }
}

/** A timeout costs a minute, where a refusal costs nothing. */
function attemptsFor({ kind, unanswered }: Trouble, policy: RetryPolicy): number {
  if (kind === "range") return Math.min(policy.attempts, RANGE_ATTEMPTS);
  const { attempts, unansweredAttempts = attempts } = policy;
  if (!unanswered) return attempts;
  return Math.min(attempts, kind === "timeout" ? Math.ceil(unansweredAttempts / 2) : unansweredAttempts);
}

function pick(trouble: Trouble) {
  const { kind, asked, came, advice, retryable, tag } = trouble;
  return { kind, asked, came, advice, retryable, tag };
}

/** What to throw when a signal aborts: its reason where that is an error of ours, else `interrupted`. */
export function abortError(signal: AbortSignal): Error {
  if (signal.reason instanceof GranaryError) return signal.reason;
  return new GranaryError("interrupted", "interrupted", { cause: signal.reason });
}
