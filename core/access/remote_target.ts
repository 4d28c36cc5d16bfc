/**
 * A prefix of a service of objects as a target: what S3, Google Cloud Storage and Azure do alike. How an object is
 * written, whole or in parts, is each service's own.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { mapBounded } from "../concurrency.ts";
import type { RangedSource } from "./block_cache.ts";
import { DEFAULT_HTTP_LIMITS, type HttpReply } from "./http.ts";
import type { S3Settings, SourceLocation } from "./location.ts";
import { listObjects } from "./object_list.ts";
import { isNoBucket, noBucketOfTarget } from "./no_bucket.ts";
import { byBytes, checkKey, checkLength, type ObjectTarget } from "./object_target.ts";
import type { SourceOpener } from "./open.ts";
import { safeName } from "./redact.ts";
import { Trouble } from "./retry.ts";
import { parseObjectUrl } from "./s3_address.ts";
import type { ListedObject } from "./listed_object.ts";
import { errorCode } from "./s3_xml.ts";
import { type LocationRequest, request, type RequestOptions } from "./transport.ts";

/** Larger objects go in parts of this size. */
export const PART_BYTES = 16 * 1024 * 1024;
/** Of a service's answer that is no object. */
export const ANSWER_BYTES = 16 * 1024 * 1024;
export const PARTS_AT_ONCE = 4;
/** The gate of the host lets in as many as bring more. */
const PUTS_AT_ONCE = DEFAULT_HTTP_LIMITS.mostPerHost;
/** No object that a store or a run directory holds is larger; what is larger is read by range. */
const LARGEST_GET_BYTES = 2 ** 31 - 1;

/** Parts of an object, and how its writing ends. */
export interface PartsWrite {
  parts: AsyncIterable<Uint8Array>;
  /** Whether the object holds what was sent, where an answer was lost on the way. */
  isThere: () => Promise<boolean>;
  /** Only where there is none. */
  exclusive: boolean;
  partsAtOnce?: number | undefined;
}

export abstract class RemoteTarget implements ObjectTarget {
  readonly name: string;
  protected readonly opener: SourceOpener;
  readonly #base: string;
  readonly #settings: S3Settings;
  /** An object has at most so many parts. */
  protected abstract readonly mostParts: number;

  constructor(url: string, opener: SourceOpener, settings: S3Settings = {}) {
    this.name = safeName(url);
    this.#base = url.replace(/\/*$/, "/");
    this.opener = opener;
    this.#settings = settings;
  }

  /** Writes an object of one request; false where `exclusive` and there is one. */
  protected abstract writeWhole(key: string, bytes: Uint8Array, exclusive: boolean): Promise<boolean>;

