/**
 * What may be shown. Queries of URLs hold signatures and tokens, user parts hold passwords: messages,
 * logs and plans carry names that went through here.
 */

/** A path or URL without query, fragment and user part, as messages name it. */
export function safeName(location: string): string {
  // A path may hold any of these signs, and so may a key of S3 or Google; Azure's signatures are queries.
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(location) || /^(s3|gs):/i.test(location)) return location;
  const bare = location.replace(/[?#].*$/s, "");
  return bare.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}

/** Text from elsewhere (an engine's error, a server's answer) with everything secret-looking taken out. */
export function redact(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]*@/gi, "$1")
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>()]*)[?#][^\s"'<>()]*/gi, "$1")
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi, "$1 …")
    .replace(/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+/g, "…")
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{8,}\b/g, "$1…")
    .replace(
      /("?(?:access_?token|session_?token|secret_?access_?key|password|signature|sig|accountkey|x-amz-security-token)"?\s*[:=]\s*"?)[^\s"&,}]+/gi,
      "$1…",
    );
}

/** The start of a server's answer, on one line, for a message. */
export function excerpt(body: Uint8Array, limit = 200): string {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  if (body.subarray(0, 4096).some((byte) => byte < 9 || (byte > 13 && byte < 32))) {
    return `${body.length} bytes of data`;
  }
  const plain = text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ");
  const line = redact(plain.replace(/\s+/g, " ").trim());
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
