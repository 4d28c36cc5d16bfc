/** Objects as files below a folder: written beside their place, synced and renamed. */
import fs from "node:fs";
import path from "node:path";
import {
  commitFiles,
  syncFolder,
  temporaryName,
  writeAllSync,
  writeError,
  writePending,
} from "../files/atomic.ts";
import { sweepLeftovers } from "../files/leftovers.ts";
import { systemCode } from "../errors.ts";
import type { RangedSource } from "./block_cache.ts";
import { fileError } from "./file_source.ts";
import { byBytes, checkKey, checkLength, type ObjectTarget } from "./object_target.ts";
import { openSource } from "./open.ts";

export class FolderTarget implements ObjectTarget {
  readonly name: string;
  readonly #folder: string;
  readonly #made = new Set<string>();

  constructor(folder: string) {
    this.name = folder;
    this.#folder = path.resolve(folder);
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.putAll(new Map([[key, bytes]]));
  }

  async putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await commitFiles([...objects].map(([key, bytes]) => writePending(this.#place(key), bytes)));
  }

  putNew(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#later(() => {
      const file = this.#place(key);
      const temporary = temporaryName(file);
      try {
        const fd = fs.openSync(temporary, "wx", 0o666);
        try {
          writeAllSync(fd, bytes);
          fs.fsyncSync(fd);
        } finally {
          fs.closeSync(fd);
        }
        // A link fails where the name is taken, on NFS too; a rename would replace it.
        fs.linkSync(temporary, file);
        syncFolder(path.dirname(file));
        return true;
      } catch (error) {
        if (systemCode(error) === "EEXIST") return false;
        throw writeError(file, error);
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    });
  }

  async putChunks(
    key: string,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    { replace }: { replace: boolean },
  ): Promise<boolean> {
    const file = this.#place(key);
    // A link would fail at the end: it is known before the work is done.
    if (!replace && fs.existsSync(file)) return false;
    const temporary = temporaryName(file);
    try {
      const fd = fs.openSync(temporary, "wx", 0o666);
      try {
        let written = 0;
        for await (const chunk of chunks) {
          writeAllSync(fd, chunk);
          written += chunk.length;
        }
        checkLength(file, sizeBytes, written);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      if (replace) fs.renameSync(temporary, file);
      else fs.linkSync(temporary, file);
      syncFolder(path.dirname(file));
      return true;
    } catch (error) {
      if (!replace && systemCode(error) === "EEXIST") return false;
      if (systemCode(error) !== undefined) throw writeError(file, error);
      throw error;
    } finally {
      fs.rmSync(temporary, { force: true });
    }
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#later(() => {
      checkKey(this.name, key);
      const file = path.join(this.#folder, key);
      try {
        const bytes = fs.readFileSync(file);
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw fileError(file, error);
      }
    });
  }

  list(prefix: string): Promise<string[]> {
    return this.#later(() => this.#walk(prefix).filter((key) => !isTemporary(path.basename(key))));
  }

  sizes(prefix: string): Promise<Map<string, number>> {
    return this.#later(() => {
      const sizes = new Map<string, number>();
      for (const key of this.#walk(prefix)) {
        if (isTemporary(path.basename(key))) continue;
        const stat = fs.statSync(path.join(this.#folder, key), { throwIfNoEntry: false });
        if (stat !== undefined) sizes.set(key, stat.size);
      }
      return sizes;
    });
  }

  written(prefix: string): Promise<Map<string, number>> {
    return this.#later(() => {
      const times = new Map<string, number>();
      for (const key of this.#walk(prefix)) {
        const stat = fs.statSync(path.join(this.#folder, key), { throwIfNoEntry: false });
        if (stat !== undefined) times.set(key, stat.mtimeMs);
      }
      return times;
    });
  }

  sweep(prefix: string): Promise<void> {
    return this.#later(() => {
      for (const key of this.#walk(prefix)) {
        if (isTemporary(path.basename(key))) fs.rmSync(path.join(this.#folder, key), { force: true });
      }
    });
  }

  /** Keys below a prefix, those of unfinished files too. */
  #walk(prefix: string): string[] {
    const keys: string[] = [];
    const walk = (folder: string, inner: string) => {
      for (const entry of readFolder(folder)) {
        const key = inner + entry.name;
        if (entry.isDirectory()) {
          // A folder that can hold no key below the prefix is not opened.
          if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) {
            walk(path.join(folder, entry.name), `${key}/`);
          }
        } else if (key.startsWith(prefix)) keys.push(key);
      }
    };
    walk(this.#folder, "");
    return keys.sort(byBytes);
  }

  delete(key: string): Promise<void> {
    return this.#later(() => {
      checkKey(this.name, key);
      const file = path.join(this.#folder, key);
      try {
        fs.unlinkSync(file);
      } catch (error) {
        if (!isMissing(error)) throw writeError(file, error);
      }
    });
  }

  open(key: string): Promise<RangedSource> {
    checkKey(this.name, key);
    return openSource({ kind: "local", url: path.join(this.#folder, key) });
  }

  #later<T>(work: () => T): Promise<T> {
    return Promise.resolve().then(work);
  }

  #place(key: string): string {
    checkKey(this.name, key);
    const file = path.join(this.#folder, key);
    const folder = path.dirname(file);
    if (!this.#made.has(folder)) {
      try {
        fs.mkdirSync(folder, { recursive: true });
      } catch (error) {
        throw writeError(folder, error);
      }
      sweepLeftovers(folder);
      this.#made.add(folder);
    }
    return file;
  }
}

function readFolder(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw fileError(folder, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** A name that base/atomic.ts gives to what is not whole yet. */
function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".tmp");
}
