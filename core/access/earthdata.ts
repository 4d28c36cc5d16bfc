/**
 * NASA Earthdata: which token is sent, to which hosts, where it came from and how it is renewed.
 *
 * Precedence: an explicit token, EARTHDATA_TOKEN, EARTHDATA_USERNAME with EARTHDATA_PASSWORD, the token of
 * `granary auth login`, netrc. User names and passwords are exchanged for a token at Earthdata Login
 * (POST /api/users/find_or_create_token, documented at urs.earthdata.nasa.gov/documentation).
 *
 * GRANARY_EARTHDATA_URL names another login server, GRANARY_EARTHDATA_HOSTS another list of hosts.
 */
import path from "node:path";
import { GranaryError } from "../errors.ts";
import { earthdataRefusal } from "./earthdata_refusal.ts";
import { type HttpClient, type HttpReply, isLoopback } from "./http.ts";
import { readNetrc } from "./netrc.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, withRetries } from "./retry.ts";
import {
  entryKey,
  type Environment,
  homeFolder,
  jwtExpiry,
  loginFile,
  readTokens,
  type StoredToken,
  tokenCacheFile,
  type TokenOrigin,
  writeTokens,
} from "./token_store.ts";

const EARTHDATA_LOGIN = "https://urs.earthdata.nasa.gov";

/** Hosts that get the token: these and what lies below them. */
const EARTHDATA_HOSTS: readonly string[] = [
  "earthdata.nasa.gov",
  "earthdatacloud.nasa.gov",
  "eosdis.nasa.gov",
  "oceandata.sci.gsfc.nasa.gov",
  "asf.alaska.edu",
];

/** A token is renewed when it has less than this left. */
const RENEW_BEFORE_MS = 10 * 60_000;
const ASK_AGAIN_AFTER_MS = 60_000;
const LOGIN_ANSWER_BYTES = 64 * 1024;

interface Login {
  origin: TokenOrigin;
  /** Either a token as it is … */
  token?: StoredToken;
  /** … or what a token is asked for with. */
  user?: { name: string; password: string };
}

interface EarthdataOptions {
  env: Environment;
  client: HttpClient;
  retry: RetryPolicy;
  /** The explicit token. */
  token?: string | undefined;
  signal?: AbortSignal | undefined;
  warn: (message: string) => void;
  now?: () => number;
}

/** One for a process: holds the token and renews it once for all who ask. */
export class Earthdata {
  readonly loginUrl: URL;
  readonly hosts: readonly string[];
  readonly #options: EarthdataOptions;
  readonly #now: () => number;
  #login: Login | null | undefined;
  #current: StoredToken | undefined;
  #underWay: Promise<StoredToken> | undefined;
  #askedAt = -Infinity;

  constructor(options: EarthdataOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { env } = options;
    this.loginUrl = loginUrlOf(env.GRANARY_EARTHDATA_URL || EARTHDATA_LOGIN);
    this.hosts = env.GRANARY_EARTHDATA_HOSTS
      ? env.GRANARY_EARTHDATA_HOSTS.split(",").map((host) => host.trim().toLowerCase()).filter((host) =>
        host !== ""
      )
      : EARTHDATA_HOSTS;
  }

