/** Where the objects of a store are read from: a folder, or anything that can give bytes by key. */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, systemCode } from "../../base/errors.ts";

export type ByteWindow = { offset: number; length: number } | { suffixLength: number };

/** Reads objects by key (relative, with `/`). `undefined` is an object that does not exist. */
export interface StoreReader {
  /** For messages. */
  readonly name: string;
  get(key: string): Promise<Uint8Array | undefined>;
  getRange(key: string, window: ByteWindow): Promise<Uint8Array | undefined>;
  /** Keys and sizes below a prefix, in order; absent where the place cannot list. */
  list?(prefix: string): Promise<{ key: string; bytes: number }[]>;
}

/** The objects below a folder. */
export function folderReader(folder: string): StoreReader {
  const root = path.resolve(folder);
  const fileOf = (key: string) => path.join(root, ...key.split("/"));
  return {
    name: folder,
    get: (key) => Promise.resolve(orMissing(folder, key, () => new Uint8Array(fs.readFileSync(fileOf(key))))),
    getRange: (key, window) =>
      Promise.resolve(orMissing(folder, key, () => readWindow(fileOf(key), window, `${folder}/${key}`))),
    list(prefix) {
      const found: { key: string; bytes: number }[] = [];
      const walk = (below: string): void => {
        const entries = orMissing(
          folder,
          below,
          () => fs.readdirSync(fileOf(below), { withFileTypes: true }),
        );
        for (const entry of entries ?? []) {
          const key = below === "" ? entry.name : `${below}/${entry.name}`;
          if (entry.isDirectory()) {
            if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) walk(key);
          } else if (key.startsWith(prefix) && !/^\..*\.tmp$/.test(entry.name)) {
            found.push({ key, bytes: fs.statSync(fileOf(key)).size });
          }
        }
      };
      walk("");
      return Promise.resolve(found.sort((a, b) => (a.key < b.key ? -1 : 1)));
    },
  };
}

/** Gives ranges out of whole objects, the last one kept, for places that give whole objects only. */
export function wholeObjectReader(place: {
  readonly name: string;
  get(key: string): Promise<Uint8Array | undefined>;
  list?(prefix: string): Promise<string[]>;
}): StoreReader {
  let last: { key: string; bytes: Promise<Uint8Array | undefined> } | undefined;
  return {
    name: place.name,
    get: (key) => place.get(key),
    async getRange(key, window) {
      if (last?.key !== key) last = { key, bytes: place.get(key) };
      const bytes = await last.bytes;
      if (bytes === undefined) return undefined;
      const { offset, length } = resolveWindow(window, bytes.length, `${place.name}/${key}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}

function readWindow(file: string, window: ByteWindow, name: string): Uint8Array {
  const fd = fs.openSync(file, "r");
  try {
    const { offset, length } = resolveWindow(window, fs.fstatSync(fd).size, name);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const read = fs.readSync(fd, bytes, done, length - done, offset + done);
      if (read === 0) throw new GranaryError("io", `${name}: ended at ${offset + done} while it was read`);
      done += read;
    }
    return bytes;
  } finally {
    fs.closeSync(fd);
  }
}

function resolveWindow(window: ByteWindow, size: number, name: string): { offset: number; length: number } {
  const offset = "suffixLength" in window ? size - window.suffixLength : window.offset;
  const length = "suffixLength" in window ? window.suffixLength : window.length;
  if (offset < 0 || offset + length > size) {
    throw new GranaryError(
      "input",
      `${name}: has ${size} bytes where its index wants ${
        "suffixLength" in window ? `at least ${length}` : `${offset} to ${offset + length}`
      } (truncated or not of this store; write the store again)`,
    );
  }
  return { offset, length };
}

function orMissing<Result>(folder: string, key: string, read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (error instanceof GranaryError) throw error;
    throw new GranaryError("io", `${folder}/${key}: cannot read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
