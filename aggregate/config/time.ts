/** `output.time`: which windows of time a store has. */
import { instant } from "../../core/cf_time.ts";
import { inputError } from "../../core/errors.ts";
import type { TimeRule } from "../pipeline.ts";

/** `none` takes back what a config says. */
const EVERY = /^(?:none|month|year|day|cycle|[1-9]\d{0,4}d)$/;
const EVERY_WORDS = "month, year, day, cycle (91 days), a number of days such as 10d, or none";

interface GivenTime {
  every?: string | undefined;
  epoch?: string | undefined;
  windows?: readonly (readonly [string, string])[] | undefined;
}

/**
 * The rule, undefined for none. Throws an input error, `place` first, for two rules at once, a cycle without
 * its epoch, and windows that are no times, overlap or go back.
 */
export function timeRule({ every, epoch, windows }: GivenTime, place: string): TimeRule | undefined {
  if (every !== undefined && !EVERY.test(every)) {
    throw inputError(`${place}: "${every}" is no length of a window (wanted ${EVERY_WORDS})`);
  }
  if (every === undefined && windows === undefined) {
    throw inputError(`${place}: says no windows (wanted every, with ${EVERY_WORDS}, or windows)`);
  }
  if (every === "none") return undefined;
  if (every !== undefined && windows !== undefined) {
    throw inputError(`${place}: says every and windows (wanted one of them)`);
  }
  if (epoch !== undefined && Number.isNaN(instant(epoch))) {
    throw inputError(`${place}: epoch "${epoch}" is no date or time of ISO 8601`);
  }
  if (epoch !== undefined && (windows !== undefined || every === "month" || every === "year")) {
    throw inputError(`${place}: an epoch is for windows of days, and months and years begin by the calendar`);
  }
  if (every === "cycle" && epoch === undefined) {
    throw inputError(
      `${place}: cycle needs an epoch, the beginning of any cycle of 91 days (ICESat-2's third began on 2019-03-29)`,
    );
  }
  return {
    every: every ?? null,
    epoch: epoch ?? null,
    windows: windows === undefined ? null : checkedWindows(windows, place),
  };
}

function checkedWindows(
  windows: readonly (readonly [string, string])[],
  place: string,
): [string, string][] {
  let last = -Infinity;
  for (const [start, end] of windows) {
    const from = instant(start), to = instant(end);
    if (Number.isNaN(from) || Number.isNaN(to) || !(to > from)) {
      throw inputError(
        `${place}: the window ${start} to ${end} is none (wanted two times of ISO 8601, the earlier first)`,
      );
    }
    if (from < last) {
      throw inputError(
        `${place}: the window from ${start} begins before the one before it ends (wanted them ascending and apart)`,
      );
    }
    last = to;
  }
  return windows.map(([start, end]) => [start, end]);
}
