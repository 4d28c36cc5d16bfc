/**
 * Objects below an S3 prefix: a single PUT, or parts for large ones; exclusive puts by If-None-Match. The
 * PUT is the commit: S3 shows an object when it is whole.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { GranaryError } from "../errors.ts";
import type { RangedSource } from "./block_cache.ts";
import type { HttpReply } from "./http.ts";
import { mapBounded, mapStream } from "../concurrency.ts";
import type { S3Settings, SourceLocation } from "./location.ts";
import { byBytes, checkKey, checkLength, type ObjectTarget } from "./object_target.ts";
import type { SourceOpener } from "./open.ts";
import { safeName } from "./redact.ts";
import { Trouble } from "./retry.ts";
import { listS3, type S3Object } from "./s3_list.ts";
import { errorCode } from "./s3_transport.ts";
import { unescapeXml } from "./s3_xml.ts";
import { type LocationRequest, request, type RequestOptions } from "./transport.ts";

/** Larger objects go in parts of this size. */
export const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
/** S3 numbers the parts of an upload from 1 to this. */
const MOST_PARTS = 10_000;
const PUTS_AT_ONCE = 16;
const ANSWER_BYTES = 16 * 1024 * 1024;
/** No object that a store or a run directory holds is larger; what is larger is read by range. */
const LARGEST_GET_BYTES = 2 ** 31 - 1;

export class S3Target implements ObjectTarget {
  readonly name: string;
  readonly #base: string;
  readonly #opener: SourceOpener;
  readonly #s3: S3Settings;

  constructor(url: string, opener: SourceOpener, s3: S3Settings = {}) {
    this.name = safeName(url);
    this.#base = url.replace(/\/*$/, "/");
    this.#opener = opener;
    this.#s3 = s3;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#write(key, bytes, {});
  }

  async putAll(objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await mapBounded([...objects], PUTS_AT_ONCE, ([key, bytes]) => this.put(key, bytes));
  }

