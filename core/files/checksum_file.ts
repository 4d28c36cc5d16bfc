/** A file's checksum as the catalog writes it. */
import { createHash } from "node:crypto";
import fs from "node:fs/promises";

export const CHECKSUM_KINDS = ["sha256", "md5", "none"] as const;
export type ChecksumKind = (typeof CHECKSUM_KINDS)[number];

/** What files of a disk get unless asked otherwise. */
export const DEFAULT_CHECKSUM: ChecksumKind = "sha256";

const BLOCK_BYTES = 4 << 20;

/** `sha256:…` or `md5:…` of a file's bytes, null for `none`. Memory is one block. */
export async function checksumFile(
  file: string,
  kind: ChecksumKind,
  signal?: AbortSignal,
): Promise<string | null> {
  if (kind === "none") return null;
  const hash = createHash(kind);
  const handle = await fs.open(file, "r");
  try {
    const block = new Uint8Array(BLOCK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      if (bytesRead === 0) return `${kind}:${hash.digest("hex")}`;
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
