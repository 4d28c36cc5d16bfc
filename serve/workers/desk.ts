/**
 * The main thread's half: answers what a worker asks. Credentials, catalogs and connections are here only; a
 * worker is given rows and bytes.
 */
import type { SourceOpener } from "../../core/access/open.ts";
import type { Source } from "../../core/access/source.ts";
import type { StoreReader } from "../../core/zarr/reader.ts";
import { areaOfBoxes } from "../area/lonlat_area.ts";
import type { GranulePlaces } from "../search/granules.ts";
import { movable } from "./bytes.ts";
import type { FoundGranules, OpenedSource, Question, ToWorker } from "./contract.ts";
import { failureOf } from "./failures.ts";

interface DeskOptions {
  readonly opener: Pick<SourceOpener, "open">;
  readonly sources: GranulePlaces;
  readonly readerOf: (place: string) => StoreReader;
  readonly post: (message: ToWorker, moved: ArrayBuffer[]) => void;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #open = new Map<number, Source>();
  readonly #readers = new Map<string, StoreReader>();
  readonly #asked = new Map<number, AbortController>();
  #sources = 0;
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Answers by a message; never rejects. */
  async answer(id: number, question: Question): Promise<void> {
    const asked = new AbortController();
    this.#asked.set(id, asked);
    try {
      const moved: ArrayBuffer[] = [];
      const value = await this.#value(question, asked.signal, moved);
      if (!this.#closed) this.#options.post({ type: "reply", id, value }, moved);
    } catch (error) {
      if (!this.#closed) this.#options.post({ type: "refusal", id, failure: failureOf(error) }, []);
    } finally {
      this.#asked.delete(id);
    }
  }

  drop(id: number): void {
    this.#asked.get(id)?.abort(new Error("nobody waits for it any more"));
  }

  async closeSource(number: number): Promise<void> {
    const source = this.#open.get(number);
    this.#open.delete(number);
    await source?.close();
  }

  /** Ends what is under way and closes what the worker left open. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const id of this.#asked.keys()) this.drop(id);
    await Promise.allSettled([...this.#open.keys()].map((number) => this.closeSource(number)));
    await Promise.allSettled([...this.#readers.values()].map((reader) => reader.close()));
  }

  async #value(question: Question, signal: AbortSignal, moved: ArrayBuffer[]): Promise<unknown> {
    const given = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
      if (bytes === undefined) return undefined;
      // What the server keeps is not given away: this may be a block of its cache.
      const copy = movable(bytes.slice());
      moved.push(copy.memory);
      return copy.bytes;
    };
    switch (question.about) {
      case "granules": {
        const { parameters, filter, boxes, most } = question;
        const area = boxes === null ? null : areaOfBoxes(boxes);
        return await this.#options.sources.with(parameters, async (source): Promise<FoundGranules> => ({
          source: source.name,
          granules: await source.find({ filter, area, most }, signal),
        }));
      }
      case "extent":
        return await this.#options.sources.with(
          question.parameters,
          (source) => source.extent(question.filter),
        );
      case "times":
        return await this.#options.sources.with(
          question.parameters,
          (source) => source.times(question.collectionId),
        );
      case "open": {
        const source = await this.#options.opener.open(question.location);
        if (this.#closed || signal.aborted) {
          await source.close();
          throw signal.reason ?? new Error("the server is stopping");
        }
        const number = ++this.#sources;
        this.#open.set(number, source);
        const { name, sizeBytes, versionTag } = source;
        return { source: number, name, sizeBytes, versionTag } satisfies OpenedSource;
      }
      case "read": {
        const source = this.#open.get(question.source);
        if (source === undefined) throw new Error(`no open source has the number ${question.source}`);
        const { ranges } = question;
        const parts = source.readMany === undefined || ranges.length === 1
          ? await Promise.all(ranges.map(({ offset, length }) => source.read(offset, length, signal)))
          : await source.readMany(ranges, signal);
        return parts.map(given);
      }
      case "store get":
        return given(await this.#reader(question.place).get(question.key));
      case "store range":
        return given(await this.#reader(question.place).getRange(question.key, question.window));
      case "store list":
        return await this.#reader(question.place).list(question.prefix);
      case "store sizes":
        return await this.#reader(question.place).sizes(question.prefix);
    }
  }

  #reader(place: string): StoreReader {
    let reader = this.#readers.get(place);
    if (reader === undefined) {
      reader = this.#options.readerOf(place);
      this.#readers.set(place, reader);
    }
    return reader;
  }
}
