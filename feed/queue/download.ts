/** Works through the download queue: leased, fetched by ranges into a part file, verified, renamed, done. */
import crypto from "node:crypto";
import path from "node:path";
import { GranaryError } from "../../core/errors.ts";
import type { ChunkMemory } from "../../core/access/chunk_memory.ts";
import { download, downloadMemory } from "../../core/access/download.ts";
import { openTarget } from "../../core/access/targets.ts";
import { locationOf, type S3Settings } from "../../core/access/location.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { CdseTokens } from "../../core/access/cdse_tokens.ts";
import { type RetryPolicy, Trouble } from "../../core/access/retry.ts";
import type { Environment } from "../../core/access/token_store.ts";
import type { SourceDefinition } from "../definition/parse.ts";
import type { Deadline } from "../follow/deadline.ts";
import type { Feed } from "../open.ts";
import {
  DEFAULT_RETRY_RULE,
  extendLease,
  failTask,
  finishTasks,
  leaseTasks,
  type Task,
} from "../ledger/tasks.ts";
import type { DownloadWork } from "../sources/offer.ts";
import { downloadToObject } from "./to_object.ts";
import { freeSlots, takeSlots } from "./host_slots.ts";
import { isObjectAddress } from "../../core/files/address.ts";

export interface DownloadOptions {
  /** A folder, or `s3://bucket/prefix`. */
  to: string;
  /** How the bucket is asked. */
  s3?: S3Settings | undefined;
  files: number;
  attempts: number;
  env: Environment;
  signal: AbortSignal;
  deadline: Deadline;
  onNote: (note: string) => void;
  leaseMs?: number;
  retry?: Partial<RetryPolicy>;
}

export interface DownloadResult {
  files: number;
  bytes: number;
  failed: { id: string; error: string; dead: boolean }[];
  /** Tasks that are due were left: the deadline came, or the host's connections are all in use. */
  more: boolean;
}

/** What all downloads side by side go by. */
interface Access {
  opener: SourceOpener;
  memory: ChunkMemory;
}

/** Chunks of all files under way: 32 MiB. */
const CHUNKS_AT_ONCE = 4;
const LEASE_MS = 120_000;
const RENEW_MS = 20_000;

/** Fetches what is due until nothing is. A credential error ends it; any other failure is one task's. */
export async function downloadDue(feed: Feed, options: DownloadOptions): Promise<DownloadResult> {
  const { engine, definition } = feed;
  const owner = crypto.randomUUID();
  const { source } = definition;
  // Only the Copernicus Data Space counts a user's connections; other hosts are asked as the access room does.
  const host = source.from === "cdse" ? new URL(source.downloadUrl).host : null;
  const result: DownloadResult = { files: 0, bytes: 0, failed: [], more: false };
  const connections = host === null ? options.files : await takeSlots(engine, host, owner, options.files);
  if (connections === 0) {
    options.onNote(`${host}: other processes use all the connections that it allows; try again later`);
    return { ...result, more: true };
  }
  const access = { opener: openerFor(source, connections, options), memory: downloadMemory(CHUNKS_AT_ONCE) };
  const stop = new AbortController();
  // A lost renewal only shortens the hold; the next one asks again.
  const renewal = host === null ? undefined : setInterval(() => {
    takeSlots(engine, host, owner, connections).catch((error) => options.onNote((error as Error).message));
  }, RENEW_MS);
  const worker = async () => {
    while (!options.deadline.near && !stop.signal.aborted) {
      const now = Date.now();
      const [task] = await engine.transaction((sql) =>
        leaseTasks(sql, definition.name, { owner, now, leaseMs: options.leaseMs ?? LEASE_MS, limit: 1 })
      );
      if (task === undefined) return;
      try {
        await doTask(feed, task, owner, access, options, result);
      } catch (error) {
        stop.abort();
        throw error;
      }
    }
    result.more = true;
  };
  try {
    const ended = await Promise.allSettled(Array.from({ length: connections }, worker));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
    return result;
  } finally {
    clearInterval(renewal);
    await freeSlots(engine, owner);
  }
}

