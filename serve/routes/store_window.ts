/** The window of time of a store that a request asks for. */
import { z } from "zod";
import { extentOfWindows, timeText, windowOf, windowsIn } from "../../core/store/window_choice.ts";
import { badParameter, badRequest } from "../http/problem.ts";
import type { ServedStore } from "../stores/served_stores.ts";

export const TIME = z.string().max(60).optional().meta({
  description:
    "Of a store with windows of time the one that holds this date or time, first or last; the last",
});

/** Beginning and end of a window; the end is null where the store does not know it. */
interface WindowTimes {
  readonly start: string | null;
  readonly end: string | null;
}

/** The store in the window that `time` names. Throws a 400 where it has none, and a 422 for what is no time. */
export function inWindow(served: ServedStore, time: string | undefined): ServedStore {
  const { windows, name } = served;
  if (windows === null) {
    if (time === undefined) return served;
    throw badRequest(`the store ${name} has no windows of time (time=${time} was asked for)`);
  }
  const step = windowOf(windows, time ?? "last");
  if (step >= 0) return served.at(step);
  if (step === -1) {
    throw badRequest(
      `no window of time of the store ${name} holds ${time} (wanted one ${extentOfWindows(windows)})`,
    );
  }
  throw badParameter(
    "time",
    "Value error, this is no date or time of ISO 8601 (wanted such as 2020-03, 2020-03-15, first or last)",
    time,
  );
}

export const TIMES = z.string().max(120).optional().meta({
  description: "The windows that touch start/end, dates or times of ISO 8601, either of which may be ..; all",
});

/** The steps of the windows that an interval touches, in order. Throws a 400 where there are none, or too many. */
export function stepsIn(served: ServedStore, interval: string | undefined, most: number): number[] {
  const { windows, name } = served;
  if (windows === null) throw badRequest(`the store ${name} has no windows of time, and so no series`);
  const steps = interval === undefined ? windows.starts.map((_, i) => i) : windowsIn(windows, interval);
  if (steps === null) {
    throw badParameter(
      "time",
      "Value error, this is no interval (wanted start/end such as 2020-01-01/2020-06-30)",
      interval,
    );
  }
  if (steps.length === 0) {
    throw badRequest(
      `no window of time of the store ${name} touches ${interval} (wanted some ${extentOfWindows(windows)})`,
    );
  }
  if (steps.length <= most) return steps;
  throw badRequest(`${steps.length} windows of time (this server reads ${most} at most; say time=start/end)`);
}

/** Of every window, in order; null for a store without windows. */
export function timesOf({ windows }: ServedStore): WindowTimes[] | null {
  return windows === null
    ? null
    : windows.starts.map((start, i) => ({ start: timeText(start), end: timeText(windows.ends[i]) }));
}

/** Of the window that a store is read in; null where it has none. */
export function timeOf(served: ServedStore): WindowTimes | null {
  const { step } = served.store;
  return step === null ? null : timesOf(served)?.[step] ?? null;
}