  /** Writes an object in parts; false where `exclusive` and there is one. */
  protected abstract writeParts(key: string, write: PartsWrite): Promise<boolean>;

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#write(key, bytes, false);
  }

  async putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await mapBounded([...objects], PUTS_AT_ONCE, ([key, bytes]) => this.put(key, bytes));
  }

  async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#write(key, bytes, true);
  }

  async putChunks(
    key: string,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    { replace, partsAtOnce }: { replace: boolean; partsAtOnce?: number },
  ): Promise<boolean> {
    const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / this.mostParts));
    const hash = crypto.createHash("sha256");
    const parts = regroup(this.name, sizeBytes, partBytes, chunks, hash);
    if (sizeBytes <= PART_BYTES) {
      let whole: Uint8Array = new Uint8Array(0);
      for await (const part of parts) whole = part;
      return await this.writeWhole(key, whole, !replace);
    }
    // What exists is known before the parts are sent; the condition at the end holds for all the time between.
    if (!replace && (await this.sizes(key)).has(key)) return false;
    const digest = lazily(() => hash.digest("hex"));
    const isThere = () => this.#holdsDigest(key, sizeBytes, digest());
    return await this.writeParts(key, { parts, isThere, exclusive: !replace, partsAtOnce });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return await this.ask(key, "", "get", { maxBytes: LARGEST_GET_BYTES }, (reply, asked) => {
      if (reply.status === 404) {
        if (NO_BUCKET.has(errorCode(reply) ?? "")) throw noBucketOfTarget(this.name);
        return undefined;
      }
      const stated = Number(reply.headers.get("content-length") ?? reply.body.length);
      if (reply.body.length !== stated) {
        throw new Trouble({
          kind: "short",
          asked,
          came: `only ${reply.body.length} of ${stated} bytes came`,
          advice: "the network or the server cuts answers: try again later",
          retryable: true,
        });
      }
      return reply.body;
    }, { also: [404] });
  }

  async list(prefix: string): Promise<string[]> {
    return [...(await this.sizes(prefix)).keys()];
  }

  /** A PUT is whole or nothing, and an upload in parts is completed or abandoned by its writer. */
  sweep(): Promise<void> {
    return Promise.resolve();
  }

  async sizes(prefix: string): Promise<Map<string, number>> {
    return new Map((await this.#objects(prefix)).map(({ key, sizeBytes }) => [key, sizeBytes]));
  }

  async written(prefix: string): Promise<Map<string, number>> {
    return new Map(
      (await this.#objects(prefix)).flatMap(({ key, modified }) =>
        modified === null ? [] : [[key, modified]]
      ),
    );
  }

  /** Objects below a prefix, by their keys in this target. */
  async #objects(prefix: string): Promise<ListedObject[]> {
    const { scheme, bucket, key } = parseObjectUrl(this.#base);
    const root = decodeURIComponent(new URL(`http://h/${key}`).pathname.slice(1));
    const found: ListedObject[] = [];
    const listed = listObjects({ scheme, bucket, prefix: root + prefix }, this.opener, {
      s3: this.#settings,
      name: this.name,
    });
    await this.#inBucket(async () => {
      for await (const object of listed) {
        if (!object.key.startsWith(root)) continue;
        const below = object.key.slice(root.length);
        if (below !== "" && !below.endsWith("/")) found.push({ ...object, key: below });
      }
    });
    return found.sort((a, b) => byBytes(a.key, b.key));
  }

  async delete(key: string): Promise<void> {
    const what = { method: "DELETE" as const, maxBytes: ANSWER_BYTES };
    await this.ask(key, "", "delete", what, () => {}, { also: [404] });
  }

  async open(key: string): Promise<RangedSource> {
    return await this.opener.open(this.#at(key));
  }

  #at(key: string): SourceLocation {
    checkKey(this.name, key);
    return { kind: "s3", url: this.#base + key, s3: this.#settings };
  }

  protected async ask<T>(
    key: string,
    query: string,
    verb: string,
    what: LocationRequest,
    accept: (reply: HttpReply, asked: string) => T | Promise<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    const { client, retry, signal } = this.opener;
    const transport = await this.opener.transport(this.#at(key), query);
    const asked = `${verb} ${transport.name}`;
    return await this.#inBucket(() =>
      request(
        client,
        transport,
        retry,
        asked,
        { signal, ...what },
        (reply) => accept(reply, asked),
        options,
      )
    );
  }

  /** A bucket that is missing is no granule's failure here: the target was named by who runs this. */
  async #inBucket<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw isNoBucket(error) ? noBucketOfTarget(this.name) : error;
    }
  }

  async #write(key: string, bytes: Uint8Array, exclusive: boolean): Promise<boolean> {
    if (bytes.length <= PART_BYTES) return await this.writeWhole(key, bytes, exclusive);
    const isThere = () => this.holds(key, bytes);
    return await this.writeParts(key, { parts: partsOf(bytes), isThere, exclusive });
  }

  protected async holds(key: string, bytes: Uint8Array): Promise<boolean> {
    const there = await this.get(key);
    return there !== undefined && Buffer.compare(there, bytes) === 0;
  }

  async #holdsDigest(key: string, sizeBytes: number, sha256: string): Promise<boolean> {
    if ((await this.sizes(key)).get(key) !== sizeBytes) return false;
    const source = await this.open(key);
    try {
      const hash = crypto.createHash("sha256");
      for (let at = 0; at < sizeBytes; at += PART_BYTES) {
        hash.update(await source.read(at, Math.min(PART_BYTES, sizeBytes - at)));
      }
      return hash.digest("hex") === sha256;
    } finally {
      await source.close();
    }
  }
}

/** What services answer where the bucket or the container is missing. */
const NO_BUCKET: ReadonlySet<string> = new Set(["NoSuchBucket", "ContainerNotFound"]);

async function* partsOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
}

/** Chunks of any length as parts of one length; `hash` takes in all of them. */
async function* regroup(
  name: string,
  sizeBytes: number,
  partBytes: number,
  chunks: AsyncIterable<Uint8Array>,
  hash: crypto.Hash,
): AsyncIterable<Uint8Array> {
  let sent = 0, used = 0;
  let part = new Uint8Array(Math.min(partBytes, sizeBytes));
  for await (const chunk of chunks) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) {
      if (part.length === 0) checkLength(name, sizeBytes, sent + chunk.length - at);
      const taken = chunk.subarray(at, at + part.length - used);
      part.set(taken, used);
      used += taken.length;
      at += taken.length;
      if (used < part.length) continue;
      yield part;
      sent += used;
      used = 0;
      part = new Uint8Array(Math.min(partBytes, sizeBytes - sent));
    }
  }
  checkLength(name, sizeBytes, sent + used);
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
