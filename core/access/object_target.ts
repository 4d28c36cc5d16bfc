/** What a place for objects does; the folder and the S3 prefix do it alike. */
import { Buffer } from "node:buffer";
import { inputError } from "../errors.ts";
import type { RangedSource } from "./block_cache.ts";

/** Objects that are deleted side by side; the gate of a service lets in as many as it bears. */
export const DELETES_AT_ONCE = 32;

/** A place for objects. The store room's StoreTarget is a part of it. */
export interface ObjectTarget {
  /** For messages. */
  readonly name: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Puts many objects, in any order, several at a time. */
  putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Puts an object where there is none; false (and nothing written) where there is one. */
  putNew(key: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * Puts an object that comes in chunks, of `sizeBytes` together; a chunk may change when the next is asked
   * for. False (and nothing written) where there is one already, unless `replace`. Where parts are sent,
   * `partsAtOnce` bounds the memory.
   */
  putChunks(
    key: string,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    options: { replace: boolean; partsAtOnce?: number },
  ): Promise<boolean>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keys below a prefix (`12/` or ``), in the order of their bytes. */
  list(prefix: string): Promise<string[]>;
  /** The same with the size of each object in bytes. */
  sizes(prefix: string): Promise<Map<string, number>>;
  /** When each object below a prefix was last written, milliseconds since 1970 UTC; those of a folder that are not whole yet, too. */
  written(prefix: string): Promise<Map<string, number>>;
  /** Removes what writers that ended in the middle left below a prefix. Nobody may be writing meanwhile. */
  sweep(prefix: string): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** The object by range. */
  open(key: string): Promise<RangedSource>;
}

/** Throws unless `key` is relative and stays below its target. */
export function checkKey(target: string, key: string): void {
  const parts = key.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === "..") || /[\0\\]/.test(key);
  if (bad) {
    throw inputError(`${target}: "${key}" cannot be the name of an object (wanted names with / between)`);
  }
}

/** The order that S3 lists in. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Throws unless an object's chunks were as long together as was said. */
export function checkLength(name: string, stated: number, came: number): void {
  if (came !== stated) {
    throw new Error(`${name}: its chunks hold ${came} bytes, and ${stated} were announced`);
  }
}
