/**
 * Access tokens of the Copernicus Data Space: made from a user name and a password once, then by the refresh
 * token, for each password grant is a session and a user may have a hundred. Both tokens are kept in a file
 * of the owner's, which the processes of one user share.
 */
import path from "node:path";
import { GranaryError } from "../errors.ts";
import type { HttpClient } from "./http.ts";
import { safeName } from "./redact.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, withRetries } from "./retry.ts";
import { entryKey, type Environment, readTokens, tokenCacheFile, writeTokens } from "./token_store.ts";

const CDSE_TOKEN_URL =
  "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token";
const CLIENT = "cdse-public";
/** A token is renewed so long before its end. */
const AHEAD_MS = 60_000;
const MOST_ANSWER_BYTES = 100_000;

interface CdseTokensOptions {
  env: Environment;
  client: HttpClient;
  retry: Readonly<RetryPolicy>;
  signal?: AbortSignal | undefined;
  url?: string | undefined;
  now?: () => number;
}

interface Grant {
  access_token: string;
  refresh_token?: string;
  expires_in: number;
  refresh_expires_in?: number;
}

export class CdseTokens {
  readonly #options: CdseTokensOptions;
  readonly #url: string;
  readonly #file: string;
  readonly #now: () => number;
  #renewing: Promise<string> | undefined;

  constructor(options: CdseTokensOptions) {
    this.#options = options;
    this.#url = options.url ?? CDSE_TOKEN_URL;
    this.#file = path.join(path.dirname(tokenCacheFile(options.env)), "cdse-tokens.json");
    this.#now = options.now ?? Date.now;
  }

  /** A token that holds for a minute at least. Throws a credential error where none can be had. */
  async token(): Promise<string> {
    const kept = this.#kept("access");
    if (kept !== undefined) return kept;
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return await this.#renewing;
  }

  #key(kind: "access" | "refresh"): string {
    return entryKey(kind, this.#url, this.#options.env.CDSE_USERNAME ?? "");
  }

  #kept(kind: "access" | "refresh"): string | undefined {
    const entry = readTokens(this.#file)[this.#key(kind)];
    return entry !== undefined && (entry.expiresAt ?? 0) - AHEAD_MS > this.#now() ? entry.token : undefined;
  }

  async #renew(): Promise<string> {
    const { CDSE_USERNAME: username, CDSE_PASSWORD: password } = this.#options.env;
    const refresh = this.#kept("refresh");
    if (refresh !== undefined) {
      const grant = await this.#ask({ grant_type: "refresh_token", refresh_token: refresh });
      if (grant !== null) return this.#keep(grant);
    }
    if (!username || !password) {
      throw new GranaryError(
        "credential",
        "CDSE_USERNAME and CDSE_PASSWORD are not set (the Copernicus Data Space gives its files to users only)",
      );
    }
    const grant = await this.#ask({ grant_type: "password", username, password });
    if (grant !== null) return this.#keep(grant);
    throw new GranaryError("credential", `${safeName(this.#url)}: refused CDSE_USERNAME and CDSE_PASSWORD`);
  }

  #keep(grant: Grant): string {
    const now = this.#now();
    const entries = { ...readTokens(this.#file) };
    entries[this.#key("access")] = { token: grant.access_token, expiresAt: now + 1000 * grant.expires_in };
    if (grant.refresh_token !== undefined && grant.refresh_expires_in !== undefined) {
      entries[this.#key("refresh")] = {
        token: grant.refresh_token,
        expiresAt: now + 1000 * grant.refresh_expires_in,
      };
    }
    writeTokens(this.#file, entries);
    return grant.access_token;
  }

  /** The grant, or null when it was refused. */
  #ask(form: Readonly<Record<string, string>>): Promise<Grant | null> {
    const asked = safeName(this.#url);
    const { client, retry, signal } = this.#options;
    return withRetries(retry, signal, async () => {
      const reply = await client.exchange({
        url: this.#url,
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ client_id: CLIENT, ...form }).toString(),
        maxBytes: MOST_ANSWER_BYTES,
        signal,
        asked,
      });
      if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
      if (reply.status !== 200) return null;
      const grant = JSON.parse(new TextDecoder().decode(reply.body)) as Partial<Grant>;
      if (typeof grant.access_token !== "string" || typeof grant.expires_in !== "number") {
        throw new GranaryError("credential", `${asked}: its answer holds no token`);
      }
      return grant as Grant;
    });
  }
}
