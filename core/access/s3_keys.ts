/**
 * Keys for S3: what they are, and Earthdata's short-lived ones. Each product names the endpoint that gives
 * them; they are asked for once for all readers of that endpoint, and never used for another's.
 */
import { GranaryError } from "../errors.ts";
import type { HttpReply } from "./http.ts";
import { safeName } from "./redact.ts";
import { askWithToken, type TokenAsker } from "./token_request.ts";

export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  /** Milliseconds since 1970 by this machine's clock; absent for keys that do not end. */
  expiresAt?: number | undefined;
  /** For messages: the endpoint, the profile, the environment. */
  origin: string;
}

/** Gives keys, and other ones when those were refused. */
export interface KeySource {
  /** For messages: where the keys come from. */
  readonly origin: string;
  keys(): Promise<S3Keys>;
  /** After `refused` was not accepted: true when there are others now. */
  renew(refused: S3Keys): Promise<boolean>;
}

/** Keys are renewed when they have less than this left. */
const RENEW_KEYS_BEFORE_MS = 5 * 60_000;
const RETRY_RENEWAL_AFTER_MS = 20_000;

/**
 * Keeps keys until shortly before they end; one renewal for all who ask. A renewal that fails while the old
 * keys still hold is a warning.
 */
export class RenewedKeys implements KeySource {
  readonly origin: string;
  readonly #fetch: () => Promise<S3Keys>;
  readonly #now: () => number;
  readonly #warn: (message: string) => void;
  #current: S3Keys | undefined;
  #renewAt = Infinity;
  #underWay: Promise<S3Keys> | undefined;

  constructor(
    origin: string,
    fetchKeys: () => Promise<S3Keys>,
    now: () => number,
    warn: (message: string) => void,
  ) {
    this.origin = origin;
    this.#fetch = fetchKeys;
    this.#now = now;
    this.#warn = warn;
  }

  async keys(): Promise<S3Keys> {
    const current = this.#current;
    if (current !== undefined && this.#now() < this.#renewAt) return current;
    try {
      return await this.#renewed();
    } catch (error) {
      const holds = current?.expiresAt !== undefined && this.#now() < current.expiresAt;
      if (!holds || !(error instanceof GranaryError) || error.tag !== "io") throw error;
      this.#renewAt = this.#now() + RETRY_RENEWAL_AFTER_MS;
      this.#warn(`S3 keys could not be renewed yet: ${error.message}`);
      return current;
    }
  }

  async renew(refused: S3Keys): Promise<boolean> {
    if (this.#current !== undefined && this.#current.accessKeyId !== refused.accessKeyId) return true;
    const keys = await this.#renewed();
    return keys.accessKeyId !== refused.accessKeyId || keys.sessionToken !== refused.sessionToken;
  }

  #renewed(): Promise<S3Keys> {
    this.#underWay ??= this.#fetch().then((keys) => {
      this.#current = keys;
      const now = this.#now();
      // Keys that are given for less than ten minutes are renewed at half their life.
      this.#renewAt = keys.expiresAt === undefined
        ? Infinity
        : Math.max(keys.expiresAt - RENEW_KEYS_BEFORE_MS, now + (keys.expiresAt - now) / 2);
      return keys;
    }).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }
}

interface EarthdataKeysOptions extends TokenAsker {
  warn: (message: string) => void;
  now: () => number;
}

/** One for a process: keys by endpoint. */
export class EarthdataKeys {
  readonly #options: EarthdataKeysOptions;
  readonly #endpoints = new Map<string, RenewedKeys>();

  constructor(options: EarthdataKeysOptions) {
    this.#options = options;
  }

  /** The keys of one credential endpoint (a URL from the catalog). */
  of(endpoint: string): KeySource {
    if (!URL.canParse(endpoint) || !this.#options.earthdata.covers(new URL(endpoint))) {
      throw new GranaryError(
        "credential",
        `${
          safeName(endpoint)
        }: this credential endpoint is no Earthdata host, and the token is not sent to it ` +
          `(check the catalog's s3_credentials; hosts that may have the token are set by GRANARY_EARTHDATA_HOSTS)`,
      );
    }
    let keys = this.#endpoints.get(endpoint);
    if (keys === undefined) {
      keys = new RenewedKeys(
        safeName(endpoint),
        () => this.#ask(endpoint),
        this.#options.now,
        this.#options.warn,
      );
      this.#endpoints.set(endpoint, keys);
    }
    return keys;
  }

  #ask(endpoint: string): Promise<S3Keys> {
    const asked = `S3 keys of ${safeName(endpoint)}`;
    return askWithToken(
      this.#options,
      new URL(endpoint),
      asked,
      (reply) => reply.status === 200 ? parseKeys(reply, endpoint, this.#options.now()) : undefined,
    );
  }
}

function parseKeys(reply: HttpReply, endpoint: string, now: number): S3Keys | undefined {
  let answer: Record<string, unknown> | null = null;
  try {
    answer = JSON.parse(new TextDecoder().decode(reply.body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = answer ?? {};
  if (
    typeof accessKeyId !== "string" || typeof secretAccessKey !== "string" || typeof sessionToken !== "string"
  ) {
    return undefined;
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiresAt: expiryHere(expiration, reply.headers.get("date"), now),
    origin: safeName(endpoint),
  };
}

/**
 * An expiry by this machine's clock, which may be wrong: what counts is how long after the server's own
 * Date it lies. `2026-11-21 05:00:00+00:00` and ISO forms are read; no zone means UTC.
 */
function expiryHere(expiration: unknown, serverDate: string | null, now: number): number | undefined {
  if (typeof expiration !== "string") return undefined;
  const iso = expiration.trim().replace(" ", "T").replace(/ /g, "");
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`);
  if (Number.isNaN(at)) return undefined;
  const server = serverDate === null ? NaN : Date.parse(serverDate);
  // Dates of HTTP have whole seconds; a difference below two is none.
  const ahead = Number.isNaN(server) || Math.abs(server - now) < 2000 ? 0 : now - server;
  return at + ahead;
}
