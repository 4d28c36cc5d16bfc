/** A worker's half of questions to the main thread: granules, bytes of remote files, objects of remote stores. */
import type { SourceLocation } from "../../core/access/location.ts";
import { openFileSource } from "../../core/access/file_source.ts";
import { checkRange } from "../../core/access/range.ts";
import type { ByteRange, Source } from "../../core/access/source.ts";
import { localReader, type StoreReader } from "../../core/zarr/reader.ts";
import type { OpensSources } from "../layers/grid_files.ts";
import type { SearchParameters } from "../parameters/search.ts";
import type { GranulePlaces, GranuleSource } from "../search/granules.ts";
import { isRemoteStore } from "../stores/served_stores.ts";
import type { Failure, FoundGranules, FromWorker, OpenedSource, Question } from "./contract.ts";
import { errorOf } from "./failures.ts";

export class Asking {
  readonly #post: (message: FromWorker) => void;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: unknown) => void }
  >();
  #questions = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /** Asks, and waits; who goes away meanwhile ends the main thread's work for it. */
  ask<T>(question: Question, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = ++this.#questions;
      const leave = () => {
        signal?.removeEventListener("abort", giveUp);
        this.#waiting.delete(id);
      };
      const giveUp = () => {
        leave();
        this.#post({ type: "drop", id });
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.set(id, {
        resolve: (value) => {
          leave();
          resolve(value as T);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      });
      this.#post({ type: "ask", id, question });
    });
  }

  reply(id: number, value: unknown): void {
    this.#waiting.get(id)?.resolve(value);
  }

  refuse(id: number, failure: Failure): void {
    this.#waiting.get(id)?.reject(errorOf(failure));
  }

  closeSource(source: number): void {
    this.#post({ type: "close", source });
  }
}

/** Granules by the main thread's catalogs and CMR. */
export class AskedPlaces implements GranulePlaces {
  constructor(readonly asking: Asking) {}

  with<T>(parameters: SearchParameters, work: (source: GranuleSource) => Promise<T>): Promise<T> {
    const { asking } = this;
    // Which source it was is known when it has answered.
    const source = {
      name: "",
      async find({ filter, area, most }: Parameters<GranuleSource["find"]>[0], signal: AbortSignal) {
        const boxes = area?.boxes ?? null;
        const found = await asking.ask<FoundGranules>(
          { about: "granules", parameters, filter, boxes, most },
          signal,
        );
        source.name = found.source;
        return [...found.granules];
      },
      times: (collectionId: string) =>
        asking.ask<Awaited<ReturnType<GranuleSource["times"]>>>({ about: "times", parameters, collectionId }),
      extent: (filter: Parameters<GranuleSource["extent"]>[0]) =>
        asking.ask<Awaited<ReturnType<GranuleSource["extent"]>>>({ about: "extent", parameters, filter }),
    };
    return work(source);
  }
}

/** Local files by this thread, all others by the main one. */
export function askedSources(asking: Asking): OpensSources {
  return {
    open: (location: SourceLocation): Promise<Source> =>
      location.kind === "local" ? openFileSource(location.url) : openAsked(asking, location),
  };
}

async function openAsked(asking: Asking, location: SourceLocation): Promise<Source> {
  const { source, name, sizeBytes, versionTag } = await asking.ask<OpenedSource>({ about: "open", location });
  let closed = false;
  const readMany = (ranges: readonly ByteRange[], signal?: AbortSignal): Promise<Uint8Array[]> => {
    if (closed) throw new Error(`${name}: read after close`);
    // Ranges may be more than that to their owners; only this goes over.
    const plain = ranges.map(({ offset, length }) => ({ offset, length }));
    for (const { offset, length } of plain) checkRange(name, sizeBytes, offset, length);
    return asking.ask<Uint8Array[]>({ about: "read", source, ranges: plain }, signal);
  };
  return {
    name,
    sizeBytes,
    versionTag,
    read: async (offset, length, signal) => (await readMany([{ offset, length }], signal))[0],
    readMany: async (ranges, signal) => await readMany(ranges, signal),
    close() {
      if (!closed) asking.closeSource(source);
      closed = true;
      return Promise.resolve();
    },
  };
}

/** Folders by this thread, S3 prefixes by the main one. */
export function askedReaders(asking: Asking): (place: string) => StoreReader {
  return (place) =>
    !isRemoteStore(place) ? localReader(place) : {
      name: place,
      get: (key) => asking.ask({ about: "store get", place, key }),
      getRange: (key, window) => asking.ask({ about: "store range", place, key, window }),
      list: (prefix) => asking.ask({ about: "store list", place, prefix }),
      sizes: (prefix) => asking.ask({ about: "store sizes", place, prefix }),
      close: () => Promise.resolve(),
    };
}
