/**
 * Whole files from anywhere to disk: in chunks side by side, into `<file>.part`, which a later run goes on
 * with; verified; renamed into place. A file under its own name is whole.
 */
import fs from "node:fs";
import path from "node:path";
import { syncFolder, writeError, writeFileAtomic } from "../files/atomic.ts";
import { GranaryError, systemCode } from "../errors.ts";
import { ChunkMemory } from "./chunk_memory.ts";
import type { SourceLocation } from "./location.ts";
import type { SourceOpener } from "./open.ts";
import { Trouble } from "./retry.ts";
import type { Source } from "./source.ts";
import { request } from "./transport.ts";
import { type Checksum, parseChecksum, verifyFile } from "../files/verify.ts";

/** One request's share of a file. */
export const CHUNK_BYTES = 8 * 1024 * 1024;
/** Of one file. */
const CHUNKS_AT_ONCE = 4;

/** Memory for downloads side by side: so many chunks of all of them are under way. */
export function downloadMemory(chunks: number): ChunkMemory {
  return new ChunkMemory(CHUNK_BYTES, chunks);
}

export interface Download {
  location: SourceLocation;
  /** Where it goes; its folder is made. */
  file: string;
  /** What the catalog says; null where it says nothing. */
  sizeBytes: number | null;
  checksum: string | null;
}

interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Check the digests of files that are there already, too. */
  verify?: boolean | undefined;
  /** What downloads side by side share; by default, each has its own. */
  memory?: ChunkMemory | undefined;
  /** Bytes that were written just now. */
  onBytes?: ((bytes: number) => void) | undefined;
}

interface DownloadResult {
  /** `there`: it was whole already. */
  state: "fetched" | "there";
  /** Bytes that came over the network into the file. */
  bytes: number;
  sizeBytes: number;
  /** Whether a checksum was compared. */
  verified: boolean;
}

/** Downloads one file unless it is there. Throws granule, credential and io errors; what came is kept. */
export async function download(
  wanted: Download,
  opener: SourceOpener,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const checksum = parseChecksum(wanted.checksum);
  const there = await findWhole(wanted, checksum, options);
  if (there !== undefined) return there;
  makeFolder(path.dirname(wanted.file));
  const part = `${wanted.file}.part`;
  let source: Source;
  try {
    source = await opener.open(wanted.location);
  } catch (error) {
    if (!(error instanceof GranaryError) || error.details.kind !== "range") throw error;
    const bytes = await streamWhole(wanted, part, opener, options);
    return await finish(wanted, part, bytes, checksum, { state: "fetched", bytes }, options);
  }
  try {
    if (fs.existsSync(wanted.file) && fs.statSync(wanted.file).size === source.sizeBytes && !options.verify) {
      // The catalog's size is not the archive's: what is there is what the archive has.
      return { state: "there", bytes: 0, sizeBytes: source.sizeBytes, verified: false };
    }
    const bytes = await fetchChunks(source, part, options);
    return await finish(wanted, part, source.sizeBytes, checksum, { state: "fetched", bytes }, options);
  } finally {
    await source.close();
  }
}

/** The result for a file that is there and fits what the catalog says; one that is damaged is fetched again. */
async function findWhole(
  { file, sizeBytes, location }: Download,
  checksum: Checksum | undefined,
  options: DownloadOptions,
): Promise<DownloadResult | undefined> {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isFile()) throw new GranaryError("input", `${file}: is in the way of a granule's file; move it`);
  if (options.verify && checksum !== undefined) {
    try {
      await verifyFile(file, location.url, checksum, options.signal);
    } catch (error) {
      if (error instanceof GranaryError && error.tag === "granule") return undefined;
      throw error;
    }
    return { state: "there", bytes: 0, sizeBytes: stat.size, verified: true };
  }
  if (sizeBytes !== null && sizeBytes !== stat.size) return undefined;
  return { state: "there", bytes: 0, sizeBytes: stat.size, verified: false };
}

interface PartNote {
  sizeBytes: number;
  versionTag: string;
}

