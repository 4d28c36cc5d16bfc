/** What goes on beside a feed's polls in one process: its endpoint, its downloads. */
import { GranaryError } from "../core/errors.ts";
import { serveNotices } from "./notices/serve.ts";
import type { Feed } from "./open.ts";
import { downloadDue, type DownloadOptions } from "./queue/download.ts";
import { Deadline } from "./follow/deadline.ts";

interface BesideOptions {
  /** What pushes authenticate themselves with; no endpoint without it. */
  listen?: { user: string; password: string; onListening: (url: string) => void } | undefined;
  download?: Pick<DownloadOptions, "to" | "s3" | "files" | "attempts" | "env"> | undefined;
  signal: AbortSignal;
  onNote: (note: string) => void;
}

/** The queue is looked into so often when nothing was due, for what failed and may be tried again. */
const IDLE_MS = 15_000;

export interface Beside {
  /** Granules were registered: there may be something to fetch at once. */
  wake(): void;
  /** Ends it all: no new request is taken, files that are under way stay in their parts. */
  stop(): Promise<void>;
}

export function startBeside(feed: Feed, options: BesideOptions): Beside {
  const { listen, download, onNote } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const failed = (what: string) => (error: unknown) => {
    if (signal.aborted) return;
    onNote(`${what} ended: ${(error as Error).message}`);
    throw error;
  };
  const bell = new Bell();
  const onNews = () => bell.ring();
  const running: Promise<void>[] = [];
  if (listen !== undefined) {
    running.push(serveNotices(feed, { ...listen, signal, onNote, onNews }).catch(failed("listening")));
  }
  if (download !== undefined) {
    running.push(downloads(feed, bell, { ...download, signal, onNote }).catch(failed("downloading")));
  }
  // An error is reported at once, and thrown when all has ended.
  const ended = Promise.allSettled(running);
  return {
    wake: onNews,
    async stop() {
      end.abort(new GranaryError("interrupted", "the feed ends"));
      for (const one of await ended) if (one.status === "rejected") throw one.reason;
    },
  };
}

/** Ends waiting: what was rung for while nobody waited ends the next wait at once. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until it rings, the time is over, or the signal says to end. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        signal.addEventListener("abort", end);
        this.#wake = end;
      });
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

async function downloads(feed: Feed, bell: Bell, options: Omit<DownloadOptions, "deadline">): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    await downloadDue(feed, { ...options, deadline: new Deadline(Infinity, signal) });
    await bell.wait(IDLE_MS, signal);
  }
}
