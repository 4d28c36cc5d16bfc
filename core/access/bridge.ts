/**
 * Remote bytes for workers. A worker cannot wait for a promise inside libhdf5, and holds no credentials:
 * it posts a request, sleeps on shared memory (Atomics.wait), and the main thread fills that memory.
 *
 * The transport of messages is the caller's: {@linkcode BridgeClient} is given a way to post, and
 * {@linkcode BridgeServer.handle} is called with what arrives. Answers never travel as messages, so nothing
 * is lost to a worker that does not listen yet.
 */
import { deserializeError, type SerializedError, serializeError } from "../errors.ts";
import { DEFAULT_CACHE, type RangedSource } from "./block_cache.ts";
import { openFileSyncSource } from "./file_source.ts";
import type { SourceLocation } from "./location.ts";
import { mapBounded } from "../concurrency.ts";
import type { SourceOpener } from "./open.ts";
import { checkRange } from "./range.ts";
import type { ByteRange, SourceCounters, SyncSource } from "./source.ts";

/** What a worker asks of the main thread. Every request brings the memory for its answer. */
export type BridgeRequest =
  | { op: "open"; handle: number; location: SourceLocation; answer: SharedArrayBuffer }
  | { op: "read"; handle: number; ranges: ByteRange[]; data: SharedArrayBuffer; answer: SharedArrayBuffer }
  | { op: "whole"; handle: number; data: SharedArrayBuffer; answer: SharedArrayBuffer }
  | { op: "close"; handle: number; askedBytes: number };

/** State of an answer, in its first 32-bit word. */
const WAITING = 0;
const DONE = 1;
const FAILED = 2;
/** Bytes before an answer's text: state, text length, requests and bytes so far (two float64). */
const HEADER_BYTES = 24;
const ANSWER_BYTES = 64 * 1024;

/** Ranges of one request hold at most so much together; more are asked for in turn. */
const BRIDGE_BYTES = 64 * 1024 * 1024;
const RANGES_AT_ONCE = 4096;

interface OpenedSource {
  name: string;
  sizeBytes: number;
  /** It is fetched whole, and may be had so. */
  isWhole: boolean;
}

/** In a worker: opens sources whose bytes the main thread fetches. */
export class BridgeClient {
  readonly #post: (request: BridgeRequest) => void;
  readonly #answer = new SharedArrayBuffer(ANSWER_BYTES);
  #data = new SharedArrayBuffer(0);
  /** Memory of whole files that were closed, for the next ones: its pages are touched already. */
  readonly #idle: SharedArrayBuffer[] = [];
  #handles = 0;

  /** `post` sends a request to the main thread. */
  constructor(post: (request: BridgeRequest) => void) {
    this.#post = post;
  }

  /** Opens a location; a local file is read by this thread. */
  open(location: SourceLocation): SyncSource {
    if (location.kind === "local") return openFileSyncSource(location.url);
    const handle = ++this.#handles;
    const counters: SourceCounters = { opens: 1, requests: 0, bytes: 0 };
    const text = this.#ask({ op: "open", handle, location, answer: this.#answer }, counters);
    return new BridgedSource(this, handle, JSON.parse(text) as OpenedSource, counters);
  }

