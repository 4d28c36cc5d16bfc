/**
 * Who may write to a run: one holder at a time, shown by objects `lease.<n>`, of which the highest n
 * counts. A holder rewrites its lease as a heartbeat; an observer calls it dead when it has not changed
 * for {@linkcode LEASE_SECONDS} of the observer's own clock, or at once when the holder was a process
 * of this very machine that is gone. No flock, which NFS and Lustre do not keep.
 */
import os from "node:os";
import process from "node:process";
import { forget } from "../core/access/known_target.ts";
import { GranaryError } from "../core/errors.ts";
import type { ObjectTarget } from "../core/access/object_target.ts";
import { bootId, isRunning, processStart } from "../core/processes.ts";

const LEASE_SECONDS = 90;
export const HEARTBEAT_SECONDS = 20;
/** After so many heartbeats that did not come through a holder asks whether it still is one. */
export const SILENT_HEARTBEATS = 2;

/** What a lease says of its holder. */
export interface LeaseHolder {
  host: string;
  pid: number;
  /** Distinguishes it from an earlier process with the same id. */
  processStarted: string;
  boot: string;
  /** A batch job that holds the run instead of a process. */
  job?: string;
  /** The run that holds what several may want, by a name of its own, and the address of its directory. */
  claim?: string;
  run?: string;
  /** Processes hold it that do tasks of the run: each writes its heartbeat here, and none can release it. */
  shared?: boolean;
  since: string;
  beat: number;
  released?: boolean;
}

export interface LeaseOptions {
  job?: string;
  leaseSeconds?: number;
  heartbeatSeconds?: number;
  /** Whether a batch job still has work to do; undefined where nobody here can tell. */
  jobAlive?: (job: string) => Promise<boolean | undefined>;
  /** Whether a batch job is the one that this process is a part of. */
  ownJob?: (job: string) => boolean;
  /** The run that takes it; see {@linkcode LeaseHolder}. */
  claim?: string;
  run?: string;
  /** Whether a holder is of the run that takes it, whose tasks may go on meanwhile. */
  isOwn?: (holder: LeaseHolder) => boolean;
  /** What is held, for messages; by default the run of the place. */
  held?: string;
  /** Refuse to take it after another run. */
  goesOn?: boolean;
  signal?: AbortSignal;
  /** Called once when the holder has to be watched before it can be called dead. */
  onWait?(holder: LeaseHolder, seconds: number): void;
}

export class Lease {
  #beat = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<void> = Promise.resolve();
  /** When it was last seen to be the one that counts; of a clock that goes on while the machine sleeps. */
  #shownAt = Date.now();
  #silenceMs = Infinity;
  #isLost = false;

  private constructor(
    readonly target: ObjectTarget,
    readonly number: number,
    public holder: LeaseHolder,
    /** Who had it before. */
    readonly before: LeaseHolder | undefined,
  ) {}

  /**
   * Takes the lease, after a dead holder's if need be. Throws an input error that names a living
   * holder: the run is refused, not waited for, unless only time can tell whether the holder lives.
   */
  static async take(target: ObjectTarget, options: LeaseOptions = {}): Promise<Lease> {
    for (;;) {
      const last = await lastLease(target);
      if (last !== undefined) await mustBeDead(target, last, options);
      if (options.goesOn && last?.holder !== undefined) mustBeOwn(target, last.holder, options);
      const lease = new Lease(target, (last?.number ?? 0) + 1, describeSelf(options), last?.holder);
      if (!await target.putNew(leaseKey(lease.number), encodeHolder(lease.holder))) continue;
      if (!await isHighest(target, lease.number)) continue;
      lease.#start(options.heartbeatSeconds ?? HEARTBEAT_SECONDS);
      return lease;
    }
  }

