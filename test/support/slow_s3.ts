/**
 * An S3 at the end of a line (`line_server.ts`), as a process of its own, so that its work is not counted as that of the
 * program that asks it.
 *
 *   deno run -A test/support/slow_s3.ts FOLDER LATENCY_MS BYTES_A_SECOND
 *
 * It serves files of FOLDER as `bucket/key`, each read once, and keeps what is put in memory. It checks no signature. It
 * writes its address to stdout, tells at `/-seen` what it saw since it was asked last, forgets that and what was put at
 * `/-forget`, and ends when its stdin does.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import { type LineAnswer, type LineRequest, LineServer } from "./line_server.ts";

const [folder, latencyMs, bytesASecond] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
];
if (folder === undefined || !(latencyMs >= 0) || !(bytesASecond > 0)) {
  throw new Error("wanted: FOLDER LATENCY_MS BYTES_A_SECOND");
}

const put = new Map<string, Uint8Array<ArrayBuffer>>();
const files = new Map<string, Uint8Array<ArrayBuffer>>();
const parts = new Map<string, Map<number, Uint8Array>>();
let uploads = 0;

const server = new LineServer({ latencyMs, bytesASecond }, answer);
console.log(server.listen());
process.stdin.on("end", () => process.exit(0)).resume();

function answer(request: LineRequest): LineAnswer {
  const { method, url, body } = request;
  if (url.pathname === "/-seen") return { status: 200, body: encoded(JSON.stringify(server.seen())) };
  if (url.pathname === "/-forget") {
    server.seen();
    put.clear();
    parts.clear();
    return { status: 200 };
  }
  const name = decodeURIComponent(url.pathname.slice(1));
  const query = url.searchParams;
  if (query.get("list-type") === "2") return text(200, list(name.split("/")[0], query));
  const upload = query.get("uploadId");
  if (method === "POST" && query.has("uploads")) {
    parts.set(`u${++uploads}`, new Map());
    return text(200, `<r><UploadId>u${uploads}</UploadId></r>`);
  }
  if (method === "PUT" && upload !== null) {
    parts.get(upload)!.set(Number(query.get("partNumber")), body);
    return { status: 200, headers: { etag: '"p"' } };
  }
  if (method === "POST" && upload !== null) {
    const all = [...parts.get(upload)!].sort(([a], [b]) => a - b).map(([, part]) => part);
    put.set(name, new Uint8Array(Buffer.concat(all)));
    return text(200, "<r></r>");
  }
  if (method === "DELETE") {
    if (upload === null) put.delete(name);
    else parts.delete(upload);
    return { status: 204 };
  }
  if (method === "PUT") {
    if (request.headers.get("if-none-match") === "*" && sizeOf(name) !== undefined) return { status: 412 };
    put.set(name, body);
    return { status: 200, headers: { etag: '"w"' } };
  }
  return get(request, name);
}

const encoded = (body: string) => new TextEncoder().encode(body);

function text(status: number, body: string): LineAnswer {
  return { status, headers: { "content-type": "application/xml" }, body: encoded(body) };
}

function get(request: LineRequest, name: string): LineAnswer {
  const size = sizeOf(name);
  if (size === undefined) return text(404, "<Error><Code>NoSuchKey</Code></Error>");
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(Number(range?.[2] ?? Infinity) + 1, size);
  const headers: Record<string, string> = { etag: '"w"' };
  if (range !== null && start >= size) {
    return { status: 416, headers: { "content-range": `bytes */${size}` } };
  }
  if (range !== null) headers["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  const body = (put.get(name) ?? fileOf(name)).subarray(start, end);
  return { status: range === null ? 200 : 206, headers, body };
}

function fileOf(name: string): Uint8Array<ArrayBuffer> {
  let file = files.get(name);
  if (file === undefined) files.set(name, file = Deno.readFileSync(path.join(folder, name)));
  return file;
}

function sizeOf(name: string): number | undefined {
  return put.get(name)?.length ?? fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size;
}

/** One page with all keys. */
function list(bucket: string, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const at = path.join(folder, bucket);
  const files = fs.existsSync(at) ? fs.readdirSync(at).map((file) => `${bucket}/${file}`) : [];
  const keys = [...files, ...put.keys()].filter((name) => name.startsWith(`${bucket}/${prefix}`)).sort();
  const contents = keys.map((name) =>
    `<Contents><Key>${encodeURIComponent(name.slice(bucket.length + 1)).replaceAll("%2F", "/")}</Key><Size>${
      sizeOf(name)
    }</Size>` +
    `<LastModified>2024-01-02T03:04:05.000Z</LastModified><ETag>"w"</ETag></Contents>`
  );
  return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${
    contents.join("")
  }</ListBucketResult>`;
}
