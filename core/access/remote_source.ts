/**
 * A remote file by ranged requests. Every answer is checked: that it is the range that was asked for, that
 * it is whole, and that the file is still the one that was opened.
 */
import { GranaryError } from "../errors.ts";
import type { HttpClient, HttpHead, HttpReply } from "./http.ts";
import { memorySource } from "./memory_source.ts";
import { checkRange } from "./range.ts";
import { excerpt } from "./redact.ts";
import { type RetryPolicy, Trouble } from "./retry.ts";
import type { Source, SourceCounters } from "./source.ts";
import { request, type Transport } from "./transport.ts";

/** The first request asks for this much where no more is wanted; it tells the size, and HDF5 keeps its superblock there. */
const FIRST_READ_BYTES = 32 * 1024;

/** A server that ignores ranges is used only for files that may be held whole. */
const WHOLE_FILE_BYTES = 32 * 1024 * 1024;

interface RemoteOptions {
  client: HttpClient;
  retry: RetryPolicy;
  signal?: AbortSignal | undefined;
}

interface OpenedRemote {
  source: Source;
  counters: SourceCounters;
  /** The file's first bytes, which came with the opening. */
  first: Uint8Array;
}

/** Opens what `transport` asks for: one request, for the first bytes, `firstBytes` of them. */
export async function openRemote(
  transport: Transport,
  options: RemoteOptions,
  firstBytes = FIRST_READ_BYTES,
): Promise<OpenedRemote> {
  const counters: SourceCounters = { opens: 1, requests: 0, bytes: 0 };
  const asked = transport.name;
  return await request(
    options.client,
    transport,
    options.retry,
    asked,
    {
      headers: { range: `bytes=0-${firstBytes - 1}` },
      maxBytes: (head) =>
        head.status !== 200 ? firstBytes : statedLength(head) > WHOLE_FILE_BYTES ? 0 : WHOLE_FILE_BYTES,
      signal: options.signal,
      counters,
    },
    (reply): OpenedRemote => {
      const tag = versionTag(reply);
      if (reply.status === 416) {
        if (parseContentRange(reply)?.total === 0) {
          return whole(transport.name, new Uint8Array(0), tag, counters);
        }
        throw new GranaryError("granule", `${asked}: the server refuses a read of its first bytes (416)`);
      }
      if (reply.status !== 206) return ignoredRange(reply, transport.name, tag, counters, firstBytes);
      const range = checkAnswer(reply, asked, 0, firstBytes);
      if (range.total === undefined) {
        throw new GranaryError(
          "granule",
          `${asked}: the server does not tell the file's size (Content-Range "${
            reply.headers.get("content-range")
          }"); ` +
            `fetch the file by other means and read it locally`,
        );
      }
      const source = new RemoteSource(transport, options, counters, range.total, tag);
      return { source, counters, first: reply.body };
    },
    { also: [416] },
  );
}

function whole(
  name: string,
  bytes: Uint8Array,
  tag: string | undefined,
  counters: SourceCounters,
): OpenedRemote {
  return { source: memorySource(name, bytes, tag), counters, first: bytes };
}

/** A 200: the whole file came, or begins to come. */
function ignoredRange(
  reply: HttpReply,
  name: string,
  tag: string | undefined,
  counters: SourceCounters,
  firstBytes: number,
): OpenedRemote {
  const stated = statedLength(reply);
  if (reply.overlong) {
    const size = Number.isNaN(stated) ? `more than ${WHOLE_FILE_BYTES}` : String(stated);
    throw new Trouble({
      kind: "range",
      asked: `${name} bytes 0 to ${firstBytes - 1}`,
      came: `the server ignores ranges and sends the whole file (${size} bytes)`,
      advice: "fetch the granules first with granary fetch, then use --driver local",
      retryable: true,
      tag: "granule",
    });
  }
  if (!Number.isNaN(stated) && reply.body.length < stated) throw shortBody(name, reply.body.length, stated);
  return whole(name, reply.body, tag, counters);
}

function statedLength(head: HttpHead): number {
  const text = head.headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : NaN;
}

class RemoteSource implements Source {
  readonly name: string;
  readonly sizeBytes: number;
  readonly versionTag: string | undefined;
  readonly #transport: Transport;
  readonly #options: RemoteOptions;
  readonly #counters: SourceCounters;

  constructor(
    transport: Transport,
    options: RemoteOptions,
    counters: SourceCounters,
    sizeBytes: number,
    tag: string | undefined,
  ) {
    this.name = transport.name;
    this.sizeBytes = sizeBytes;
    this.versionTag = tag;
    this.#transport = transport;
    this.#options = options;
    this.#counters = counters;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return await this.#range(offset, length, undefined, signal);
  }

