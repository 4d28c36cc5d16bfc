/** The checksum of a file that exists. */
import { createHash } from "node:crypto";
import type { Source } from "../../core/access/source.ts";

const HASH_BYTES = 8 * 1024 * 1024;

/** SHA-256, in lower-case hex. */
export async function hashOf(source: Source, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for (let offset = 0; offset < source.sizeBytes; offset += HASH_BYTES) {
    hash.update(await source.read(offset, Math.min(HASH_BYTES, source.sizeBytes - offset), signal));
  }
  return hash.digest("hex");
}
