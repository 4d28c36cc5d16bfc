/** Puts a TIFF whose cells stay as they are: every byte of it, or its parts in another order. */
import { createHash, type Hash } from "node:crypto";
import type { ObjectTarget } from "../../access/object_target.ts";
import type { Source } from "../../access/source.ts";
import { reorderTiff } from "./reorder.ts";
import type { TiffRoute } from "./route.ts";

const CHUNK_BYTES = 8 * 1024 * 1024;

/** What was put. */
interface PutTiff {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bigTiff: boolean;
}

/** Null, and nothing changed, where there is an object of that name already, unless `replace`. */
export async function putTiff(
  source: Source,
  route: Exclude<TiffRoute, { kind: "encoded" }>,
  target: ObjectTarget,
  key: string,
  { replace, signal }: { readonly replace: boolean; readonly signal?: AbortSignal | undefined },
): Promise<PutTiff | null> {
  const hash = createHash("sha256");
  const { sizeBytes, bigTiff, chunks } = route.kind === "copied"
    ? {
      sizeBytes: source.sizeBytes,
      bigTiff: route.structure.file.bigTiff,
      chunks: (hash: Hash, signal?: AbortSignal) => chunksOf(source, hash, signal),
    }
    : await reorderTiff(route.structure, signal);
  const written = await target.putChunks(key, sizeBytes, chunks(hash, signal), { replace });
  return written ? { sizeBytes, sha256: hash.digest("hex"), bigTiff } : null;
}

async function* chunksOf(source: Source, hash: Hash, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = source;
  for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, sizeBytes - offset), signal);
    hash.update(chunk);
    yield chunk;
  }
}
