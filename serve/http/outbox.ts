/**
 * Large answers on their way to clients. They go chunk by chunk, each when its client has taken the one before,
 * so that what waits is known: those who take too little for too long are cut off, and so is the slowest where
 * all answers together would take more memory than they may.
 *
 * A server that sends chunks tells no length. So answers that are not very large go whole while few wait, as the server
 * knows that sends them: as many as may hold a quarter of the memory.
 */
import { Problem } from "./problem.ts";

/** Bytes of one chunk; smaller answers are sent at once. */
const CHUNK_BYTES = 64 * 1024;
/** Larger ones never go whole. */
const WHOLE_BYTES = 1024 * 1024;
/** The part of the memory that whole ones may hold. */
const WHOLE_SHARE = 0.25;
const LOOK_EVERY_MS = 1000;

interface OutboxLimits {
  /** Bytes of all answers together that are on their way. */
  readonly answerBytes: number;
  /** An answer of which nothing was taken for so long is given up. */
  readonly stalledMs: number;
  /** Who takes less than this a second, after the time to stall, is given up. */
  readonly leastBytesASecond: number;
}

/** What is known of the connection that an answer goes by, and of the others. */
interface Outgoing {
  /** Ends the client's connection; absent, a body that is given up ends with an error. */
  readonly hangUp?: (() => void) | undefined;
  /** Answers, in chunks and whole ones, of which some was not taken yet; absent where the server tells lengths itself. */
  readonly unsent?: number | undefined;
}

interface Sending {
  bytes: Uint8Array | null;
  sent: number;
  readonly begun: number;
  moved: number;
  readonly cut: () => void;
}

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #sending = new Set<Sending>();
  readonly #now: () => number;
  #used = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Answers that were given up for their clients' slowness. */
  cut = 0;

  constructor(limits: OutboxLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** The body of an answer. Throws a 503 where there is no room for it. */
  body(bytes: Uint8Array, { hangUp, unsent }: Outgoing = {}): Uint8Array | ReadableStream<Uint8Array> {
    if (bytes.length <= CHUNK_BYTES || this.#goesWhole(bytes.length, unsent)) return bytes;
    this.#makeRoom(bytes.length);
    let one: Sending;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        const now = this.#now();
        // Without a reason: the runtime's server resets the connection, and would print one for a failure of its own.
        const cut = hangUp ?? (() => controller.error());
        one = { bytes, sent: 0, begun: now, moved: now, cut };
        this.#sending.add(one);
        this.#used += bytes.length;
        this.#timer ??= setInterval(() => this.cutSlow(), LOOK_EVERY_MS);
      },
      pull: (controller) => {
        if (one.bytes === null) return;
        const chunk = one.bytes.subarray(one.sent, one.sent + CHUNK_BYTES);
        one.sent += chunk.length;
        one.moved = this.#now();
        controller.enqueue(chunk);
        if (one.sent < one.bytes.length) return;
        controller.close();
        this.#forget(one);
      },
      cancel: () => this.#forget(one),
    }, { highWaterMark: 0 });
  }

  /** Gives up those who take too little. */
  cutSlow(): void {
    const now = this.#now();
    const { stalledMs, leastBytesASecond } = this.#limits;
    for (const one of this.#sending) {
      const age = now - one.begun;
      const slow = age > stalledMs && one.sent / age < leastBytesASecond / 1000;
      if (slow || now - one.moved > stalledMs) this.#cut(one);
    }
  }

  #goesWhole(bytes: number, unsent: number | undefined): boolean {
    if (unsent === undefined || bytes > WHOLE_BYTES) return false;
    const whole = unsent - this.#sending.size;
    return (whole + 1) * WHOLE_BYTES <= WHOLE_SHARE * this.#limits.answerBytes;
  }

  #makeRoom(bytes: number): void {
    const { answerBytes } = this.#limits;
    const now = this.#now();
    const rate = ({ sent, begun }: Sending) => sent / Math.max(1, now - begun);
    while (this.#used > 0 && this.#used + bytes > answerBytes) {
      let slowest: Sending | undefined;
      for (const one of this.#sending) {
        if (now - one.moved < LOOK_EVERY_MS) continue; // it moves
        if (slowest === undefined || rate(one) < rate(slowest)) slowest = one;
      }
      if (slowest === undefined) {
        throw new Problem(503, "too many large answers are on their way", {
          "retry-after": "5",
        });
      }
      this.#cut(slowest);
    }
  }

  #cut(one: Sending): void {
    this.cut += 1;
    this.#forget(one);
    one.cut();
  }

  #forget(one: Sending): void {
    if (!this.#sending.delete(one)) return;
    this.#used -= one.bytes?.length ?? 0;
    one.bytes = null;
    if (this.#sending.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
