/** How windows of time are cut: values only. */
import { DAY_MS } from "../ledger/days.ts";
import type { Window } from "./source.ts";

/** [from, to) cut at UTC midnights. */
export function cutAtMidnights({ from, to }: Window): Window[] {
  const windows: Window[] = [];
  for (let at = from; at < to;) {
    const end = Math.min(to, (Math.floor(at / DAY_MS) + 1) * DAY_MS);
    windows.push({ from: at, to: end });
    at = end;
  }
  return windows;
}

/** The two halves of a window, or null for one of a single millisecond. */
export function halves({ from, to }: Window): [Window, Window] | null {
  if (to - from <= 1) return null;
  const middle = from + Math.floor((to - from) / 2);
  return [{ from, to: middle }, { from: middle, to }];
}

/** Where everything before is known: before the settling time, and before what is yet to be walked. */
export function watermarkOf(now: number, settleMs: number, firstOpen: number | null): number {
  return Math.min(now - settleMs, firstOpen ?? Infinity);
}
