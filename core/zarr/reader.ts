/** Where the objects of a store are read from: a folder, or any target of the access room. */
import fs from "node:fs";
import path from "node:path";
import { GranaryError, inputError, systemCode } from "../errors.ts";
import { FolderTarget } from "../access/folder_target.ts";
import type { ObjectTarget } from "../access/object_target.ts";

export type ByteWindow = { offset: number; length: number } | { suffixLength: number };

/** Reads objects by key (relative, with `/`). `undefined` is an object that does not exist. */
export interface StoreReader {
  /** For messages. */
  readonly name: string;
  /** `list` and `sizes` throw: what exists is found by asking for it. */
  readonly unlisted?: true;
  get(key: string): Promise<Uint8Array | undefined>;
  getRange(key: string, window: ByteWindow): Promise<Uint8Array | undefined>;
  /** Keys below a prefix, in order. */
  list(prefix: string): Promise<string[]>;
  /** The same with the size of each object in bytes. */
  sizes(prefix: string): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** The objects below a folder. */
function folderReader(folder: string): StoreReader {
  const target = new FolderTarget(folder);
  const fileOf = (key: string) => path.join(path.resolve(folder), ...key.split("/"));
  return {
    name: folder,
    get: (key) => target.get(key),
    list: (prefix) => target.list(prefix),
    getRange: (key, window) =>
      Promise.resolve(orMissing(folder, key, () => readWindow(fileOf(key), window, `${folder}/${key}`))),
    sizes: (prefix) => target.sizes(prefix),
    close: () => Promise.resolve(),
  };
}

/** Sources of objects that stay open unused; a shard is read from end to end before the next. */
const KEPT_OPEN = 4;

/** The objects of a target, a part of each at a time. */
export function targetReader(target: ObjectTarget): StoreReader {
  interface Entry {
    source: ReturnType<ObjectTarget["open"]>;
    users: number;
  }
  const open = new Map<string, Entry>();
  let keys: Promise<Set<string>> | undefined;
  const closeUnused = async (kept: number): Promise<void> => {
    const unused = [...open].filter(([, entry]) => entry.users === 0);
    for (const [key, entry] of unused.slice(0, Math.max(0, unused.length - kept))) {
      open.delete(key);
      await (await entry.source).close();
    }
  };
  const using = async <Result>(
    key: string,
    use: (source: Awaited<Entry["source"]>) => Result | Promise<Result>,
  ): Promise<Result | undefined> => {
    // Most shards that are asked for and are not there are fill; one listing tells them all.
    keys ??= target.list("").then((all) => new Set(all));
    if (!(await keys).has(key)) return undefined;
    let entry = open.get(key);
    if (entry === undefined) {
      entry = { source: target.open(key), users: 0 };
      open.set(key, entry);
    }
    entry.users += 1;
    try {
      return await use(await entry.source);
    } finally {
      entry.users -= 1;
      await closeUnused(KEPT_OPEN);
    }
  };
  return {
    name: target.name,
    get: (key) => target.get(key),
    list: (prefix) => target.list(prefix),
    getRange: (key, window) =>
      using(key, (source) => {
        const { offset, length } = resolveWindow(window, source.sizeBytes, `${target.name}/${key}`);
        return source.read(offset, length);
      }),
    sizes: (prefix) => target.sizes(prefix),
    close: () => closeUnused(0),
  };
}

/** The reader of a local folder. Throws an input error where there is no folder. */
export function localReader(folder: string): StoreReader {
  try {
    if (!fs.statSync(folder).isDirectory()) {
      throw inputError(`${folder}: is a file; wanted the folder of a Zarr store`);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw inputError(`${folder}: does not exist; wanted the folder of a Zarr store`);
  }
  return folderReader(folder);
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
    const wanted = "suffixLength" in window ? `at least ${length}` : `${offset} to ${offset + length}`;
    throw inputError(
      `${name}: has ${size} bytes where its index wants ${wanted}` +
        " (truncated or not of this store; write the store again)",
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