  /** Whether a token may be sent to `url`: a listed host, by https (or on this machine). */
  covers(url: URL): boolean {
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) return false;
    if (url.host === this.loginUrl.host && url.protocol === this.loginUrl.protocol) return true;
    return this.hosts.some((host) =>
      host.includes(":")
        ? url.host === host
        : url.port === "" && (url.hostname === host || url.hostname.endsWith(`.${host}`))
    );
  }

  /** Whether `url` is the login server's: data hosts redirect there when they know no token. */
  isLogin(url: URL): boolean {
    return url.host === this.loginUrl.host;
  }

  /** The token for a request to `url`; undefined where the host gets none or none was found. */
  async tokenFor(url: URL): Promise<string | undefined> {
    if (!this.covers(url)) return undefined;
    const login = this.#find();
    if (login === null) return undefined;
    const current = this.#current;
    if (current === undefined) return (this.#current = await this.#obtain(login, undefined)).token;
    if (!this.#ending(current)) return current.token;
    try {
      return (this.#current = await this.#obtain(login, undefined)).token;
    } catch (error) {
      // The old one still holds for a while: trouble with the renewal need not stop anyone yet.
      if (!(error instanceof GranaryError) || error.tag !== "io" || this.#now() >= current.expiresAt!) {
        throw error;
      }
      this.#options.warn(`the Earthdata token could not be renewed yet: ${error.message}`);
      return current.token;
    }
  }

  /** After `refused` was not accepted: true when there is another one now. */
  async renew(refused: string | undefined): Promise<boolean> {
    const login = this.#find();
    if (login === null || refused === undefined) return false;
    if (this.#current !== undefined && this.#current.token !== refused) return true;
    if (login.user === undefined) return false;
    this.#current = await this.#obtain(login, refused);
    return this.#current.token !== refused;
  }

  /** Where the login comes from; undefined where none was found. Opens files, asks no server. */
  origin(): TokenOrigin | undefined {
    return this.#find()?.origin;
  }

  /** When the token ends (milliseconds since 1970), as far as is known without asking a server. */
  expiresAt(): number | null {
    const login = this.#find();
    if (login === null) return null;
    return (this.#current ?? login.token ?? (login.user && this.#cached(login.user.name)))?.expiresAt ?? null;
  }

  /** What to tell someone whose request was refused. */
  refusal(asked: string, reply: HttpReply, sent: boolean): GranaryError {
    return earthdataRefusal(asked, reply, sent ? this.origin() : undefined, this.loginUrl);
  }

  /** Soon over, and not asked about just now: the server may give the same token until its end. */
  #ending(token: StoredToken): boolean {
    if (token.expiresAt === null) return false;
    const left = token.expiresAt - this.#now();
    return left <= 0 || (left < RENEW_BEFORE_MS && this.#now() - this.#askedAt > ASK_AGAIN_AFTER_MS);
  }

  #find(): Login | null {
    if (this.#login === undefined) this.#login = this.#search();
    return this.#login;
  }

  #search(): Login | null {
    const { env, token } = this.#options;
    if (token !== undefined) return { origin: { kind: "explicit", where: "given" }, token: stored(token) };
    if (env.EARTHDATA_TOKEN) {
      return {
        origin: { kind: "environment", where: "EARTHDATA_TOKEN" },
        token: stored(env.EARTHDATA_TOKEN),
      };
    }
    if (env.EARTHDATA_USERNAME && env.EARTHDATA_PASSWORD) {
      return {
        origin: { kind: "password", where: "EARTHDATA_USERNAME and EARTHDATA_PASSWORD" },
        user: { name: env.EARTHDATA_USERNAME, password: env.EARTHDATA_PASSWORD },
      };
    }
    const file = loginFile(env);
    const entry = readTokens(file)[entryKey(this.loginUrl.host)];
    if (entry !== undefined) return { origin: { kind: "login", where: file }, token: entry };
    const netrc = env.NETRC || path.join(homeFolder(env), ".netrc");
    const found = readNetrc(netrc, this.loginUrl.hostname);
    if (found === undefined) return null;
    return { origin: { kind: "netrc", where: netrc }, user: { name: found.login, password: found.password } };
  }

  /** A token that is not `refused`, by cache or by asking; one asking for all who wait. */
  #obtain(login: Login, refused: string | undefined): Promise<StoredToken> {
    if (login.token !== undefined) {
      const { token } = login;
      if (token.expiresAt !== null && token.expiresAt <= this.#now()) {
        return Promise.reject(expired(login.origin, token.expiresAt, this.loginUrl));
      }
      return Promise.resolve(token);
    }
    const user = login.user!;
    if (refused === undefined && this.#current === undefined) {
      const cached = this.#cached(user.name);
      if (cached !== undefined && !this.#ending(cached)) return Promise.resolve(cached);
    }
    this.#underWay ??= this.#ask(login.origin, user).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  #cached(name: string): StoredToken | undefined {
    try {
      return readTokens(tokenCacheFile(this.#options.env))[entryKey(this.loginUrl.host, name)];
    } catch (error) {
      // A cache that cannot be used costs one more request, no more.
      if (!(error instanceof GranaryError)) throw error;
      this.#options.warn(error.message);
      return undefined;
    }
  }

  async #ask(origin: TokenOrigin, user: { name: string; password: string }): Promise<StoredToken> {
    const { client, retry, signal } = this.#options;
    const url = new URL("/api/users/find_or_create_token", this.loginUrl);
    const asked = `a token of ${url.host}`;
    const secret = btoa(String.fromCharCode(...new TextEncoder().encode(`${user.name}:${user.password}`)));
    const token = await withRetries(retry, signal, async () => {
      const reply = await client.exchange({
        method: "POST",
        url: url.href,
        secretHeaders: { authorization: `Basic ${secret}` },
        headers: { accept: "application/json" },
        body: "",
        maxBytes: LOGIN_ANSWER_BYTES,
        signal,
        asked,
      });
      if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
      if (reply.status !== 200) throw earthdataRefusal(asked, reply, origin, this.loginUrl);
      return parseToken(reply, asked);
    });
    this.#askedAt = this.#now();
    this.#remember(user.name, token);
    return token;
  }

  #remember(name: string, token: StoredToken): void {
    const file = tokenCacheFile(this.#options.env);
    try {
      const entries = this.#readable(file);
      writeTokens(file, { ...entries, [entryKey(this.loginUrl.host, name)]: token });
    } catch (error) {
      // Without a cache every process asks for itself: slower, not wrong.
      this.#options.warn(`the Earthdata token is not cached: ${(error as Error).message}`);
    }
  }

  #readable(file: string): Record<string, StoredToken> {
    try {
      return readTokens(file);
    } catch (error) {
      // What cannot be used is replaced: the new file is written with the right mode.
      if (error instanceof GranaryError) return {};
      throw error;
    }
  }
}

function stored(token: string): StoredToken {
  const clean = token.trim().replace(/^bearer\s+/i, "");
  if (!/^[\x21-\x7e]+$/.test(clean)) {
    throw new GranaryError(
      "credential",
      "the Earthdata token is empty or holds blanks or other characters that no token has; copy it again",
    );
  }
  return { token: clean, expiresAt: jwtExpiry(clean) };
}

/** Keeps a token for later runs (`auth login`), for its owner alone; gives the file. */
export function storeLogin(env: Environment, token: string): { file: string; expiresAt: number | null } {
  const file = loginFile(env);
  const host = loginUrlOf(env.GRANARY_EARTHDATA_URL || EARTHDATA_LOGIN).host;
  const entry = stored(token);
  writeTokens(file, { ...readTokens(file), [entryKey(host)]: entry });
  return { file, expiresAt: entry.expiresAt };
}

function loginUrlOf(text: string): URL {
  if (!URL.canParse(text)) {
    throw new GranaryError(
      "input",
      `GRANARY_EARTHDATA_URL is "${text}" (wanted a URL, such as ${EARTHDATA_LOGIN})`,
    );
  }
  const url = new URL(text);
  if (url.protocol !== "https:" && !isLoopback(url.hostname)) {
    throw new GranaryError(
      "input",
      `GRANARY_EARTHDATA_URL is ${url.protocol}//${url.host} (wanted https: passwords are sent there)`,
    );
  }
  return url;
}

function parseToken(reply: HttpReply, asked: string): StoredToken {
  let answer: { access_token?: unknown; expiration_date?: unknown } | undefined;
  try {
    answer = JSON.parse(new TextDecoder().decode(reply.body)) ?? undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const token = answer?.access_token;
  if (typeof token !== "string" || token === "") {
    throw new GranaryError(
      "credential",
      `${asked}: the answer holds no access_token (wanted JSON with one; is GRANARY_EARTHDATA_URL a login server?)`,
    );
  }
  return { token, expiresAt: jwtExpiry(token) ?? parseDay(answer?.expiration_date) };
}

/** `MM/DD/YYYY` as the day's first moment, UTC: early is safe. */
function parseDay(text: unknown): number | null {
  const match = typeof text === "string" ? /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) : null;
  return match ? Date.UTC(Number(match[3]), Number(match[1]) - 1, Number(match[2])) : null;
}

function expired(origin: TokenOrigin, at: number, loginUrl: URL): GranaryError {
  return new GranaryError(
    "credential",
    `the Earthdata token from ${origin.where} expired on ${new Date(at).toISOString()}; ` +
      `make a new one at ${loginUrl.origin} and store it with granary auth login or EARTHDATA_TOKEN`,
  );
}
