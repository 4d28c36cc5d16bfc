/**
 * Files that take the place of others: made beside, and put only when all of them are there, so that a try
 * that fails leaves the files that items tell of as they are.
 */
import fs from "node:fs";
import path from "node:path";
import { makeScratchFolder } from "../../core/files/leftovers.ts";
import { openFileSource } from "../../core/access/file_source.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";

const CHUNK_BYTES = 8 * 1024 * 1024;

/** `make` puts its files at the target that it is given; then `before` is done, and the files go to `target`. */
export async function putStaged<T>(
  target: ObjectTarget,
  scratch: string | undefined,
  make: (staging: ObjectTarget) => Promise<T>,
  before: () => Promise<void>,
): Promise<T> {
  const folder = makeScratchFolder("staged", scratch);
  try {
    const staging = new FolderTarget(folder);
    const made = await make(staging);
    await before();
    for (const [key, sizeBytes] of await staging.sizes("")) {
      await target.putChunks(key, sizeBytes, chunksOf(path.join(folder, key)), { replace: true });
    }
    return made;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  const source = await openFileSource(file);
  try {
    for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_BYTES) {
      yield await source.read(offset, Math.min(CHUNK_BYTES, source.sizeBytes - offset));
    }
  } finally {
    await source.close();
  }
}
