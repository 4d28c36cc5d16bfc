/** What an Earthdata server means by its refusal: each kind has its own advice. */
import { GranaryError } from "../errors.ts";
import type { HttpReply } from "./http.ts";
import { excerpt, safeName } from "./redact.ts";
import type { TokenOrigin } from "./token_store.ts";

/** Why a request was refused. */
type RefusalKind = "no-login" | "bad-login" | "eula" | "forbidden";

/**
 * A credential error (exit 4) for an answer that is a redirect to the login server, a login page, a 401 or
 * a 403. `origin` says where the refused token came from; undefined means that none was sent.
 */
export function earthdataRefusal(
  asked: string,
  reply: HttpReply,
  origin: TokenOrigin | undefined,
  loginUrl: URL,
): GranaryError {
  const text = new TextDecoder().decode(reply.body.subarray(0, 65536));
  const kind = refusalKind(reply.status, text, origin);
  const came = describe(reply);
  const messages: Record<RefusalKind, string> = {
    "eula": `${asked}: the data's terms (EULA) are not accepted yet; accept them at ${
      eulaUrl(text) ?? `${loginUrl.origin}/profile (EULAs, and Applications > Authorized Apps)`
    } and run again`,
    "no-login": `${asked}: ${came}: an Earthdata login is needed and none was found ` +
      `(looked for EARTHDATA_TOKEN, EARTHDATA_USERNAME with EARTHDATA_PASSWORD, granary auth login and netrc); ` +
      `make a token at ${loginUrl.origin} and store it with granary auth login`,
    "bad-login": `${asked}: ${came}: Earthdata does not accept the login from ${origin?.where ?? "here"}` +
      (origin?.kind === "password" || origin?.kind === "netrc"
        ? `; check the user name and password at ${loginUrl.origin}`
        : `; the token may be expired or revoked: make a new one at ${loginUrl.origin}`),
    "forbidden":
      `${asked}: ${came}: the login from ${origin?.where ?? "here"} is known but may not read this` +
      `${quote(text, reply)}; see whether the product needs an approval at ${loginUrl.origin}/profile`,
  };
  return new GranaryError("credential", messages[kind], {
    details: { asked, reason: kind, status: reply.status },
  });
}

function refusalKind(status: number, text: string, origin: TokenOrigin | undefined): RefusalKind {
  if (/\beula\b/i.test(text)) return "eula";
  if (origin === undefined) return "no-login";
  return status === 403 ? "forbidden" : "bad-login";
}

function describe(reply: HttpReply): string {
  const location = reply.headers.get("location");
  if (reply.status >= 300 && reply.status < 400 && location !== null) {
    return `the server answered ${reply.status} and sends to ${safeName(location)}`;
  }
  if (reply.status >= 200 && reply.status < 300) return "a web page came instead of data";
  return `the server answered ${reply.status}`;
}

function quote(text: string, reply: HttpReply): string {
  const said = text === "" ? "" : excerpt(reply.body);
  return said === "" ? "" : ` ("${said}")`;
}

/** The page where the terms are accepted, as the server names it. */
function eulaUrl(text: string): string | undefined {
  const match = /"resolution_url"\s*:\s*"(https:[^"\s]+)"/.exec(text) ??
    /href="(https:[^"\s]*eula[^"\s]*)"/i.exec(text);
  if (match === null) return undefined;
  const url = match[1].replace(/\\\//g, "/").replace(/&amp;/g, "&");
  // Only the public parameters of an acceptance page are shown.
  return /^https:\/\/[^/\s]+\/(accept_eula|approve_app)\?[A-Za-z0-9_=&%.-]*$/.test(url) ? url : safeName(url);
}