  async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#write(key, bytes, { "if-none-match": "*" });
  }

  async putChunks(
    key: string,
    sizeBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    { replace, partsAtOnce }: { replace: boolean; partsAtOnce?: number },
  ): Promise<boolean> {
    const condition: Record<string, string> = replace ? {} : { "if-none-match": "*" };
    const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS));
    const hash = crypto.createHash("sha256");
    const parts = regroup(this.name, sizeBytes, partBytes, chunks, hash);
    if (sizeBytes <= PART_BYTES) {
      let whole: Uint8Array = new Uint8Array(0);
      for await (const part of parts) whole = part;
      return await this.#write(key, whole, condition);
    }
    // What exists is known before the parts are sent; the condition at the end holds for all the time between.
    if (!replace && (await this.sizes(key)).has(key)) return false;
    const digest = lazily(() => hash.digest("hex"));
    const isThere = () => this.#holdsDigest(key, sizeBytes, digest());
    return await this.#writeParts(key, parts, isThere, condition, partsAtOnce);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return await this.#ask(key, "", "get", { maxBytes: LARGEST_GET_BYTES }, (reply, asked) => {
      if (reply.status === 404) {
        if (errorCode(reply) === "NoSuchBucket") throw noBucket(this.name);
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
  async #objects(prefix: string): Promise<S3Object[]> {
    const { pathname } = new URL(this.#base.replace(/^s3:/, "http:"));
    const root = decodeURIComponent(pathname.slice(1));
    const found: S3Object[] = [];
    const listed = listS3({ bucket: this.#base.split("/")[2], prefix: root + prefix }, this.#opener, {
      s3: this.#s3,
      name: this.name,
    });
    for await (const object of listed) {
      if (!object.key.startsWith(root)) continue;
      const key = object.key.slice(root.length);
      if (key !== "" && !key.endsWith("/")) found.push({ ...object, key });
    }
    return found.sort((a, b) => byBytes(a.key, b.key));
  }

  async delete(key: string): Promise<void> {
    await this.#ask(key, "", "delete", { method: "DELETE", maxBytes: ANSWER_BYTES }, () => {}, {
      also: [404],
    });
  }

  async open(key: string): Promise<RangedSource> {
    return await this.#opener.open(this.#at(key));
  }

  #at(key: string): SourceLocation {
    checkKey(this.name, key);
    return { kind: "s3", url: this.#base + key, s3: this.#s3 };
  }

  async #ask<T>(
    key: string,
    query: string,
    verb: string,
    what: LocationRequest,
    accept: (reply: HttpReply, asked: string) => T | Promise<T>,
    options: RequestOptions = {},
  ): Promise<T> {
    const { client, retry, signal } = this.#opener;
    const transport = await this.#opener.transport(this.#at(key), query);
    const asked = `${verb} ${transport.name}`;
    return await request(
      client,
      transport,
      retry,
      asked,
      { signal, ...what },
      (reply) => accept(reply, asked),
      options,
    );
  }

  /** Writes an object whole; false where the condition does not hold. */
  async #write(key: string, bytes: Uint8Array, condition: Record<string, string>): Promise<boolean> {
    if (bytes.length > PART_BYTES) {
      return await this.#writeParts(key, partsOf(bytes), () => this.#holds(key, bytes), condition);
    }
    const conditional = "if-none-match" in condition;
    const counters = { opens: 0, requests: 0, bytes: 0 };
    return await this.#ask(key, "", "put", {
      method: "PUT",
      headers: { ...contentHeaders(bytes), ...condition },
      body: bytes,
      maxBytes: ANSWER_BYTES,
      counters,
    }, async (reply) => {
      if (reply.status === 501) throw noCondition(this.name);
      if (reply.status !== 412) return true;
      // Where an earlier answer was lost on the way, what is there may be our own.
      return counters.requests > 1 && await this.#holds(key, bytes);
    }, conditional ? { also: [412, 501] } : {});
  }

  async #holds(key: string, bytes: Uint8Array): Promise<boolean> {
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

  /** `isThere` tells whether the object holds what was sent, where an answer was lost on the way. */
  async #writeParts(
    key: string,
    parts: AsyncIterable<Uint8Array>,
    isThere: () => Promise<boolean>,
    condition: Record<string, string>,
    partsAtOnce = PARTS_AT_ONCE,
  ): Promise<boolean> {
    const upload = await this.#ask(key, "uploads=", "begin an upload of", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(0),
      maxBytes: ANSWER_BYTES,
    }, (reply, asked) => {
      const id = /<UploadId>([^<]+)<\/UploadId>/.exec(new TextDecoder().decode(reply.body))?.[1];
      if (id === undefined) {
        throw new GranaryError(
          "io",
          `${asked}: the answer names no upload; the endpoint does not do multipart`,
        );
      }
      return unescapeXml(id);
    });
    const query = `uploadId=${encodeURIComponent(upload)}`;
    try {
      const tags = await mapStream(parts, partsAtOnce, (body, part) => {
        const what = { method: "PUT" as const, headers: contentHeaders(body), body, maxBytes: ANSWER_BYTES };
        return this.#ask(key, `partNumber=${part + 1}&${query}`, "put a part of", what, (reply, asked) => {
          const tag = reply.headers.get("etag");
          if (tag === null) throw new GranaryError("io", `${asked}: the answer has no ETag`);
          return tag;
        });
      });
      const list = tags.map((tag, i) =>
        `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`
      );
      const body = new TextEncoder().encode(
        `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`,
      );
      const conditional = "if-none-match" in condition;
      const counters = { opens: 0, requests: 0, bytes: 0 };
      const done = await this.#ask(key, query, "complete the upload of", {
        method: "POST",
        headers: { "content-type": "application/xml", ...condition },
        body,
        maxBytes: ANSWER_BYTES,
        counters,
      }, async (reply, asked) => {
        if (reply.status === 501) throw noCondition(this.name);
        if (reply.status === 412) return counters.requests > 1 && await isThere();
        // An upload that is complete already is gone: our answer to it was lost on the way.
        if (reply.status === 404) return await completed(isThere, asked);
        // This request answers 200 before it is done, and may then say that it failed.
        const text = new TextDecoder().decode(reply.body);
        if (/<Error>/.test(text)) {
          throw new Trouble({
            kind: "status",
            asked,
            came: `the server answered 200 with the error ${/<Code>([^<]*)</.exec(text)?.[1] ?? "unnamed"}`,
            advice: "the trouble is at the server: try again later",
            retryable: true,
          });
        }
        return true;
      }, { also: conditional ? [404, 412, 501] : [404] });
      if (!done) await this.#abandon(key, query);
      return done;
    } catch (error) {
      await this.#abandon(key, query);
      throw error;
    }
  }

  /** Parts of an upload that is not completed cost money: they are deleted; where that fails too, it is reported. */
  async #abandon(key: string, query: string): Promise<void> {
    try {
      await this.#ask(
        key,
        query,
        "abandon the upload of",
        { method: "DELETE", maxBytes: ANSWER_BYTES },
        () => {},
        { also: [404] },
      );
    } catch (error) {
      this.#opener.warn(`parts of ${this.name} may be left over: ${(error as Error).message}`);
    }
  }
}

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

async function completed(isThere: () => Promise<boolean>, asked: string): Promise<boolean> {
  if (await isThere()) return true;
  throw new GranaryError(
    "io",
    `${asked}: the upload is gone and the object is not there (was it cleaned away? run again)`,
  );
}

function contentHeaders(body: Uint8Array): Record<string, string> {
  const sha256 = crypto.createHash("sha256").update(body).digest();
  return { "content-type": "application/octet-stream", "x-amz-content-sha256": sha256.toString("hex") };
}

function noCondition(name: string): GranaryError {
  return new GranaryError(
    "input",
    `${name}: this S3 service does not do conditional writes (If-None-Match), which a run needs to hold its place; ` +
      `keep the run directory on a file system with --run-dir`,
  );
}

function noBucket(name: string): GranaryError {
  return new GranaryError(
    "input",
    `${name}: there is no such bucket; create it, or check its name and endpoint`,
  );
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
