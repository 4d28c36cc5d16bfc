/** A token by OAuth's client credentials grant (RFC 6749, section 4.4): asked for once, renewed before its end. */
import { Buffer } from "node:buffer";
import { GranaryError } from "../../core/errors.ts";
import { excerpt, safeName } from "../../core/access/redact.ts";
import { isRetryableStatus, statusTrouble, withRetries } from "../../core/access/retry.ts";
import { asNumber, asObject, asText } from "../../core/json_value.ts";
import type { ApiOptions } from "./api_client.ts";

interface ClientCredentials {
  /** The token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
}

const EARLY_SECONDS = 60;
const DEFAULT_SECONDS = 3600;

/** The Authorization header's value. */
export function clientToken(
  credentials: ClientCredentials,
  { client, retry, signal }: Pick<ApiOptions, "client" | "retry" | "signal">,
): () => Promise<string> {
  let held: { token: Promise<string>; until: number } = { token: Promise.resolve(""), until: -Infinity };
  const asked = `token of ${safeName(credentials.url)}`;
  const ask = () =>
    withRetries(retry, signal, async () => {
      const { clientId, clientSecret, scope } = credentials;
      const reply = await client.exchange({
        url: credentials.url,
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        secretHeaders: {
          authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`,
        },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          ...(scope === null ? {} : { scope }),
        }).toString(),
        maxBytes: 1024 * 1024,
        signal,
        asked,
      });
      if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
      const answer = asObject(parse(reply.body));
      const token = asText(answer?.access_token);
      if (reply.status !== 200 || token === null) {
        const said = reply.status === 200 ? "an answer without a token" : excerpt(reply.body, 200);
        throw new GranaryError(
          "credential",
          `${asked}: the server answered ${reply.status} (${said}): check the client's id and secret`,
        );
      }
      const seconds = asNumber(answer?.expires_in) ?? DEFAULT_SECONDS;
      held.until = Date.now() + Math.max(0, seconds - EARLY_SECONDS) * 1000;
      return `Bearer ${token}`;
    });
  return () => {
    if (Date.now() > held.until) {
      held = { token: ask(), until: Infinity };
      // A failure is asked again by the next request.
      held.token.catch(() => held.until = -Infinity);
    }
    return held.token;
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
