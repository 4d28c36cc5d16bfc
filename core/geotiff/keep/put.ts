/** Puts a TIFF whose cells stay as they are: every byte of it, or its parts in another order. */
import { createHash } from "node:crypto";
import type { ObjectTarget } from "../../access/object_target.ts";
import type { Source } from "../../access/source.ts";
import { blockCheck } from "./check_blocks.ts";
import { checkedChunks } from "./checked_chunks.ts";
import { reorderTiff } from "./reorder.ts";
import type { TiffRoute } from "./route.ts";

/** What was put. */
interface PutTiff {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bigTiff: boolean;
}

interface PutOptions {
  readonly replace: boolean;
  /** Whether somebody has decoded every block of the image, its overviews aside. */
  readonly decoded: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Null, and nothing changed, where there is an object of that name already, unless `replace`. Blocks are decoded
 * on their way: throws, and puts nothing, for a file that is damaged.
 */
export async function putTiff(
  source: Source,
  route: Exclude<TiffRoute, { kind: "encoded" }>,
  target: ObjectTarget,
  key: string,
  { replace, decoded, signal }: PutOptions,
): Promise<PutTiff | null> {
  const hash = createHash("sha256");
  const { structure } = route;
  const check = await blockCheck(structure, !decoded, signal);
  const { sizeBytes, bigTiff, chunks } = route.kind === "copied"
    ? {
      sizeBytes: source.sizeBytes,
      bigTiff: structure.file.bigTiff,
      chunks: await checkedChunks(structure, check, signal),
    }
    : await reorderTiff(structure, check, signal);
  const written = await target.putChunks(key, sizeBytes, chunks(hash, signal), { replace });
  return written ? { sizeBytes, sha256: hash.digest("hex"), bigTiff } : null;
}