function openerFor(source: SourceDefinition, connections: number, options: DownloadOptions): SourceOpener {
  if (source.from !== "cdse") {
    return new SourceOpener({
      env: options.env,
      signal: options.signal,
      warn: options.onNote,
      ...(options.retry === undefined ? {} : { retry: options.retry }),
    });
  }
  const { host } = new URL(source.downloadUrl);
  const tokens: { of?: CdseTokens } = {};
  const opener = new SourceOpener({
    env: options.env,
    signal: options.signal,
    warn: options.onNote,
    limits: { requestsPerHost: connections },
    ...(options.retry === undefined ? {} : { retry: options.retry }),
    bearer: async (url) => url.host === host && isSafe(url) ? await tokens.of?.token() : undefined,
  });
  const { client, retry, signal } = opener;
  tokens.of = new CdseTokens({ env: options.env, client, retry, signal, url: source.tokenUrl });
  return opener;
}

/** A token goes out encrypted, or does not leave this machine. */
function isSafe(url: URL): boolean {
  return url.protocol === "https:" || url.hostname === "127.0.0.1" || url.hostname === "localhost";
}

async function doTask(
  feed: Feed,
  task: Task,
  owner: string,
  access: Access,
  options: DownloadOptions,
  result: DownloadResult,
): Promise<void> {
  const { engine } = feed;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const keep = setInterval(() => {
    engine.transaction((sql) => extendLease(sql, owner, task.n, Date.now() + leaseMs))
      .catch((error) =>
        options.onNote(`${task.id}: its lease could not be lengthened: ${(error as Error).message}`)
      );
  }, leaseMs / 4);
  try {
    const work = JSON.parse(task.work) as DownloadWork;
    const done = await fetched(work, access, options);
    const held = await engine.transaction((sql) => finishTasks(sql, owner, [task.n]));
    if (held > 0) {
      result.files += 1;
      result.bytes += done.bytes;
    }
  } catch (error) {
    const stops = options.signal.aborted || (error instanceof GranaryError && error.tag === "credential");
    if (!stops && !(error instanceof GranaryError) && !(error instanceof Trouble)) throw error;
    const words = (error as Error).message;
    const rule = { ...DEFAULT_RETRY_RULE, mostAttempts: stops ? Infinity : options.attempts };
    const state = await engine.transaction((sql) => failTask(sql, owner, task, words, Date.now(), rule));
    if (stops) throw error;
    result.failed.push({ id: task.id, error: words, dead: state === "dead" });
  } finally {
    clearInterval(keep);
  }
}

/** Brings a file to its place in the folder or the bucket. */
async function fetched(work: DownloadWork, { opener, memory }: Access, options: DownloadOptions) {
  const { url, sizeBytes, checksum } = work;
  const wanted = { location: typeof url === "string" ? locationOf(url) : url, sizeBytes, checksum };
  if (!isObjectAddress(options.to)) {
    const file = fileBelow(options.to, work.path);
    return await download({ ...wanted, file }, opener, { signal: options.signal, memory });
  }
  const target = openTarget(options.to, opener, options.s3);
  return await downloadToObject(wanted, target, keyBelow(work.path), opener, options.signal);
}

/** A path from a catalogue as the key of an object. */
function keyBelow(relative: string): string {
  const parts = relative.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > 0 && !parts.includes("..")) return parts.join("/");
  throw new GranaryError("granule", `"${relative}" cannot be the name of an object`);
}

/** A path from a catalogue cannot climb out of the folder. */
function fileBelow(folder: string, relative: string): string {
  const file = path.resolve(folder, relative);
  const below = path.relative(path.resolve(folder), file);
  if (below === "" || below.startsWith("..") || path.isAbsolute(below)) {
    throw new GranaryError("granule", `"${relative}" does not lie below ${folder}`);
  }
  return file;
}
