/** Store objects in a folder: written whole or not at all, folders made as needed. */
import fs from "node:fs";
import path from "node:path";
import { writeError, writeFileAtomic } from "../../base/atomic.ts";

const made = new Set<string>();

/** Writes one object under its key; it is on the disk when the call returns. */
export function writeObject(folder: string, key: string, bytes: Uint8Array | string): void {
  const file = path.join(folder, key);
  const parent = path.dirname(file);
  if (!made.has(parent)) {
    try {
      fs.mkdirSync(parent, { recursive: true });
    } catch (error) {
      throw writeError(parent, error);
    }
    made.add(parent);
  }
  writeFileAtomic(file, bytes);
}