  /** Fetches ranges that fit into one request, one behind the other; what is given holds until the next call. */
  fetch(handle: number, ranges: readonly ByteRange[], total: number, counters: SourceCounters): Uint8Array {
    if (this.#data.byteLength < total) {
      this.#data = new SharedArrayBuffer(
        Math.min(BRIDGE_BYTES, Math.max(total, 2 * this.#data.byteLength, 65536)),
      );
    }
    const data = this.#data;
    this.#ask({ op: "read", handle, ranges: [...ranges], data, answer: this.#answer }, counters);
    return new Uint8Array(data, 0, total);
  }

  /** All bytes of a file, in memory that goes back by {@linkcode close}. */
  fetchWhole(handle: number, sizeBytes: number, counters: SourceCounters): SharedArrayBuffer {
    const idle = this.#idle.pop();
    const data = idle !== undefined && idle.byteLength >= sizeBytes
      ? idle
      : new SharedArrayBuffer(Math.min(BRIDGE_BYTES, Math.ceil(sizeBytes * 1.25)));
    try {
      this.#ask({ op: "whole", handle, data, answer: this.#answer }, counters);
    } catch (error) {
      this.#idle.push(data);
      throw error;
    }
    return data;
  }

  close(handle: number, askedBytes: number, data: SharedArrayBuffer | undefined): void {
    if (data !== undefined) this.#idle.push(data);
    this.#post({ op: "close", handle, askedBytes });
  }

  #ask(request: BridgeRequest, counters: SourceCounters): string {
    const state = new Int32Array(this.#answer, 0, 2);
    Atomics.store(state, 0, WAITING);
    this.#post(request);
    while (Atomics.load(state, 0) === WAITING) Atomics.wait(state, 0, WAITING);
    const totals = new Float64Array(this.#answer, 8, 2);
    const length = state[1];
    const text = new TextDecoder().decode(new Uint8Array(this.#answer, HEADER_BYTES, length).slice());
    if (Atomics.load(state, 0) === FAILED) throw deserializeError(JSON.parse(text) as SerializedError);
    counters.requests = totals[0];
    counters.bytes = totals[1];
    return text;
  }
}

class BridgedSource implements SyncSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly counters: SourceCounters;
  readonly blockBytes = DEFAULT_CACHE.blockBytes;
  readonly #client: BridgeClient;
  readonly #handle: number;
  #isWhole: boolean;
  #whole: SharedArrayBuffer | undefined;
  /** Of the whole file. */
  #askedBytes = 0;
  #closed = false;

  constructor(client: BridgeClient, handle: number, opened: OpenedSource, counters: SourceCounters) {
    this.#client = client;
    this.#handle = handle;
    this.name = opened.name;
    this.sizeBytes = opened.sizeBytes;
    this.counters = counters;
    this.#isWhole = opened.isWhole && opened.sizeBytes <= BRIDGE_BYTES;
  }

  read(offset: number, length: number): Uint8Array {
    return this.readMany([{ offset, length }])[0];
  }

  readMany(ranges: readonly ByteRange[]): Uint8Array[] {
    this.#check(ranges);
    return this.#fill(ranges, ranges.map(({ length }) => new Uint8Array(length)));
  }

  readManyInto(ranges: readonly ByteRange[], memory: Uint8Array): Uint8Array[] {
    this.#check(ranges);
    let at = 0;
    return this.#fill(ranges, ranges.map(({ length }) => memory.subarray(at, at += length)));
  }

  /** Before memory is asked for. */
  #check(ranges: readonly ByteRange[]): void {
    if (this.#closed) throw new Error(`${this.name}: read after close`);
    for (const { offset, length } of ranges) checkRange(this.name, this.sizeBytes, offset, length);
  }

  /** Fills each target with the bytes of its range. */
  #fill(ranges: readonly ByteRange[], targets: Uint8Array[]): Uint8Array[] {
    if (this.#isWhole) this.#takeWhole();
    if (this.#whole !== undefined) {
      const whole = this.#whole;
      ranges.forEach(({ offset, length }, i) => targets[i].set(new Uint8Array(whole, offset, length)));
      this.#askedBytes += ranges.reduce((sum, { length }) => sum + length, 0);
      return targets;
    }
    for (let from = 0; from < ranges.length;) {
      if (ranges[from].length > BRIDGE_BYTES) {
        this.#fillLong(ranges[from], targets[from]);
        from += 1;
        continue;
      }
      let total = 0;
      let to = from;
      while (to < ranges.length && to - from < RANGES_AT_ONCE && total + ranges[to].length <= BRIDGE_BYTES) {
        total += ranges[to++].length;
      }
      const bytes = this.#client.fetch(this.#handle, ranges.slice(from, to), total, this.counters);
      for (let at = 0; from < to; from++) targets[from].set(bytes.subarray(at, at += ranges[from].length));
    }
    return targets;
  }

  #takeWhole(): void {
    this.#isWhole = false;
    this.#whole = this.#client.fetchWhole(this.#handle, this.sizeBytes, this.counters);
  }

  #fillLong({ offset, length }: ByteRange, target: Uint8Array): void {
    for (let done = 0; done < length; done += BRIDGE_BYTES) {
      const part = { offset: offset + done, length: Math.min(BRIDGE_BYTES, length - done) };
      target.set(this.#client.fetch(this.#handle, [part], part.length, this.counters), done);
    }
  }

  close(): void {
    if (!this.#closed) this.#client.close(this.#handle, this.#askedBytes, this.#whole);
    this.#closed = true;
    this.#whole = undefined;
  }
}

/** On the main thread: answers one worker. */
export class BridgeServer {
  readonly #opener: SourceOpener;
  readonly #sources = new Map<number, Promise<RangedSource>>();

  constructor(opener: SourceOpener) {
    this.#opener = opener;
  }

  /** Answers a request; never rejects. */
  async handle(request: BridgeRequest): Promise<void> {
    if (request.op === "close") {
      const source = this.#sources.get(request.handle);
      this.#sources.delete(request.handle);
      // What could not be opened was reported to the worker, and has nothing to close.
      await source?.then((opened) => opened.close(request.askedBytes), () => undefined);
      return;
    }
    try {
      if (request.op === "open") {
        const opening = this.#opener.open(request.location);
        this.#sources.set(request.handle, opening);
        const source = await opening.catch((error) => {
          this.#sources.delete(request.handle);
          throw error;
        });
        const opened: OpenedSource = {
          name: source.name,
          sizeBytes: source.sizeBytes,
          isWhole: source.readWhole !== undefined,
        };
        answer(request.answer, DONE, JSON.stringify(opened), source.counters);
        return;
      }
      const source = await this.#sources.get(request.handle);
      if (source === undefined) throw new Error(`no open source has the handle ${request.handle}`);
      if (request.op === "whole") {
        await wholeOf(source, new Uint8Array(request.data, 0, source.sizeBytes));
        answer(request.answer, DONE, "", source.counters);
        return;
      }
      const parts = await source.readMany(request.ranges);
      let at = 0;
      for (const bytes of parts) {
        new Uint8Array(request.data, at, bytes.length).set(bytes);
        at += bytes.length;
      }
      answer(request.answer, DONE, "", source.counters);
    } catch (error) {
      answer(request.answer, FAILED, JSON.stringify(shortened(serializeError(error))), undefined);
    }
  }

  /** Closes what the worker left open. */
  async close(): Promise<void> {
    const handles = [...this.#sources.keys()];
    await mapBounded(handles, 16, (handle) => this.handle({ op: "close", handle, askedBytes: 0 }));
  }
}

/** All bytes of a source, though what was fetched of it whole may be given up by now. */
async function wholeOf(source: RangedSource, memory: Uint8Array): Promise<void> {
  if (source.readWhole !== undefined) await source.readWhole(memory);
  else memory.set(await source.read(0, memory.length));
}

/** An error that fits into an answer. */
function shortened(error: SerializedError): SerializedError {
  const text = JSON.stringify(error);
  if (new TextEncoder().encode(text).length <= ANSWER_BYTES - HEADER_BYTES) return error;
  return {
    ...error,
    message: error.message.slice(0, 4096),
    details: {},
    stack: (error.stack ?? "").slice(0, 4096),
  };
}

function answer(
  memory: SharedArrayBuffer,
  state: number,
  text: string,
  counters: SourceCounters | undefined,
): void {
  const bytes = new TextEncoder().encode(text);
  new Uint8Array(memory, HEADER_BYTES).set(bytes);
  const totals = new Float64Array(memory, 8, 2);
  totals[0] = counters?.requests ?? 0;
  totals[1] = counters?.bytes ?? 0;
  const words = new Int32Array(memory, 0, 2);
  words[1] = bytes.length;
  Atomics.store(words, 0, state);
  Atomics.notify(words, 0);
}
