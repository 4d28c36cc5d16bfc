/**
 * How far a long work is: on a terminal one line, redrawn; elsewhere a plain line now and then, so that
 * a batch job's log stays readable.
 */
import { formatCount, formatSeconds } from "../../core/units.ts";
import type { Progress } from "./context.ts";

const REDRAW_MS = 100;
/** Between lines, where GRANARY_PROGRESS_SECONDS does not say otherwise. */
const LINE_MS = 10_000;
/** The rate is that of the last while, so that a slow start does not spoil the time left. */
const RATE_WINDOW_MS = 20_000;

interface ProgressOptions {
  label: string;
  /** Null where it is not known. */
  total: number | null;
  unit: string;
  /** Writes text to the terminal or log; a redrawn line begins with a carriage return. */
  write: (text: string) => void;
  animate: boolean;
  /** Milliseconds between plain lines. */
  lineMs?: number | undefined;
  /** Columns of the terminal, asked for at every redraw. */
  columns?: () => number;
  /** Milliseconds that only rise. */
  now?: () => number;
}

/** A progress line. `end` leaves a last line with the count and the time taken. */
export function createProgress(options: ProgressOptions): Progress {
  const now = options.now ?? (() => performance.now());
  const started = now();
  let shownAt = options.animate ? -Infinity : started;
  let done = 0;
  let note = "";
  let ended = false;
  const history: { at: number; done: number }[] = [{ at: started, done: 0 }];

  const text = (at: number) => {
    while (history.length > 2 && at - history[0].at > RATE_WINDOW_MS) history.shift();
    const from = history[0];
    const rate = at > from.at ? (done - from.done) / ((at - from.at) / 1000) : 0;
    return progressText({ ...options, done, note, rate });
  };
  return {
    update(count, newNote) {
      if (ended) return;
      done = count;
      if (newNote !== undefined) note = newNote;
      const at = now();
      if (at - history.at(-1)!.at >= REDRAW_MS) history.push({ at, done });
      if (at - shownAt < (options.animate ? REDRAW_MS : options.lineMs ?? LINE_MS)) return;
      shownAt = at;
      if (options.animate) options.write(`\r${fit(text(at), options.columns?.() ?? 80)}\x1b[K`);
      else options.write(text(at) + "\n");
    },
    end(newNote) {
      if (ended) return;
      ended = true;
      const seconds = (now() - started) / 1000;
      const unit = done === 1 ? options.unit.replace(/s$/, "") : options.unit;
      const count = `${formatCount(done)} ${unit}`;
      const line = `${options.label}: ${count} in ${formatSeconds(seconds)}${
        newNote === undefined ? "" : `, ${newNote}`
      }`;
      options.write(options.animate ? `\r${line}\x1b[K\n` : `${line}\n`);
    },
  };
}

/** Progress for programs: a record now and then, and the last. */
export function createProgressRecords(
  options: Pick<ProgressOptions, "label" | "total" | "unit"> & {
    write: (record: { label: string; done: number; total: number | null; unit: string }) => void;
    lineMs: number;
    now?: () => number;
  },
): Progress {
  const { label, total, unit, lineMs, now = () => performance.now() } = options;
  let shownAt = now();
  let done = 0;
  let ended = false;
  return {
    update(count) {
      done = count;
      if (ended || now() - shownAt < lineMs) return;
      shownAt = now();
      options.write({ label, done, total, unit });
    },
    end() {
      if (!ended) options.write({ label, done, total, unit });
      ended = true;
    },
  };
}

/** What GRANARY_PROGRESS_SECONDS says, as milliseconds; undefined where it says nothing or no number. */
export function progressInterval(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const seconds = Number(env.GRANARY_PROGRESS_SECONDS || NaN);
  return seconds >= 0 && seconds <= 86_400 ? Math.max(seconds * 1000, REDRAW_MS) : undefined;
}

/** `scatter: 12 of 48 granules (25%), 3.1 a second, 12s left`. */
export function progressText(
  state: { label: string; total: number | null; unit: string; done: number; note: string; rate: number },
): string {
  const { label, total, unit, done, rate } = state;
  let line = `${label}: ${formatCount(done)}`;
  if (total !== null) line += ` of ${formatCount(total)}`;
  line += ` ${unit}`;
  if (total !== null && total > 0) line += ` (${Math.floor((100 * done) / total)}%)`;
  if (rate > 0) line += `, ${formatRate(rate)}`;
  if (total !== null && rate > 0 && done < total) line += `, ${formatSeconds((total - done) / rate)} left`;
  return state.note === "" ? line : `${line}, ${state.note}`;
}

function formatRate(rate: number): string {
  if (rate >= 100) return `${formatCount(Math.round(rate))} a second`;
  if (rate >= 1) return `${rate.toFixed(1)} a second`;
  return `${(rate * 60).toFixed(1)} a minute`;
}

function fit(text: string, columns: number): string {
  const room = Math.max(columns - 1, 10);
  return text.length <= room ? text : text.slice(0, room - 1) + "…";
}
