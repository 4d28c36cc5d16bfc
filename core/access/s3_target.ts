/**
 * Objects below an S3 prefix: a single PUT, or parts for large ones; exclusive puts by If-None-Match. The
 * PUT is the commit: S3 shows an object when it is whole. Google's XML interface does the same.
 */
import crypto from "node:crypto";
import { mapStream } from "../concurrency.ts";
import { GranaryError } from "../errors.ts";
import { ANSWER_BYTES, PARTS_AT_ONCE, type PartsWrite, RemoteTarget } from "./remote_target.ts";
import { Trouble } from "./retry.ts";
import { unescapeXml } from "./s3_xml.ts";

export class S3Target extends RemoteTarget {
  protected override readonly mostParts = 10_000;

  protected override async writeWhole(key: string, bytes: Uint8Array, exclusive: boolean): Promise<boolean> {
    const counters = { opens: 0, requests: 0, bytes: 0 };
    return await this.ask(key, "", "put", {
      method: "PUT",
      headers: { ...contentHeaders(bytes), ...condition(exclusive) },
      body: bytes,
      maxBytes: ANSWER_BYTES,
      counters,
    }, async (reply) => {
      if (reply.status === 501) throw noCondition(this.name);
      if (reply.status !== 412) return true;
      // Where an earlier answer was lost on the way, what is there may be our own.
      return counters.requests > 1 && await this.holds(key, bytes);
    }, exclusive ? { also: [412, 501] } : {});
  }

  protected override async writeParts(
    key: string,
    { parts, isThere, exclusive, partsAtOnce = PARTS_AT_ONCE }: PartsWrite,
  ): Promise<boolean> {
    const upload = await this.ask(key, "uploads=", "begin an upload of", {
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
        return this.ask(key, `partNumber=${part + 1}&${query}`, "put a part of", what, (reply, asked) => {
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
      const counters = { opens: 0, requests: 0, bytes: 0 };
      const done = await this.ask(key, query, "complete the upload of", {
        method: "POST",
        headers: { "content-type": "application/xml", ...condition(exclusive) },
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
      }, { also: exclusive ? [404, 412, 501] : [404] });
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
      await this.ask(
        key,
        query,
        "abandon the upload of",
        { method: "DELETE", maxBytes: ANSWER_BYTES },
        () => {},
        { also: [404] },
      );
    } catch (error) {
      this.opener.warn(`parts of ${this.name} may be left over: ${(error as Error).message}`);
    }
  }
}

async function completed(isThere: () => Promise<boolean>, asked: string): Promise<boolean> {
  if (await isThere()) return true;
  throw new GranaryError(
    "io",
    `${asked}: the upload is gone and the object is not there (was it cleaned away? run again)`,
  );
}

function condition(exclusive: boolean): Record<string, string> {
  return exclusive ? { "if-none-match": "*" } : {};
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

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