  #start(seconds: number): void {
    if (this.holder.job !== undefined) return; // the scheduler's word is its heartbeat
    this.#silenceMs = SILENT_HEARTBEATS * seconds * 1000;
    this.#timer = setInterval(() => {
      this.#beating = this.#show();
    }, seconds * 1000);
    this.#timer.unref?.();
  }

  /** A heartbeat, which never throws: one that fails is no failure of the run; too many and another may take over. */
  async #show(): Promise<void> {
    this.#beat += 1;
    const now = Date.now();
    try {
      await this.target.put(leaseKey(this.number), encodeHolder({ ...this.holder, beat: this.#beat }));
      if (await isTakenAfter(this.target, this.number)) this.#isLost = true;
      else this.#shownAt = now;
    } catch {
      // Whether the place can be reached is told by what the run itself writes there.
    }
  }

  /**
   * Throws an input error where another has taken the lease after this one, whose holder was silent for long: its machine
   * slept, say. To be asked before what another would lose is written; it asks the place only after a silence.
   */
  async mustBeHeld(): Promise<void> {
    if (this.holder.job !== undefined) return;
    if (!this.#isLost && Date.now() - this.#shownAt > this.#silenceMs) await this.#show();
    if (!this.#isLost) return;
    forget(this.target);
    const holder = (await lastLease(this.target))?.holder;
    throw new GranaryError(
      "input",
      `${this.target.name}: nothing was heard of this run for so long that ${
        holder === undefined ? "another" : `the run in ${runOf(this.target, holder, this.holder.run)}`
      } took the place; this one has ended, to be gone on with by --resume when the other has`,
      { details: { holder } },
    );
  }

  /** Leaves the lease to a batch job, which holds it until its scheduler has done with it. */
  async handOver(job: string): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    this.#beat += 1;
    this.holder = { ...this.holder, job };
    await this.target.put(leaseKey(this.number), encodeHolder({ ...this.holder, beat: this.#beat }));
  }

  get key(): string {
    return leaseKey(this.number);
  }

  /** Gives the lease up, so that the next run need not wait; `backTo` is the run that then had it last. */
  async release(backTo?: LeaseHolder): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    const of = backTo === undefined ? {} : { claim: backTo.claim, run: backTo.run, since: backTo.since };
    await this.target.put(
      leaseKey(this.number),
      encodeHolder({ ...this.holder, ...of, beat: this.#beat, released: true }),
    );
  }
}

export const leaseKey = (number: number): string => `lease.${number}`;
export const encodeHolder = (holder: LeaseHolder): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(holder));

/** A lease as it was found. */
interface FoundLease {
  number: number;
  /** Undefined where its holder removed it since it was listed. */
  text: string | undefined;
  holder: LeaseHolder | undefined;
}

/** The lease that counts; undefined where nobody has been. */
export async function lastLease(target: ObjectTarget): Promise<FoundLease | undefined> {
  const numbers = await leaseNumbers(target);
  return numbers.length === 0 ? undefined : readLease(target, Math.max(...numbers));
}

/** The number of the lease that counts; 0 where nobody has been. */
export async function lastLeaseNumber(target: ObjectTarget): Promise<number> {
  return Math.max(0, ...await leaseNumbers(target));
}

async function leaseNumbers(target: ObjectTarget): Promise<number[]> {
  return numbersOf(await target.list("lease."));
}

function numbersOf(keys: readonly string[]): number[] {
  return keys.map((key) => Number(/^lease\.(\d+)$/.exec(key)?.[1] ?? NaN))
    .filter((number) => Number.isSafeInteger(number));
}

async function readLease(target: ObjectTarget, number: number): Promise<FoundLease> {
  const bytes = await target.get(leaseKey(number));
  if (bytes === undefined) return { number, text: undefined, holder: undefined };
  const text = new TextDecoder().decode(bytes);
  try {
    return { number, text, holder: JSON.parse(text) as LeaseHolder };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { number, text, holder: undefined }; // cut short by a crash: only time can tell
  }
}

async function mustBeDead(target: ObjectTarget, found: FoundLease, options: LeaseOptions): Promise<void> {
  const { holder } = found;
  if (found.text === undefined || holder?.released) return;
  if (holder?.job !== undefined) {
    if (options.ownJob?.(holder.job)) return;
    const alive = await options.jobAlive?.(holder.job);
    if (alive === false) return;
    throw heldError(target, holder, options, alive === undefined ? found.number : undefined);
  }
  if (holder?.shared) {
    if (options.isOwn?.(holder)) return;
  } else if (holder !== undefined && isOfThisMachine(holder)) {
    if (isRunning(holder.pid, holder.processStarted)) throw heldError(target, holder, options);
    return;
  }
  const seconds = options.leaseSeconds ?? LEASE_SECONDS;
  if (holder !== undefined) options.onWait?.(holder, seconds);
  await watch(target, found, seconds, options);
}

function isOfThisMachine({ host, boot }: LeaseHolder): boolean {
  return host === os.hostname() && boot === bootId();
}

/** Whether the holder was a process of this very machine that is gone. */
export function isGone(holder: LeaseHolder): boolean {
  return holder.job === undefined && isOfThisMachine(holder) && !isRunning(holder.pid, holder.processStarted);
}

/** Waits until a lease has not changed for so long. Throws when it changes: its holder lives. */
async function watch(
  target: ObjectTarget,
  found: FoundLease,
  seconds: number,
  options: LeaseOptions,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    await new Promise((resolve) =>
      setTimeout(resolve, Math.min(2000, Math.max(0, deadline - performance.now())))
    );
    options.signal?.throwIfAborted();
    const now = await readLease(target, found.number);
    if (now.text === undefined) return;
    if (now.text !== found.text && now.holder !== undefined) {
      if (now.holder.released) return;
      throw heldError(target, now.holder, options);
    }
  }
}

/** `unreachable` is the number of a lease whose holder nobody here can ask about. */
function heldError(
  target: ObjectTarget,
  holder: LeaseHolder,
  options: LeaseOptions,
  unreachable?: number,
): GranaryError {
  const who = holder.job !== undefined
    ? `batch job ${holder.job} submitted from ${holder.host}`
    : `${holder.shared ? "tasks, the last of them " : ""}process ${holder.pid} on ${holder.host}`;
  const isOther = options.held !== undefined && !options.isOwn?.(holder);
  const what = isOther
    ? `${options.held}: the run in ${runOf(target, holder)} writes there, by ${who} since ${holder.since}`
    : `${target.name}: the run is held by ${who} since ${holder.since}`;
  const then = unreachable !== undefined
    ? `its scheduler cannot be asked from here: resume where it can be, or delete ${
      isOther ? `${target.name}/` : ""
    }${leaseKey(unreachable)} if the job has ended`
    : isOther
    ? "nothing was changed: wait for it or end it, or choose another place"
    : "wait for it, or end it and say --resume";
  return new GranaryError("input", `${what} (${then})`, { details: { holder } });
}

/** Where the run of a holder is, for messages: with its machine, where it is another of the same path as `own`. */
export function runOf({ name }: ObjectTarget, { run = name, host }: LeaseHolder, own?: string): string {
  return run === own ? `${run} on ${host}` : run;
}

/** Throws an input error where the last holder was another run than the one that takes the lease. */
export function mustBeOwn(target: ObjectTarget, holder: LeaseHolder, options: LeaseOptions): void {
  if (options.isOwn === undefined || options.isOwn(holder)) return;
  throw new GranaryError(
    "input",
    `${options.held ?? target.name}: the run in ${
      runOf(target, holder, options.run)
    } has taken this place since ${holder.since}, so ${
      options.run ?? "this run"
    } has it no more; nothing was done (repeat the run's own command with --resume to make its store again there, or choose another place)`,
    { details: { holder } },
  );
}

/**
 * Whether a lease that was put is the one that counts: then older ones go. Else others took theirs meanwhile, and it
 * goes; one of them may have removed it, and its own when it had done.
 */
async function isHighest(target: ObjectTarget, number: number): Promise<boolean> {
  const numbers = await leaseNumbers(target);
  const highest = Math.max(...numbers);
  for (const other of numbers) if (other < highest) await target.delete(leaseKey(other));
  return highest === number;
}

/** Whether another has the lease after the one of this number, whatever is known of the target. */
async function isTakenAfter(target: ObjectTarget, number: number): Promise<boolean> {
  return numbersOf([...(await target.written("lease.")).keys()]).some((other) => other > number);
}

/** What a lease says of this process. */
export function describeSelf({ job, claim, run }: LeaseOptions): LeaseHolder {
  return {
    host: os.hostname(),
    pid: process.pid,
    processStarted: processStart(process.pid) ?? "",
    boot: bootId(),
    ...job === undefined ? {} : { job },
    ...claim === undefined ? {} : { claim },
    ...run === undefined ? {} : { run },
    since: new Date().toISOString(),
    beat: 0,
  };
}
