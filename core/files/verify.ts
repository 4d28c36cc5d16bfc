/** Checksums of whole files, as catalogs state them: `md5:…`, `sha256:…` in hexadecimal. */
import crypto from "node:crypto";
import fs from "node:fs";
import { GranaryError } from "../errors.ts";

const LENGTHS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
const CHUNK_BYTES = 1024 * 1024;

export interface Checksum {
  algorithm: string;
  hex: string;
}

/** A catalog's checksum; undefined for a kind that is not known here (it then can't be verified). */
export function parseChecksum(text: string | null | undefined): Checksum | undefined {
  const match = /^\s*([a-z0-9-]+)\s*:\s*([0-9a-f]+)\s*$/i.exec(text ?? "");
  if (match === null) return undefined;
  const algorithm = match[1].toLowerCase().replace(/^sha-/, "sha");
  const hex = match[2].toLowerCase();
  return LENGTHS[algorithm] === hex.length ? { algorithm, hex } : undefined;
}

/** The hexadecimal digest of a file, read chunk by chunk. */
async function digestFile(file: string, algorithm: string, signal?: AbortSignal): Promise<string> {
  const hash = crypto.createHash(algorithm);
  const handle = await fs.promises.open(file, "r");
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

/** Throws a granule error unless the file's digest is the stated one. */
export async function verifyFile(
  file: string,
  name: string,
  wanted: Checksum,
  signal?: AbortSignal,
): Promise<void> {
  const found = await digestFile(file, wanted.algorithm, signal);
  if (found === wanted.hex) return;
  throw new GranaryError(
    "granule",
    `${name}: the ${wanted.algorithm} of what came is ${found}, the catalog says ${wanted.hex}; ` +
      `the file was changed at its archive or damaged on the way: fetch it again, or build the catalog again`,
    { details: { name, found, wanted: wanted.hex } },
  );
}
