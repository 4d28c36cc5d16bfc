/** Entity tags (RFC 9110, section 8.8.3): what a client has already is not sent again. */
import { createHash } from "node:crypto";

/** Larger bodies have no tag: to make it would cost more than it spares. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The tag of a body; undefined for none. */
export function entityTag(body: Uint8Array | string): string | undefined {
  if (body.length > MOST_BYTES) return undefined;
  return `"${createHash("sha1").update(body).digest("base64url")}"`;
}

/** Whether `If-None-Match` names a tag, by the weak comparison that it asks for. */
export function namesTag(header: string | null, tag: string): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  const bare = (one: string) => one.trim().replace(/^W\//, "");
  return header.split(",").some((one) => bare(one) === bare(tag));
}
