/** A store in a folder: each object a file, put by writing beside its place and renaming. */
import fs from "node:fs";
import path from "node:path";
import { writeError, writeFileAtomic } from "../../base/atomic.ts";
import { GranaryError, inputError, systemCode } from "../../base/errors.ts";
import type { StoreTarget } from "./contract.ts";

const TEMPORARY = /^\..*\.tmp$/;

/**
 * Objects below `folder`, which is made when the first is put. With `sync`, a put is durable when it
 * returns. Keys are relative, with `/`, and may not leave the folder.
 */
export function folderTarget(folder: string, options: { sync?: boolean } = {}): StoreTarget {
  const root = path.resolve(folder);
  const made = new Set<string>();
  const fileOf = (key: string): string => {
    const parts = key.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..")) {
      throw inputError(`${folder}: "${key}" is not a key of a store (wanted names joined by /)`);
    }
    return path.join(root, ...parts);
  };
  return {
    name: folder,
    put(key, bytes) {
      const file = fileOf(key);
      const parent = path.dirname(file);
      if (!made.has(parent)) {
        makeFolder(parent);
        made.add(parent);
      }
      writeFileAtomic(file, bytes, { sync: options.sync ?? true });
      return Promise.resolve();
    },
    get(key) {
      return Promise.resolve(orMissing(folder, () => new Uint8Array(fs.readFileSync(fileOf(key)))));
    },
    list(prefix) {
      const keys: string[] = [];
      walk(folder, root, prefix, keys);
      return Promise.resolve(keys.filter((key) => key.startsWith(prefix)).sort());
    },
    delete(key) {
      orMissing(folder, () => fs.unlinkSync(fileOf(key)));
      return Promise.resolve();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** The result, or undefined where no such file is. */
function orMissing<Result>(folder: string, read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (error instanceof GranaryError) throw error;
    throw new GranaryError("io", `${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** Keys of the files below `root`; folders that no key with the prefix can lie in are left out. */
function walk(name: string, root: string, prefix: string, keys: string[], below = ""): void {
  const entries = orMissing(name, () => fs.readdirSync(path.join(root, below), { withFileTypes: true })) ??
    [];
  for (const entry of entries) {
    const key = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      const folder = `${key}/`;
      if (folder.startsWith(prefix) || prefix.startsWith(folder)) walk(name, root, prefix, keys, key);
    } else if (!TEMPORARY.test(entry.name)) keys.push(key);
  }
}
