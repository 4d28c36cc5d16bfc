/**
 * An archive of files that nobody observed, by ranges over HTTP: `/file/N`. With faults, answers are cut, late with
 * 503, of a range that was not asked for, or of another version, and the last file is replaced while it is read.
 * As a program it prints what it is and serves until its stdin ends:
 *
 *   deno run -A test/support/file_archive.ts COUNT BYTES [faults]
 */
import crypto from "node:crypto";
import process from "node:process";
import { FaultSchedule } from "./faults.ts";
import { Loopback, patternBytes } from "./loopback.ts";

export interface ArchiveFile {
  url: string;
  /** Of the version that stays. */
  md5: string;
}

export interface FileArchive {
  server: Loopback;
  files: ArchiveFile[];
}

/** Bytes by which one file's content begins after another's. */
const STEP = 4096;
/** Requests for the last file that are answered with its former version. */
const FORMER_ANSWERS = 2;

export async function startFileArchive(count: number, bytes: number, faulty: boolean): Promise<FileArchive> {
  const pattern = patternBytes(bytes + (count + 1) * STEP);
  const content = (index: number) => pattern.subarray(index * STEP, index * STEP + bytes);
  let ofLast = 0;
  const server = await Loopback.start((request, response) => {
    const index = Number(/^\/file\/(\d+)$/.exec(request.url ?? "")?.[1] ?? NaN);
    if (!(index < count)) return void response.writeHead(404).end();
    const former = faulty && index === count - 1 && ++ofLast <= FORMER_ANSWERS;
    server.sendFile(request, response, content(former ? count : index), {
      etag: `"${former ? "former" : "now"} ${index}"`,
    });
  });
  if (faulty) {
    const each = (step: number, first: number) => Array.from({ length: 1000 }, (_, i) => first + i * step);
    server.faults = new FaultSchedule([
      { at: each(9, 5), fault: { kind: "reset", after: 0.5 } },
      { at: each(11, 7), fault: { kind: "status", status: 503, headers: { "retry-after": "0" } } },
      { at: each(13, 8), fault: { kind: "wrong-range" } },
      { at: each(17, 12), fault: { kind: "short", share: 0.3 } },
      { at: each(19, 15), fault: { kind: "reset" } },
    ]);
  }
  const files = Array.from({ length: count }, (_, index) => ({
    url: `${server.url}/file/${index}`,
    md5: crypto.createHash("md5").update(content(index)).digest("hex"),
  }));
  return { server, files };
}

if (import.meta.main) {
  const [count, bytes, faults] = process.argv.slice(2);
  const { server, files } = await startFileArchive(Number(count), Number(bytes), faults === "faults");
  console.log(JSON.stringify(files));
  process.stdin.resume();
  process.stdin.once("end", () => server.stop());
}
