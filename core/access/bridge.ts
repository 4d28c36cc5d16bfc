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
  | { op: "close"; handle: number };

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
}

/** In a worker: opens sources whose bytes the main thread fetches. */
export class BridgeClient {
  readonly #post: (request: BridgeRequest) => void;
  readonly #answer = new SharedArrayBuffer(ANSWER_BYTES);
  #data = new SharedArrayBuffer(0);
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

  /** The bytes of ranges that fit into one request, each in an array of its own. */
  fetch(handle: number, ranges: readonly ByteRange[], total: number, counters: SourceCounters): Uint8Array[] {
    if (this.#data.byteLength < total) {
      this.#data = new SharedArrayBuffer(
        Math.min(BRIDGE_BYTES, Math.max(total, 2 * this.#data.byteLength, 65536)),
      );
    }
    const data = this.#data;
    this.#ask({ op: "read", handle, ranges: [...ranges], data, answer: this.#answer }, counters);
    let at = 0;
    return ranges.map(({ length }) => {
      const bytes = new Uint8Array(length);
      bytes.set(new Uint8Array(data, at, length));
      at += length;
      return bytes;
    });
  }

  close(handle: number): void {
    this.#post({ op: "close", handle });
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
  #closed = false;

  constructor(client: BridgeClient, handle: number, opened: OpenedSource, counters: SourceCounters) {
    this.#client = client;
    this.#handle = handle;
    this.name = opened.name;
    this.sizeBytes = opened.sizeBytes;
    this.counters = counters;
  }

  read(offset: number, length: number): Uint8Array {
    return this.readMany([{ offset, length }])[0];
  }

  readMany(ranges: readonly ByteRange[]): Uint8Array[] {
    if (this.#closed) throw new Error(`${this.name}: read after close`);
    for (const { offset, length } of ranges) checkRange(this.name, this.sizeBytes, offset, length);
    const out: Uint8Array[] = [];
    for (let from = 0; from < ranges.length;) {
      if (ranges[from].length > BRIDGE_BYTES) {
        out.push(this.#readLong(ranges[from++]));
        continue;
      }
      let total = 0;
      let to = from;
      while (to < ranges.length && to - from < RANGES_AT_ONCE && total + ranges[to].length <= BRIDGE_BYTES) {
        total += ranges[to++].length;
      }
      out.push(...this.#client.fetch(this.#handle, ranges.slice(from, to), total, this.counters));
      from = to;
    }
    return out;
  }

  #readLong({ offset, length }: ByteRange): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; done += BRIDGE_BYTES) {
      const part = Math.min(BRIDGE_BYTES, length - done);
      bytes.set(
        this.#client.fetch(
          this.#handle,
          [{ offset: offset + done, length: part }],
          part,
          this.counters,
        )[0],
        done,
      );
    }
    return bytes;
  }

  close(): void {
    if (!this.#closed) this.#client.close(this.#handle);
    this.#closed = true;
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
      await source?.then((opened) => opened.close(), () => undefined);
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
        const opened: OpenedSource = { name: source.name, sizeBytes: source.sizeBytes };
        answer(request.answer, DONE, JSON.stringify(opened), source.counters);
        return;
      }
      const source = await this.#sources.get(request.handle);
      if (source === undefined) throw new Error(`no open source has the handle ${request.handle}`);
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
    await mapBounded(handles, 16, (handle) => this.handle({ op: "close", handle }));
  }
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
