/** Objects of a folder by their keys: written whole, apart from their place, folders made as needed. */
import fs from "node:fs";
import path from "node:path";
import { type PendingFile, writeError, writePending } from "./atomic.ts";

const made = new Set<string>();

/** Writes one object under a temporary name; it takes its place when it is committed. */
export function writeObject(folder: string, key: string, bytes: Uint8Array): PendingFile {
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
  return writePending(file, bytes);
}