/** Writes chunks in their order, so that the length of what is there tells how far it is. */
async function fetchChunks(source: Source, part: string, options: DownloadOptions): Promise<number> {
  const note = `${part}.json`;
  const start = resumable(source, part, note);
  if (source.versionTag !== undefined) {
    writeFileAtomic(note, JSON.stringify({ sizeBytes: source.sizeBytes, versionTag: source.versionTag }), {
      sync: false,
    });
  }
  const handle = await opened(part, start === 0 ? "w" : "r+");
  const memory = options.memory ?? new ChunkMemory(CHUNK_BYTES, CHUNKS_AT_ONCE);
  const coming: Promise<Uint8Array>[] = [];
  let ended = false;
  const fetched = async (offset: number): Promise<Uint8Array> => {
    const taken = await memory.take(options.signal);
    try {
      if (ended) throw new Error("the download has ended");
      const chunk = taken.subarray(0, Math.min(CHUNK_BYTES, source.sizeBytes - offset));
      await readInto(source, offset, chunk, options.signal);
      return chunk;
    } catch (error) {
      memory.give(taken);
      throw error;
    }
  };
  const free = (chunk: Uint8Array) => memory.give(new Uint8Array(chunk.buffer));
  try {
    await handle.truncate(start);
    let next = start;
    const ask = () => {
      if (next >= source.sizeBytes) return;
      const chunk = fetched(next);
      // A failure is met when its turn comes; until then it is not unheard.
      chunk.catch(() => undefined);
      coming.push(chunk);
      next += CHUNK_BYTES;
    };
    for (let i = 0; i < CHUNKS_AT_ONCE; i++) ask();
    for (let at = start; at < source.sizeBytes;) {
      const chunk = await coming.shift()!;
      ask();
      try {
        await writeAt(handle, chunk, at, part);
      } finally {
        free(chunk);
      }
      at += chunk.length;
      options.onBytes?.(chunk.length);
    }
    await handle.sync().catch((error) => {
      throw writeError(part, error);
    });
    return source.sizeBytes - start;
  } finally {
    ended = true;
    for (const one of await Promise.allSettled(coming)) if (one.status === "fulfilled") free(one.value);
    await handle.close();
  }
}

async function readInto(
  source: Source,
  offset: number,
  chunk: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (source.readInto === undefined) chunk.set(await source.read(offset, chunk.length, signal));
  else await source.readInto(offset, chunk, signal);
}

/** How many bytes of an earlier run hold: whole chunks of the same version. */
function resumable(source: Source, part: string, note: string): number {
  const stat = fs.statSync(part, { throwIfNoEntry: false });
  if (stat === undefined || source.versionTag === undefined) return 0;
  let kept: Partial<PartNote> | null;
  try {
    kept = JSON.parse(fs.readFileSync(note, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return 0;
    throw error;
  }
  const same = kept?.sizeBytes === source.sizeBytes && kept.versionTag === source.versionTag;
  if (!same || stat.size > source.sizeBytes) return 0;
  // The last chunk may have been cut by what ended the run.
  return Math.max(0, Math.floor((stat.size - 1) / CHUNK_BYTES)) * CHUNK_BYTES;
}

/** For servers without ranges: one answer, written as it comes. */
async function streamWhole(
  { location }: Download,
  part: string,
  opener: SourceOpener,
  options: DownloadOptions,
): Promise<number> {
  const transport = await opener.transport(location);
  const handle = await opened(part, "w");
  let at = 0;
  let of: unknown;
  try {
    await request(
      opener.client,
      transport,
      opener.retry,
      transport.name,
      {
        signal: options.signal ?? opener.signal,
        maxBytes: Number.MAX_SAFE_INTEGER,
        sink: async (chunk, head) => {
          // Another answer is another try, from the beginning.
          if (of !== head) {
            of = head;
            at = 0;
            await handle.truncate(0);
          }
          await writeAt(handle, chunk, at, part);
          at += chunk.length;
          options.onBytes?.(chunk.length);
        },
      },
      (reply) => {
        const stated = reply.headers.get("content-length");
        if (stated === null || Number(stated) === at) return;
        throw new Trouble({
          kind: "short",
          asked: transport.name,
          came: `only ${at} of ${stated} bytes came`,
          advice: "the network or the server cuts answers: try again later",
          retryable: true,
        });
      },
    );
    await handle.sync();
    return at;
  } finally {
    await handle.close();
  }
}

async function finish(
  { file, location }: Download,
  part: string,
  sizeBytes: number,
  checksum: Checksum | undefined,
  result: Pick<DownloadResult, "state" | "bytes">,
  options: DownloadOptions,
): Promise<DownloadResult> {
  const note = `${part}.json`;
  const { size } = fs.statSync(part);
  if (size !== sizeBytes) {
    throw new GranaryError(
      "io",
      `${part}: has ${size} bytes, ${sizeBytes} were written; something else writes it: run again`,
    );
  }
  if (checksum !== undefined) {
    try {
      await verifyFile(part, location.url, checksum, options.signal);
    } catch (error) {
      if (error instanceof GranaryError && error.tag === "granule") {
        fs.rmSync(part, { force: true });
        fs.rmSync(note, { force: true });
      }
      throw error;
    }
  }
  fs.renameSync(part, file);
  fs.rmSync(note, { force: true });
  syncFolder(path.dirname(file));
  return { ...result, sizeBytes, verified: checksum !== undefined };
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
}

async function opened(file: string, flags: string): Promise<fs.promises.FileHandle> {
  try {
    return await fs.promises.open(file, flags);
  } catch (error) {
    throw writeError(file, error);
  }
}

async function writeAt(
  handle: fs.promises.FileHandle,
  bytes: Uint8Array,
  at: number,
  file: string,
): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
      done += bytesWritten;
    }
  } catch (error) {
    throw writeError(file, error);
  }
}
