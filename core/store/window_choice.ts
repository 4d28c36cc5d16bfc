/** Which windows of time of a store hold a date, or touch what lies between two. */
import { instant } from "../cf_time.ts";
import type { StoreTime } from "./contract.ts";

/**
 * The window that holds a date or time of ISO 8601, where a month or a year stands for its beginning, or the
 * `first` or `last` window. @returns -1 where no window holds it, NaN where it is no such text
 */
export function windowOf({ starts, ends }: StoreTime, when: string): number {
  if (when === "first") return 0;
  if (when === "last") return starts.length - 1;
  const seconds = secondsOf(when);
  if (Number.isNaN(seconds)) return NaN;
  return starts.findIndex((start, i) => start <= seconds && seconds < ends[i]);
}

/**
 * The windows, in order, that touch `FROM/TO`: dates or times of ISO 8601, both of which belong to it whole, or
 * `..` for no bound. @returns null where it is no such text
 */
export function windowsIn({ starts, ends }: StoreTime, interval: string): number[] | null {
  const parts = interval.split("/");
  if (parts.length !== 2) return null;
  const from = parts[0] === ".." ? -Infinity : secondsOf(parts[0]);
  const to = parts[1] === ".." ? Infinity : secondsOf(parts[1], true);
  if (!(from <= to)) return null;
  return starts.flatMap((start, i) => ends[i] > from && start < to ? [i] : []);
}

/** Seconds since 1970 of a date or time; of the end of a year, month or day where one is meant whole. NaN for others. */
function secondsOf(when: string, end = false): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(when) ?? [];
  if (year === undefined) return instant(when) / 1000;
  if (!end) return instant(`${year}-${month ?? "01"}-${day ?? "01"}`) / 1000;
  return Date.UTC(
    Number(year) + (month === undefined ? 1 : 0),
    Number(month ?? 1) - (month !== undefined && day === undefined ? 0 : 1),
    Number(day ?? 1) + (day === undefined ? 0 : 1),
  ) / 1000;
}

/** `from 2020-01-01T00:00:00.000Z to 2021-01-01T00:00:00.000Z`. */
export function extentOfWindows({ starts, ends }: StoreTime): string {
  return `from ${timeText(starts[0]) ?? "its beginning"} to ${timeText(ends[ends.length - 1]) ?? "its end"}`;
}

/** Seconds since 1970 in ISO 8601; null for an end that is not known. */
export function timeText(seconds: number): string | null {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : null;
}
