/** Blobs of an Azure container below a prefix, page by page (List Blobs). */
import { Buffer } from "node:buffer";
import { GranaryError } from "../errors.ts";
import type { HttpReply } from "./http.ts";
import type { ListedObject, ListOptions, ObjectPrefix } from "./listed_object.ts";
import type { SourceOpener } from "./open.ts";
import { unescapeXml } from "./s3_xml.ts";
import { request } from "./transport.ts";

const PAGE_BYTES = 16 * 1024 * 1024;

/** Lists blobs in the order of their names. Throws credential, granule and io errors. */
export async function* listAzure(
  { bucket, prefix }: ObjectPrefix,
  opener: SourceOpener,
  options: ListOptions,
): AsyncGenerator<ListedObject> {
  const { client, retry } = opener;
  const asked = `list ${options.name}`;
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ restype: "container", comp: "list", prefix });
    if (next !== undefined) query.set("marker", next);
    const location = { kind: "s3" as const, url: `az://${bucket}/`, s3: options.s3 ?? {} };
    const transport = await opener.transport(location, query.toString().replace(/\+/g, "%20"));
    const what = { signal: options.signal ?? opener.signal, maxBytes: PAGE_BYTES };
    const page = await request(client, transport, retry, asked, what, (reply) => parsePage(reply, asked));
    yield* page.objects;
    if (page.next !== undefined && page.next === next) {
      throw new GranaryError("io", `${asked}: the service gives the same page again and again`);
    }
    next = page.next;
  } while (next !== undefined);
}

function parsePage(reply: HttpReply, asked: string): { objects: ListedObject[]; next: string | undefined } {
  const text = new TextDecoder().decode(reply.body);
  if (reply.overlong || !/<EnumerationResults[\s>]/.test(text)) {
    throw new GranaryError("io", `${asked}: the answer is no list of blobs (is this Azure's blob service?)`);
  }
  const objects = [...text.matchAll(/<Blob>([\s\S]*?)<\/Blob>/g)].flatMap(([, fields]): ListedObject[] => {
    // Accounts with a hierarchical namespace list their folders, too.
    if (/<ResourceType>directory<\/ResourceType>/.test(fields)) return [];
    const [, mark = "", name = ""] = /<Name( Encoded="true")?>([^<]*)<\/Name>/.exec(fields) ?? [];
    const key = unescapeXml(name);
    const md5 = /<Content-MD5>([^<]+)<\/Content-MD5>/.exec(fields)?.[1];
    const modified = Date.parse(/<Last-Modified>([^<]*)<\/Last-Modified>/.exec(fields)?.[1] ?? "");
    return [{
      key: mark === "" ? key : decodeURIComponent(key),
      sizeBytes: Number(/<Content-Length>(\d+)<\/Content-Length>/.exec(fields)?.[1] ?? NaN),
      etag: md5 === undefined ? null : Buffer.from(md5, "base64").toString("hex"),
      modified: Number.isNaN(modified) ? null : modified,
    }];
  });
  const next = unescapeXml(/<NextMarker>([^<]*)<\/NextMarker>/.exec(text)?.[1] ?? "");
  return { objects, next: next === "" ? undefined : next };
}
