/** SIGINT and SIGTERM: the first asks the command to end, the second does not ask. */
import process from "node:process";
import { GranaryError } from "../core/errors.ts";
import type { Log } from "./io/context.ts";

/** 128 + the signal's number, as shells report it. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNAL_EXITS;

/** How long a command may take to end after the first signal. Files appear whole or not at all. */
const GRACE_MS = 10_000;

/** Signals of two kinds within this time are one request. */
const TOGETHER_MS = 1000;

interface FollowedSignals {
  signal: AbortSignal;
  /** Set once a signal has come. */
  readonly exitCode: number | undefined;
  /** The work's own end, or a rejection when it takes too long to stop. */
  race<T>(work: Promise<T>): Promise<T>;
  end(): void;
}

export function followSignals(log: Log): FollowedSignals {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let first = 0;
  let giveUp: (reason: Error) => void = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => giveUp = reject);
  tooLate.catch(() => {}); // an unhandled rejection is no failure here: the race reports it
  const onSignal = (name: Signal) => {
    const code = SIGNAL_EXITS[name];
    if (exitCode !== undefined) {
      // A terminal's SIGINT and a parent's SIGTERM for the same reason come together and are one.
      if (code !== exitCode && performance.now() - first < TOGETHER_MS) return;
      process.exit(code);
    }
    exitCode = code;
    first = performance.now();
    log.info(`granary: stopping (${name === "SIGINT" ? "Ctrl-C" : name} again to stop now)`);
    const reason = new GranaryError("interrupted", "interrupted", { exitCode: code });
    timer = setTimeout(() => giveUp(reason), GRACE_MS);
    controller.abort(reason);
  };
  const onInterrupt = () => onSignal("SIGINT");
  const onTerminate = () => onSignal("SIGTERM");
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    race: (work) => Promise.race([work, tooLate]),
    end() {
      clearTimeout(timer);
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}