  async readInto(offset: number, memory: Uint8Array, signal?: AbortSignal): Promise<void> {
    const bytes = await this.#range(offset, memory.length, memory, signal);
    if (bytes.buffer !== memory.buffer) memory.set(bytes);
  }

  async #range(
    offset: number,
    length: number,
    into: Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    checkRange(this.name, this.sizeBytes, offset, length);
    if (length === 0) return new Uint8Array(0);
    const { client, retry } = this.#options;
    const asked = `${this.name} bytes ${offset} to ${offset + length - 1}`;
    return await request(
      client,
      this.#transport,
      retry,
      asked,
      {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
        maxBytes: (head) => head.status === 206 ? length : 0,
        into,
        signal: signal ?? this.#options.signal,
        counters: this.#counters,
      },
      (reply) => {
        this.#checkSame(reply, asked);
        if (reply.status !== 206) {
          throw new Trouble({
            kind: "range",
            asked,
            came: `the server ignored the range (${reply.status})`,
            advice: "fetch the granules first with granary fetch, then use --driver local",
            retryable: true,
            tag: "granule",
          });
        }
        checkAnswer(reply, asked, offset, length);
        return reply.body;
      },
      { also: [416] },
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Two versions of a file must never be mixed: the first sign of another one ends the reading. */
  #checkSame(reply: HttpReply, asked: string): void {
    const total = parseContentRange(reply)?.total;
    const tag = versionTag(reply);
    const sized = reply.status === 416 || (total !== undefined && total !== this.sizeBytes);
    const tagged = tag !== undefined && this.versionTag !== undefined && tag !== this.versionTag;
    if (!sized && !tagged) return;
    throw new GranaryError(
      "granule",
      `${asked}: the file changed while it was read (it had ${this.sizeBytes} bytes and tag ${
        this.versionTag ?? "none"
      }, ` +
        `now ${total ?? "other"} bytes and tag ${tag ?? "none"}); run again`,
      { details: { asked, reason: "changed", retry: true } }, // another try reads one version
    );
  }
}

/** A strong ETag, else the time of the last change: equal tags mean equal bytes. */
function versionTag(reply: HttpHead): string | undefined {
  const tag = reply.headers.get("etag");
  if (tag !== null && tag !== "" && !/^W\//i.test(tag)) return tag;
  return reply.headers.get("last-modified") ?? undefined;
}

interface ContentRange {
  start: number | undefined;
  end: number | undefined;
  total: number | undefined;
}

/** `bytes 0-99/1234`, `bytes 0-99/*` or, on a 416, `bytes *\/1234`. */
function parseContentRange(reply: HttpHead): ContentRange | undefined {
  const match = /^\s*bytes\s+(?:(\d+)-(\d+)|\*)\/(\d+|\*)\s*$/i.exec(
    reply.headers.get("content-range") ?? "",
  );
  if (match === null) return undefined;
  const number = (text: string | undefined) => text === undefined || text === "*" ? undefined : Number(text);
  return { start: number(match[1]), end: number(match[2]), total: number(match[3]) };
}

/** Checks a 206 against what was asked for; a file that ends earlier may give less. */
function checkAnswer(reply: HttpReply, asked: string, offset: number, length: number): ContentRange {
  const range = parseContentRange(reply);
  if (range?.start === undefined || range.end === undefined) {
    throw wrongRange(asked, `no usable Content-Range ("${reply.headers.get("content-range") ?? ""}")`, reply);
  }
  const wanted = Math.min(length, (range.total ?? Infinity) - offset);
  if (range.start !== offset || range.end !== offset + wanted - 1) {
    throw wrongRange(asked, `another range (bytes ${range.start} to ${range.end})`, reply);
  }
  if (reply.overlong) throw wrongRange(asked, `more than the ${wanted} bytes of the range`, reply);
  if (reply.body.length < wanted) throw shortBody(asked, reply.body.length, wanted);
  return range;
}

function wrongRange(asked: string, came: string, reply: HttpReply): Trouble {
  const said = reply.body.length > 0 && reply.body.length < 4096 ? excerpt(reply.body, 80) : "";
  return new Trouble({
    kind: "range",
    asked,
    came: `the server sent ${came}${said === "" ? "" : `: "${said}"`}`,
    advice: "a server or a proxy on the way does not serve ranges as it should: fetch the granules first",
    retryable: true,
    tag: "granule",
  });
}

function shortBody(asked: string, got: number, wanted: number): Trouble {
  return new Trouble({
    kind: "short",
    asked,
    came: `only ${got} of ${wanted} bytes came`,
    advice: "the network or the server cuts answers: try again later",
    retryable: true,
  });
}
