/**
 * An S3 for the faults that a real one has seldom: keys that end, a bucket elsewhere, a clock that is wrong.
 * It checks who signs for which region, not the signature itself (moto does that). Objects may be put, once only
 * where that is asked, and deleted.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Loopback } from "./loopback.ts";

export interface FakeS3 {
  server: Loopback;
  /** Objects by `bucket/key`. */
  objects: Map<string, Uint8Array>;
  /** Access keys that may read, by bucket; `*` lets everyone in. */
  readers: Map<string, Set<string>>;
  /** Access keys whose time is over. */
  ended: Set<string>;
  /** The region of each bucket; us-west-2 by default. */
  regions: Map<string, string>;
  /** Its clock minus the true one. */
  clockAheadMs: number;
  /** When objects were last written, by `bucket/key`; a day of 2024 by default. */
  written: Map<string, number>;
  /** Keys in a page of a list. */
  pageKeys: number;
  stop(): Promise<void>;
}

export async function startFakeS3(): Promise<FakeS3> {
  const server = await Loopback.start((request, response, body) => {
    const date = new Date(Date.now() + fake.clockAheadMs);
    const refuse = (status: number, code: string, more = "", headers: Record<string, string> = {}) => {
      response.writeHead(status, { "content-type": "application/xml", date: date.toUTCString(), ...headers });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said</Message>${more}</Error>`);
    };
    const name = decodeURIComponent(new URL(request.url!, server.url).pathname.slice(1));
    const bucket = name.split("/")[0];
    const region = fake.regions.get(bucket) ?? "us-west-2";
    const auth = /Credential=([^/]+)\/\d+\/([^/]+)\/s3\/aws4_request/.exec(
      request.headers.authorization ?? "",
    );
    const readers = fake.readers.get(bucket);
    if (auth !== null) {
      if (auth[2] !== region) {
        const more = `<Region>${region}</Region>`;
        return refuse(400, "AuthorizationHeaderMalformed", more, { "x-amz-bucket-region": region });
      }
      const stamp = String(request.headers["x-amz-date"]).replace(
        /(....)(..)(..)T(..)(..)(..)Z/,
        "$1-$2-$3T$4:$5:$6Z",
      );
      if (Math.abs(Date.parse(stamp) - date.getTime()) > 15 * 60_000) {
        return refuse(403, "RequestTimeTooSkewed");
      }
      if (fake.ended.has(auth[1])) return refuse(400, "ExpiredToken");
      if (readers?.has(auth[1]) !== true && readers?.has("*") !== true) return refuse(403, "AccessDenied");
    } else if (readers?.has("*") !== true) return refuse(403, "AccessDenied");
    const query = new URL(request.url!, server.url).searchParams;
    if (query.get("list-type") === "2") {
      const answer = listPage(fake, bucket, query.get("prefix") ?? "", query.get("continuation-token"));
      response.writeHead(200, { "content-type": "application/xml", date: date.toUTCString() });
      response.end(answer);
      return;
    }
    if (request.method === "PUT" || request.method === "DELETE") {
      return void write(request, response, name, body);
    }
    const bytes = fake.objects.get(name);
    if (bytes === undefined) return refuse(404, "NoSuchKey");
    server.sendFile(request, response, bytes);
  });
  const write = (request: IncomingMessage, response: ServerResponse, name: string, body: Uint8Array) => {
    if (request.method === "DELETE") {
      fake.objects.delete(name);
      return response.writeHead(204).end();
    }
    if (request.headers["if-none-match"] === "*" && fake.objects.has(name)) {
      return response.writeHead(412).end();
    }
    fake.objects.set(name, body.slice());
    fake.written.set(name, Date.now() + fake.clockAheadMs);
    response.writeHead(200, { etag: '"0123456789abcdef"' }).end();
  };
  const fake: FakeS3 = {
    server,
    objects: new Map(),
    readers: new Map(),
    ended: new Set(),
    regions: new Map(),
    clockAheadMs: 0,
    written: new Map(),
    pageKeys: 1000,
    stop: () => server.stop(),
  };
  return fake;
}

/** A page of ListObjectsV2, with keys as a query would have them. The token is the last key before it. */
function listPage(fake: FakeS3, bucket: string, prefix: string, token: string | null): string {
  const escape = (text: string) => encodeURIComponent(text).replace(/%2F/g, "/").replace(/%20/g, "+");
  const after = token === null ? "" : Buffer.from(token, "base64").toString();
  const keys = [...fake.objects.keys()].filter((name) => name.startsWith(`${bucket}/${prefix}`))
    .map((name) => name.slice(bucket.length + 1))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).filter((key) => key > after);
  const page = keys.slice(0, fake.pageKeys);
  const more = keys.length > page.length;
  const contents = page.map((key) => {
    const size = fake.objects.get(`${bucket}/${key}`)!.length;
    const written = new Date(fake.written.get(`${bucket}/${key}`) ?? Date.UTC(2024, 0, 2, 3, 4, 5));
    return `<Contents><Key>${escape(key)}</Key><LastModified>${written.toISOString()}</LastModified>` +
      `<ETag>&quot;0123456789abcdef&quot;</ETag><Size>${size}</Size></Contents>`;
  });
  const next = more
    ? `<NextContinuationToken>${Buffer.from(page.at(-1)!).toString("base64")}</NextContinuationToken>`
    : "";
  return `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>` +
    `<IsTruncated>${more}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}
