/**
 * A location asked by HTTPS. Earthdata hosts get the token, others nothing; a redirect to another host is
 * followed without it, and its target is asked directly for a while, which halves the requests.
 */
import { GranaryError } from "../errors.ts";
import type { Earthdata } from "./earthdata.ts";
import type { HttpClient, HttpReply } from "./http.ts";
import { excerpt, safeName } from "./redact.ts";
import { Trouble } from "./retry.ts";
import type { Attempt, LocationRequest, Transport } from "./transport.ts";

/** Signed targets of redirects hold for an hour at the services that are known; this is well within. */
const SHORTCUT_MS = 10 * 60_000;
const MOST_NEW_ADDRESSES = 3;

export class HttpsTransport implements Transport {
  readonly name: string;
  readonly #url: URL;
  readonly #client: HttpClient;
  readonly #earthdata: Earthdata;
  readonly #bearer: ((url: URL) => Promise<string | undefined>) | undefined;
  #shortcut: { url: string; until: number } | undefined;

  constructor(
    url: string,
    client: HttpClient,
    earthdata: Earthdata,
    bearer?: (url: URL) => Promise<string | undefined>,
  ) {
    this.#bearer = bearer;
    this.name = safeName(url);
    this.#url = new URL(url);
    this.#client = client;
    this.#earthdata = earthdata;
  }

  async send(request: LocationRequest, asked: string): Promise<Attempt> {
    const shortcut = this.#shortcut !== undefined && this.#shortcut.until > Date.now()
      ? this.#shortcut
      : undefined;
    const token = shortcut === undefined ? await this.#earthdata.tokenFor(this.#url) : undefined;
    const secret = token ?? (shortcut === undefined ? await this.#bearer?.(this.#url) : undefined);
    let reply: HttpReply;
    try {
      reply = await this.#client.exchange({
        ...request,
        asked,
        url: shortcut?.url ?? this.#url.href,
        ...(secret === undefined ? {} : { secretHeaders: { authorization: `Bearer ${secret}` } }),
        follow: (to) => !this.#earthdata.isLogin(to),
      });
    } catch (error) {
      if (error instanceof Trouble) this.#shortcut = undefined;
      throw error;
    }
    const good = reply.status >= 200 && reply.status < 300;
    const page = good && isWebPage(reply, this.name);
    if (good && !page && shortcut === undefined && this.#elsewhere(reply)) {
      this.#shortcut = { url: reply.url, until: Date.now() + SHORTCUT_MS };
    }
    return {
      reply,
      refused: page,
      repair: (repaired) => this.#repair(reply, page, shortcut !== undefined, token, repaired),
      refusal: () => this.#refusal(reply, page, asked, token),
    };
  }

  async #repair(
    reply: HttpReply,
    page: boolean,
    byShortcut: boolean,
    token: string | undefined,
    repaired: Set<string>,
  ): Promise<boolean> {
    if (byShortcut) {
      this.#shortcut = undefined;
      if (repaired.has("shortcut")) return false;
      repaired.add("shortcut");
      return true;
    }
    if (!page && this.#elsewhere(reply) && [400, 401, 403].includes(reply.status)) {
      // A signed address may be over before it is used; a new one is asked for, a few times.
      const tries = [...repaired].filter((what) => what.startsWith("redirect")).length;
      if (tries >= MOST_NEW_ADDRESSES) return false;
      repaired.add(`redirect ${tries}`);
      return true;
    }
    if (!page && reply.status !== 401 && !this.#toLogin(reply)) return false;
    if (token === undefined || repaired.has("token")) return false;
    repaired.add("token");
    return await this.#earthdata.renew(token);
  }

  /** Whether the answer came from another host, after a redirect. */
  #elsewhere(reply: HttpReply): boolean {
    return new URL(reply.url).host !== this.#url.host;
  }

  #toLogin(reply: HttpReply): boolean {
    const location = reply.headers.get("location");
    return reply.status >= 300 && reply.status < 400 && location !== null &&
      URL.canParse(location, reply.url) &&
      this.#earthdata.isLogin(new URL(location, reply.url));
  }

  #refusal(reply: HttpReply, page: boolean, asked: string, token: string | undefined): GranaryError {
    const { status } = reply;
    const elsewhere = this.#elsewhere(reply);
    const family = this.#earthdata.covers(this.#url) && (page || !elsewhere);
    if (this.#toLogin(reply) || (family && (page || status === 401 || status === 403))) {
      return this.#earthdata.refusal(asked, reply, token !== undefined);
    }
    const details = { asked, status };
    if (elsewhere && !page) {
      return new GranaryError(
        "granule",
        `${asked}: the server redirects to ${new URL(reply.url).host}, which answered ${status} ` +
          `("${excerpt(reply.body, 120)}"); check this machine's clock and network, and try again later`,
        { details },
      );
    }
    if (page) {
      return new GranaryError(
        "granule",
        `${asked}: a web page came instead of data ("${excerpt(reply.body, 80)}"); ` +
          `the address is wrong, or the server wants a login that granary does not know`,
        { details },
      );
    }
    if (status === 401) {
      return new GranaryError(
        "credential",
        `${asked}: the server answered 401 and wants a login; its host is not one that gets the Earthdata token` +
          ` (if it should, list it in GRANARY_EARTHDATA_HOSTS)`,
        { details },
      );
    }
    const said = reply.body.length > 0 ? ` ("${excerpt(reply.body, 120)}")` : "";
    if (/\.blob\.core\.windows\.net$/.test(this.#url.hostname) && status < 500) {
      return new GranaryError(
        "granule",
        `${asked}: the server answered ${status}${said}; the blob is not there, or this account wants a signature ` +
          `(AZURE_STORAGE_ACCOUNT=${this.#url.hostname.split(".")[0]} and AZURE_STORAGE_SAS_TOKEN)`,
        { details },
      );
    }
    const advice: Record<number, string> = {
      403: "it may not be read by everyone: check the address, or ask its provider",
      404:
        "it is not there: the catalog may be older than the archive (build it again), or its base is wrong",
      410: "it was removed: build the catalog again",
      416: "it is shorter than it was: it changed while it was read; run again",
    };
    return new GranaryError(
      "granule",
      `${asked}: the server answered ${status}${said}; ${advice[status] ?? "check the address"}`,
      { details },
    );
  }
}

/** HTML under a good status where no HTML was asked for: a login page, or a proxy's. */
function isWebPage(reply: HttpReply, name: string): boolean {
  if (/\.x?html?$/i.test(name)) return false;
  if (!/^\s*(text\/html|application\/xhtml)/i.test(reply.headers.get("content-type") ?? "")) return false;
  // Some servers call every file HTML: then the bytes decide, where they can.
  return !startsLikeHdf5(reply.body);
}

function startsLikeHdf5(bytes: Uint8Array): boolean {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  return signature.every((byte, index) => bytes[index] === byte);
}
