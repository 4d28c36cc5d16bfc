/**
 * A lock on a file that several processes read and write again: a file beside it, made by exclusive create,
 * which holds on every file system (no flock, which NFS and Lustre do not keep). Its holder touches it as a
 * heartbeat; one that stays untouched by this machine's own clock, or whose process of this machine is gone,
 * is taken over.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { sleep } from "../concurrency.ts";
import { systemCode } from "../errors.ts";
import { bootId, isRunning, processStart } from "../processes.ts";
import { writeError } from "./atomic.ts";

interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Called once when another process holds the lock. */
  onWait?: ((holder: string) => void) | undefined;
  /** A lock untouched for so long is a dead one's. */
  deadAfterMs?: number;
  pollMs?: number;
}

const DEAD_AFTER_MS = 60_000;
const POLL_MS = 100;

/** Runs `work` while no other process works on `file` under its lock. */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = path.join(path.dirname(path.resolve(file)), `.${path.basename(file)}.lock`);
  const mine = JSON.stringify({
    host: os.hostname(),
    boot: bootId(),
    pid: process.pid,
    started: processStart(process.pid) ?? "",
    token: crypto.randomUUID(),
  });
  await take(lock, mine, file, options);
  const beat = setInterval(() => touch(lock), (options.deadAfterMs ?? DEAD_AFTER_MS) / 6);
  beat.unref?.();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    // One that was taken over meanwhile is another's now.
    if (contentOf(lock) === mine) fs.rmSync(lock, { force: true });
  }
}

async function take(lock: string, mine: string, file: string, options: LockOptions): Promise<void> {
  const deadAfterMs = options.deadAfterMs ?? DEAD_AFTER_MS;
  let seen: { state: string; since: number } | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    if (create(lock, mine, file)) return;
    const holder = contentOf(lock);
    if (holder === null) continue; // released in between
    const state = `${holder} ${fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs}`;
    if (seen === undefined) options.onWait?.(describe(holder));
    if (seen?.state !== state) seen = { state, since: performance.now() };
    if (isGone(holder) || performance.now() - seen.since > deadAfterMs) {
      remove(lock, holder);
      continue;
    }
    await sleep(options.pollMs ?? POLL_MS, options.signal);
  }
}

function create(lock: string, mine: string, file: string): boolean {
  try {
    fs.writeFileSync(lock, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    fs.rmSync(lock, { force: true }); // one without a word of its holder would be waited for
    throw writeError(file, error);
  }
}

function contentOf(lock: string): string | null {
  try {
    return fs.readFileSync(lock, "utf8");
  } catch {
    return null;
  }
}

function touch(lock: string): void {
  try {
    fs.utimesSync(lock, new Date(), new Date());
  } catch {
    // It was taken over, or the folder is gone: the writer finds out by itself.
  }
}

/** Takes a dead holder's lock away, and nothing that came in its place meanwhile. */
function remove(lock: string, dead: string): void {
  const aside = `${lock}.${crypto.randomUUID()}`;
  try {
    fs.renameSync(lock, aside);
  } catch {
    return; // another was quicker
  }
  try {
    if (contentOf(aside) !== dead) fs.linkSync(aside, lock);
  } catch {
    // A third has made its own: the one put aside finds its lock gone.
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** Whether the holder was a process of this machine that is no more. */
function isGone(holder: string): boolean {
  const { host, boot, pid, started } = parse(holder);
  if (host !== os.hostname() || boot !== bootId()) return false;
  return typeof pid === "number" && typeof started === "string" && !isRunning(pid, started);
}

function describe(holder: string): string {
  const { host, pid } = parse(holder);
  return host === undefined ? "another process" : `process ${pid} on ${host}`;
}

function parse(holder: string): Partial<Record<"host" | "boot" | "started", string>> & { pid?: number } {
  try {
    return JSON.parse(holder);
  } catch {
    return {};
  }
}
