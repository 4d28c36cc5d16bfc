/**
 * A place for objects of a service that one process alone writes to for a while: what is there is asked once and then
 * known. Each list costs a round trip, and so does asking for what is not there; a run begins and ends with many of both.
 */
import type { RangedSource } from "./block_cache.ts";
import { FolderTarget } from "./folder_target.ts";
import { byBytes, type ObjectTarget } from "./object_target.ts";

/** `target` for a process that alone writes to it; a folder as it is, which costs little to look into. */
export function knownTarget(target: ObjectTarget): ObjectTarget {
  return target instanceof FolderTarget || target instanceof KnownTarget ? target : new KnownTarget(target);
}

/** Asks what is there, before it is needed: a round trip that is not waited for then. Of a folder it asks nothing. */
export async function askAhead(target: ObjectTarget): Promise<void> {
  if (target instanceof KnownTarget) await target.list("");
}

/** Forgets what is known: others have written there. False for a folder, of which nothing is. */
export function forget(target: ObjectTarget): boolean {
  if (!(target instanceof KnownTarget)) return false;
  target.forget();
  return true;
}

class KnownTarget implements ObjectTarget {
  readonly name: string;
  readonly #target: ObjectTarget;
  /** Bytes of each object by its key; undefined before they are asked for. */
  #known: Promise<Map<string, number>> | undefined;

  constructor(target: ObjectTarget) {
    this.name = target.name;
    this.#target = target;
  }

  forget(): void {
    this.#known = undefined;
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.putAll(new Map([[key, bytes]]));
  }

  async putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.#forgetIfFailed(this.#target.putAll(objects));
    const known = await this.#knownIfAny();
    for (const [key, { length }] of objects) known?.set(key, length);
  }

  /** Processes meet at names that one of them may have: what others did before is asked anew. */
  async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return await this.#target.putNew(key, bytes);
    } finally {
      this.#known = undefined;
    }
  }

  async putChunks(
    key: string,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    options: { replace: boolean; partsAtOnce?: number },
  ): Promise<boolean> {
    const isPut = await this.#forgetIfFailed(this.#target.putChunks(key, sizeBytes, chunks, options));
    if (isPut) (await this.#knownIfAny())?.set(key, sizeBytes);
    return isPut;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.#objects()).has(key) ? await this.#target.get(key) : undefined;
  }

  async list(prefix: string): Promise<string[]> {
    return [...(await this.#objects()).keys()].filter((key) => key.startsWith(prefix)).sort(byBytes);
  }

  async sizes(prefix: string): Promise<Map<string, number>> {
    const known = await this.#objects();
    return new Map((await this.list(prefix)).map((key) => [key, known.get(key)!]));
  }

  written(prefix: string): Promise<Map<string, number>> {
    return this.#target.written(prefix);
  }

  sweep(prefix: string): Promise<void> {
    return this.#target.sweep(prefix);
  }

  async delete(key: string): Promise<void> {
    const known = await this.#objects();
    if (!known.has(key)) return;
    await this.#forgetIfFailed(this.#target.delete(key));
    known.delete(key);
  }

  open(key: string): Promise<RangedSource> {
    return this.#target.open(key);
  }

  #objects(): Promise<Map<string, number>> {
    return this.#known ??= this.#forgetIfFailed(this.#target.sizes(""));
  }

  /** A list that fails is told to whoever asked for it; what was written meanwhile is written. */
  async #knownIfAny(): Promise<Map<string, number> | undefined> {
    return await this.#known?.catch(() => undefined);
  }

  /** What failed may have been done. */
  async #forgetIfFailed<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }
}
