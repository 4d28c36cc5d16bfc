/**
 * Requests signed for services of objects (signature version 4): by Amazon's names, as "Signature Version 4 signing
 * process" of its documentation says, or by Google's for its XML interface with an HMAC key ("Signatures" and "Canonical
 * requests" of its documentation), which takes no header of Amazon's beside its own. A store is a thousand requests, so
 * a signature is computed at once, where a library that waits for the web's crypto takes four times as long.
 */
import crypto from "node:crypto";
import type { S3Keys } from "./s3_keys.ts";

/** How one service names what the other has too. */
interface Scheme {
  algorithm: string;
  /** Goes before the secret. */
  secret: string;
  /** Ends the scope. */
  request: string;
  /** Begins its headers' names. */
  headers: string;
}

const AMAZON: Scheme = {
  algorithm: "AWS4-HMAC-SHA256",
  secret: "AWS4",
  request: "aws4_request",
  headers: "x-amz-",
};
const GOOGLE: Scheme = {
  algorithm: "GOOG4-HMAC-SHA256",
  secret: "GOOG4",
  request: "goog4_request",
  headers: "x-goog-",
};

/** Amazon has these go unsigned, for what lies between may change them. */
const UNSIGNED: ReadonlySet<string> = new Set(["content-type", "range"]);

interface UnsignedRequest {
  url: URL;
  method: string;
  /** With small names, and their body's hash where there is one. */
  headers: Readonly<Record<string, string>>;
  /** By the server's clock. */
  time: Date;
}

/** Headers of S3's protocol by Google's names: "only where there is none" is generation 0. */
export function googleHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) =>
      name === "if-none-match" && value === "*"
        ? ["x-goog-if-generation-match", "0"]
        : [name.replace(/^x-amz-/, "x-goog-"), value]
    ),
  );
}

/** The headers of a request to Google, signed. */
export function signForGoogle(request: UnsignedRequest, keys: S3Keys): Record<string, string> {
  return sign(request, keys, GOOGLE, "auto/storage", Object.keys(request.headers));
}

/** The headers of a request to S3, signed. */
export function signForS3(request: UnsignedRequest, keys: S3Keys, region: string): Record<string, string> {
  const names = Object.keys(request.headers).filter((name) => !UNSIGNED.has(name));
  return sign(request, keys, AMAZON, `${region}/s3`, names);
}

/** `names` are those of the given headers that are signed. */
function sign(
  { url, method, headers, time }: UnsignedRequest,
  keys: S3Keys,
  scheme: Scheme,
  service: string,
  names: readonly string[],
): Record<string, string> {
  const date = time.toISOString().replace(/[:-]|\.\d{3}/g, "");
  const payload = headers[`${scheme.headers}content-sha256`] ?? "UNSIGNED-PAYLOAD";
  const own: Record<string, string> = {
    [`${scheme.headers}content-sha256`]: payload,
    [`${scheme.headers}date`]: date,
    ...keys.sessionToken === undefined ? {} : { [`${scheme.headers}security-token`]: keys.sessionToken },
  };
  const all: Record<string, string> = { ...headers, ...own };
  const signed: Record<string, string> = { ...all, host: url.host };
  const sorted = [...new Set([...names, ...Object.keys(own), "host"])].sort();
  const canonical = [
    method,
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    ...sorted.map((name) => `${name}:${signed[name].trim().replace(/\s+/g, " ")}`),
    "",
    sorted.join(";"),
    payload,
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${service}/${scheme.request}`;
  const hash = crypto.createHash("sha256").update(canonical).digest("hex");
  const text = [scheme.algorithm, date, scope, hash].join("\n");
  const signature = hmac(signingKey(keys, scheme, scope), text).toString("hex");
  return {
    ...all,
    authorization: `${scheme.algorithm} Credential=${keys.accessKeyId}/${scope}, ` +
      `SignedHeaders=${sorted.join(";")}, Signature=${signature}`,
  };
}

/** Of keys, the one that signed last; it holds for a day. */
const signingKeys = new WeakMap<S3Keys, { scope: string; key: crypto.BinaryLike }>();

function signingKey(keys: S3Keys, { secret }: Scheme, scope: string): crypto.BinaryLike {
  const last = signingKeys.get(keys);
  if (last?.scope === scope) return last.key;
  let key: crypto.BinaryLike = secret + keys.secretAccessKey;
  for (const part of scope.split("/")) key = hmac(key, part);
  signingKeys.set(keys, { scope, key });
  return key;
}

function hmac(key: crypto.BinaryLike, text: string): Uint8Array & { toString(encoding: "hex"): string } {
  return crypto.createHmac("sha256", key).update(text).digest();
}

/** A path of a URL with every byte escaped but the unreserved ones, whatever the endpoint's own part holds. */
function canonicalPath(path: string): string {
  return path.replace(/%[0-9a-f]{2}|[^\w.~/-]/gi, (text) => text.length > 1 ? text.toUpperCase() : hex(text));
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query].sort(([a, x], [b, y]) => a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

function hex(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
