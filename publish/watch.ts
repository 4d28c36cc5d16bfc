/** Runs again and again by a clock that does not drift: a run that takes too long is followed at once. */
import { sleep } from "../core/concurrency.ts";
import { inputError } from "../core/errors.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `1h`, `1d` in milliseconds. Throws an input error for anything else. */
function parseInterval(text: string): number {
  const found = /^(\d{1,6})([smhd])$/.exec(text.trim());
  const milliseconds = found === null ? 0 : Number(found[1]) * UNITS[found[2]];
  if (milliseconds < 1000) {
    throw inputError(`--every "${text}": is no time between runs (wanted such as 30m, 1h or 1d)`);
  }
  return milliseconds;
}

/** Calls `run` now and then every so often, until the signal aborts, which rejects. */
export async function watchEvery(
  every: string,
  signal: AbortSignal,
  run: () => Promise<void>,
): Promise<never> {
  const interval = parseInterval(every);
  for (;;) {
    const started = performance.now();
    await run();
    await sleep(Math.max(0, started + interval - performance.now()), signal);
  }
}
