/**
 * Blobs below a prefix of an Azure container: one Put Blob, or blocks and their list for large ones; exclusive puts by
 * If-None-Match. A blob shows when it is whole; blocks of no list are cleared away by Azure after a week.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { mapStream } from "../concurrency.ts";
import { GranaryError } from "../errors.ts";
import type { HttpReply } from "./http.ts";
import { ANSWER_BYTES, PARTS_AT_ONCE, type PartsWrite, RemoteTarget } from "./remote_target.ts";
import { errorCode } from "./s3_xml.ts";

export class AzureTarget extends RemoteTarget {
  protected override readonly mostParts = 50_000;

  protected override async writeWhole(key: string, bytes: Uint8Array, exclusive: boolean): Promise<boolean> {
    const counters = { opens: 0, requests: 0, bytes: 0 };
    return await this.ask(key, "", "put", {
      method: "PUT",
      headers: { ...CONTENT, "x-ms-blob-type": "BlockBlob", ...condition(exclusive) },
      body: bytes,
      maxBytes: ANSWER_BYTES,
      counters,
    }, async (reply) => {
      if (!isTaken(reply)) return true;
      // Where an earlier answer was lost on the way, what is there may be our own.
      return counters.requests > 1 && await this.holds(key, bytes);
    }, exclusive ? { also: TAKEN } : {});
  }

  protected override async writeParts(
    key: string,
    { parts, isThere, exclusive, partsAtOnce = PARTS_AT_ONCE }: PartsWrite,
  ): Promise<boolean> {
    // Blocks of two writers of one blob must not be taken for each other's.
    const writer = crypto.randomBytes(12).toString("hex");
    const ids = await mapStream(parts, partsAtOnce, async (body, part) => {
      const id = Buffer.from(`${writer}-${String(part).padStart(6, "0")}`).toString("base64");
      const what = { method: "PUT" as const, headers: CONTENT, body, maxBytes: ANSWER_BYTES };
      await this.ask(key, `comp=block&blockid=${encodeURIComponent(id)}`, "put a block of", what, () => {});
      return id;
    });
    const list = ids.map((id) => `<Uncommitted>${id}</Uncommitted>`).join("");
    const body = new TextEncoder().encode(
      `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`,
    );
    const counters = { opens: 0, requests: 0, bytes: 0 };
    return await this.ask(key, "comp=blocklist", "complete", {
      method: "PUT",
      headers: { "content-type": "application/xml", ...condition(exclusive) },
      body,
      maxBytes: ANSWER_BYTES,
      counters,
    }, async (reply, asked) => {
      if (reply.status < 300) return true;
      // The list of another writer, or our own whose answer was lost, has cleared our blocks away.
      if (counters.requests > 1 && await isThere()) return true;
      const code = errorCode(reply);
      if (exclusive && (isTaken(reply) || code === "InvalidBlockList")) return false;
      throw new GranaryError(
        "io",
        `${asked}: Azure answered ${reply.status} ${
          code ?? ""
        }: another writer may have written it meanwhile; run again`,
      );
    }, { also: [400, ...TAKEN] });
  }
}

const CONTENT = { "content-type": "application/octet-stream" };

/** Statuses that a blob which is there has, where it must not be. */
const TAKEN = [409, 412];

function isTaken(reply: HttpReply): boolean {
  return TAKEN.includes(reply.status) && errorCode(reply) !== "InvalidBlobType";
}

function condition(exclusive: boolean): Record<string, string> {
  return exclusive ? { "if-none-match": "*" } : {};
}
