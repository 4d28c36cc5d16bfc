/** Objects of a bucket below a prefix, page by page: a list of millions of keys is never held whole. */
import { GranaryError } from "../errors.ts";
import type { HttpReply } from "./http.ts";
import type { ListedObject, ListOptions, ObjectPrefix } from "./listed_object.ts";
import type { SourceOpener } from "./open.ts";
import { unescapeXml } from "./s3_xml.ts";
import { request } from "./transport.ts";

const PAGE_BYTES = 16 * 1024 * 1024;

/**
 * Lists by ListObjectsV2, in the order of the keys' bytes; each page is asked for when the one before was
 * taken, and asked again where it failed in passing. Throws credential, granule and io errors.
 */
export async function* listS3(
  { scheme, bucket, prefix }: ObjectPrefix,
  opener: SourceOpener,
  options: ListOptions,
): AsyncGenerator<ListedObject> {
  const { client, retry } = opener;
  const asked = `list ${options.name}`;
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ "list-type": "2", "encoding-type": "url", prefix });
    if (next !== undefined) query.set("continuation-token", next);
    // Signatures know blanks as %20 only.
    const text = query.toString().replace(/\+/g, "%20");
    const transport = await opener.transport(
      { kind: "s3", url: `${scheme}://${bucket}/`, s3: options.s3 ?? {} },
      text,
    );
    const signal = options.signal ?? opener.signal;
    const page = await request(
      client,
      transport,
      retry,
      asked,
      { signal, maxBytes: PAGE_BYTES },
      (reply) => parsePage(reply, asked),
    );
    yield* page.objects;
    if (page.next !== undefined && (page.next === next)) {
      throw new GranaryError("io", `${asked}: the S3 service gives the same page again and again`);
    }
    next = page.next;
  } while (next !== undefined);
}

function parsePage(reply: HttpReply, asked: string): { objects: ListedObject[]; next: string | undefined } {
  const text = new TextDecoder().decode(reply.body);
  if (reply.overlong || !/<ListBucketResult[\s>]/.test(text)) {
    throw new GranaryError("io", `${asked}: the answer is no list of objects (is this an S3 service?)`);
  }
  const decode = (key: string) => decodeURIComponent(unescapeXml(key).replace(/\+/g, " "));
  const encoded = /<EncodingType>url<\/EncodingType>/.test(text);
  const objects = [...text.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)].map(([, fields]) => {
    const key = /<Key>([^<]*)<\/Key>/.exec(fields)?.[1] ?? "";
    const etag = unescapeXml(/<ETag>([^<]*)<\/ETag>/.exec(fields)?.[1] ?? "").replace(/^"|"$/g, "");
    const modified = Date.parse(/<LastModified>([^<]*)<\/LastModified>/.exec(fields)?.[1] ?? "");
    return {
      key: encoded ? decode(key) : unescapeXml(key),
      sizeBytes: Number(/<Size>(\d+)<\/Size>/.exec(fields)?.[1] ?? NaN),
      etag: etag === "" ? null : etag,
      modified: Number.isNaN(modified) ? null : modified,
    };
  });
  const more = /<IsTruncated>true<\/IsTruncated>/.test(text);
  const next = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(text)?.[1];
  if (more && next === undefined) {
    throw new GranaryError("io", `${asked}: the S3 service lists a part of the keys and no way to the rest`);
  }
  return { objects, next: more ? unescapeXml(next!) : undefined };
}
