/** What goes on beside a feed's polls in one process: its endpoint, its downloads. */
import { GranaryError } from "../core/errors.ts";
import { sleep } from "../core/concurrency.ts";
import { serveNotices } from "./notices/serve.ts";
import type { Feed } from "./open.ts";
import { downloadDue, type DownloadOptions } from "./queue/download.ts";
import { Deadline } from "./follow/deadline.ts";

interface BesideOptions {
  /** What pushes authenticate themselves with; no endpoint without it. */
  listen?: { user: string; password: string; onListening: (url: string) => void } | undefined;
  download?: Pick<DownloadOptions, "to" | "files" | "attempts" | "env"> | undefined;
  signal: AbortSignal;
  onNote: (note: string) => void;
}

/** The queue is looked into so often when nothing was due. */
const IDLE_MS = 15_000;

/** Returns what ends it all: no new request is taken, files that are under way stay in their parts. */
export function startBeside(feed: Feed, options: BesideOptions): () => Promise<void> {
  const { listen, download, onNote } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const failed = (what: string) => (error: unknown) => {
    if (signal.aborted) return;
    onNote(`${what} ended: ${(error as Error).message}`);
    throw error;
  };
  const running: Promise<void>[] = [];
  if (listen !== undefined) {
    running.push(serveNotices(feed, { ...listen, signal, onNote }).catch(failed("listening")));
  }
  if (download !== undefined) {
    running.push(downloads(feed, { ...download, signal, onNote }).catch(failed("downloading")));
  }
  // An error is told at once, and thrown when all has ended.
  const ended = Promise.allSettled(running);
  return async () => {
    end.abort(new GranaryError("interrupted", "the feed ends"));
    for (const one of await ended) if (one.status === "rejected") throw one.reason;
  };
}

async function downloads(feed: Feed, options: Omit<DownloadOptions, "deadline">): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    await downloadDue(feed, { ...options, deadline: new Deadline(Infinity, signal) });
    if (!signal.aborted) await sleep(IDLE_MS, signal);
  }
}
