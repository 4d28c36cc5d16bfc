/**
 * An S3 at the end of a line: every request waits for its latency, and all of them share one line of so many bytes a
 * second, each way. A process of its own, so that its work is not counted as that of the program that asks it.
 *
 *   deno run -A test/support/slow_s3.ts FOLDER LATENCY_MS BYTES_A_SECOND
 *
 * It serves files of FOLDER as `bucket/key` and keeps what is put in memory. It checks no signature. It writes its
 * address to stdout, tells at `/-seen` what it saw since it was asked last, forgets that and what was put at
 * `/-forget`, and ends when its stdin does.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import type { SeenByS3 } from "./slow_s3_process.ts";

/** What goes over the line in one go. */
const PIECE_BYTES = 256 * 1024;

const [folder, latencyMs, bytesASecond] = [
  process.argv[2],
  Number(process.argv[3]),
  Number(process.argv[4]),
];
if (folder === undefined || !(latencyMs >= 0) || !(bytesASecond > 0)) {
  throw new Error("wanted: FOLDER LATENCY_MS BYTES_A_SECOND");
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A line that carries one piece after the other. */
class Line {
  #freeAt = 0;

  /** Waits until `bytes` more have gone over. */
  async carry(bytes: number): Promise<void> {
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + bytes / bytesASecond * 1000;
    const wait = this.#freeAt - performance.now();
    // Timers are no finer than this: what is early now is late the next time.
    if (wait >= 1) await sleep(wait);
  }
}

const down = new Line();
const up = new Line();
const put = new Map<string, Uint8Array<ArrayBuffer>>();
let uploads = 0;
const parts = new Map<string, Map<number, Uint8Array>>();
let seen = nothing();
let underWay = 0;
let changedAt = performance.now();

function nothing(): SeenByS3 {
  return { requests: 0, methods: {}, sentBytes: 0, receivedBytes: 0, mostAtOnce: 0, waitingSeconds: 0 };
}

function under(change: number): void {
  const now = performance.now();
  seen.waitingSeconds += underWay * (now - changedAt) / 1000;
  changedAt = now;
  underWay += change;
  seen.mostAtOnce = Math.max(seen.mostAtOnce, underWay);
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  const url = new URL(request.url);
  if (url.pathname === "/-seen") {
    under(0);
    const told = seen;
    seen = nothing();
    return Response.json(told);
  }
  if (url.pathname === "/-forget") {
    seen = nothing();
    put.clear();
    parts.clear();
    return new Response("");
  }
  const { method } = request;
  seen.requests += 1;
  seen.methods[method] = (seen.methods[method] ?? 0) + 1;
  under(1);
  try {
    const body = new Uint8Array(await request.arrayBuffer());
    seen.receivedBytes += body.length;
    await Promise.all([sleep(latencyMs), body.length > 0 ? up.carry(body.length) : undefined]);
    const { status, headers = {}, pieces } = answer(request, url, body);
    if (pieces === undefined) {
      under(-1);
      return new Response(null, { status, headers });
    }
    return new Response(overTheLine(pieces), { status, headers });
  } catch (error) {
    under(-1);
    return new Response(String(error), { status: 500 });
  }
});
console.log(`http://127.0.0.1:${server.addr.port}`);
process.stdin.on("end", () => process.exit(0)).resume();

interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Of a body. */
  pieces?: Iterator<Uint8Array<ArrayBuffer>>;
}

function overTheLine(pieces: Iterator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = pieces.next();
      if (done) {
        under(-1);
        return controller.close();
      }
      await down.carry(value.length);
      seen.sentBytes += value.length;
      controller.enqueue(value);
    },
    cancel: () => under(-1),
  }, { highWaterMark: 1 });
}

function answer(request: Request, url: URL, body: Uint8Array<ArrayBuffer>): Answer {
  const { method } = request;
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

function text(status: number, body: string): Answer {
  return { status, headers: { "content-type": "application/xml" }, pieces: pieces(Buffer.from(body)) };
}

function get(request: Request, name: string): Answer {
  const size = sizeOf(name);
  if (size === undefined) return text(404, "<Error><Code>NoSuchKey</Code></Error>");
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(Number(range?.[2] ?? Infinity) + 1, size);
  const headers: Record<string, string> = { etag: '"w"', "content-length": String(Math.max(0, end - start)) };
  if (range !== null && start >= size) {
    return { status: 416, headers: { "content-range": `bytes */${size}` } };
  }
  if (range !== null) headers["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  const bytes = put.get(name);
  const body = bytes === undefined ? filePieces(name, start, end) : pieces(bytes.subarray(start, end));
  return { status: range === null ? 200 : 206, headers, pieces: body };
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.slice(at, at + PIECE_BYTES);
}

function* filePieces(name: string, start: number, end: number): Generator<Uint8Array<ArrayBuffer>> {
  const fd = fs.openSync(path.join(folder, name), "r");
  try {
    for (let at = start; at < end; at += PIECE_BYTES) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, end - at));
      fs.readSync(fd, piece, 0, piece.length, at);
      yield piece;
    }
  } finally {
    fs.closeSync(fd);
  }
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
