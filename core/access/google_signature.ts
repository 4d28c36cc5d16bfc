/**
 * Requests to Google's XML interface: signature version 4 with an HMAC key (GOOG4-HMAC-SHA256), as "Signatures" and
 * "Canonical requests" of its documentation say; Google takes no header of Amazon's beside its own.
 */
import crypto from "node:crypto";
import type { S3Keys } from "./s3_keys.ts";

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

/** The headers of a signed request; `headers` have small names, and their body's hash where there is one. */
export function signForGoogle(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  { accessKeyId, secretAccessKey }: S3Keys,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/[:-]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const payload = headers["x-goog-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  const all: Record<string, string> = { ...headers, "x-goog-content-sha256": payload, "x-goog-date": time };
  const signed: Record<string, string> = { ...all, host: url.host };
  const names = Object.keys(signed).sort();
  const query = [...url.searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort()
    .join("&");
  const canonical = [
    method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${signed[name].trim()}`),
    "",
    names.join(";"),
    payload,
  ].join("\n");
  const scope = `${day}/auto/storage/goog4_request`;
  const hash = crypto.createHash("sha256").update(canonical).digest("hex");
  const text = ["GOOG4-HMAC-SHA256", time, scope, hash].join("\n");
  let key: crypto.BinaryLike = `GOOG4${secretAccessKey}`;
  for (const part of scope.split("/")) key = crypto.createHmac("sha256", key).update(part).digest();
  const signature = crypto.createHmac("sha256", key).update(text).digest("hex");
  return {
    ...all,
    authorization: `GOOG4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ` +
      `SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
