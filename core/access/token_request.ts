/** Small questions to Earthdata's hosts, with the user's token. */
import type { Earthdata } from "./earthdata.ts";
import type { HttpClient, HttpReply } from "./http.ts";
import { isRetryableStatus, type RetryPolicy, statusTrouble, withRetries } from "./retry.ts";

export interface TokenAsker {
  readonly client: HttpClient;
  readonly earthdata: Earthdata;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
}

/** More than this is no answer of theirs. */
const ANSWER_BYTES = 65_536;

/**
 * Asks `url`; `asked` names it in messages. A token that is refused is renewed once. Throws a credential's error
 * where `accepted` finds no answer in the reply of a token that is good.
 */
export function askWithToken<T>(
  { client, earthdata, retry, signal }: TokenAsker,
  url: URL,
  asked: string,
  accepted: (reply: HttpReply) => T | undefined,
): Promise<T> {
  let renewed = false;
  return withRetries(retry, signal, async () => {
    for (;;) {
      const token = await earthdata.tokenFor(url);
      const reply = await client.exchange({
        url: url.href,
        headers: { accept: "application/json" },
        ...(token === undefined ? {} : { secretHeaders: { authorization: `Bearer ${token}` } }),
        maxBytes: ANSWER_BYTES,
        signal,
        asked,
      });
      if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
      const answer = accepted(reply);
      if (answer !== undefined) return answer;
      // A redirect here is the way to the login page, whatever its target says: the token is not accepted.
      const again = !renewed && reply.status !== 403 && await earthdata.renew(token);
      renewed = true;
      if (!again) throw earthdata.refusal(asked, reply, token !== undefined);
    }
  });
}
