/** Steps of a time series: intervals or instants, listed or made by a step. */
import { z } from "zod";
import { badParameter, badRequest } from "../http/problem.ts";
import { parseInterval } from "./temporal.ts";

export const SERIES = z.object({
  step: z.string().max(100).optional().meta({ description: "An ISO 8601 duration: P1D, P1W, P1M, PT6H" }),
  temporal_mode: z.enum(["interval", "point"]).default("interval")
    .meta({ description: "Whether a step means all of its time or its first instant" }),
});

/** Milliseconds since 1970 UTC, both ends within. */
interface Step {
  readonly start: number;
  readonly end: number;
}

interface SeriesRequest {
  temporal: string | undefined;
  step?: string | undefined;
  temporal_mode: "interval" | "point";
}

const SECOND_MS = 1000;

/**
 * The steps of a request. An interval of a stepped series ends a second before the next one begins.
 * @param now where an open end ends
 */
export function seriesSteps(request: SeriesRequest, most: number, now: number = Date.now()): Step[] {
  const { temporal, step, temporal_mode } = request;
  if (temporal === undefined || temporal.trim() === "") {
    throw badRequest("temporal is required for a time series");
  }
  const parts = temporal.split(",");
  if (step === undefined || parts.length > 1) {
    if (parts.length > most) throw tooMany(parts.length, most);
    return parts.map((part) => {
      const { start, end } = parseInterval(part);
      if (start === null) throw openStart();
      return { start, end: temporal_mode === "point" ? start : end ?? now };
    });
  }
  const { start, end: stated } = parseInterval(temporal);
  if (start === null) throw openStart();
  const end = stated ?? now;
  const duration = parseDuration(step);
  const steps: Step[] = [];
  for (let n = 0;; n++) {
    const from = after(start, duration, n);
    if (from > end) return steps;
    if (steps.length >= most) throw tooMany(`more than ${most}`, most);
    const to = temporal_mode === "point" ? from : Math.min(end, after(start, duration, n + 1) - SECOND_MS);
    steps.push({ start: from, end: Math.max(from, to) });
  }
}

function openStart() {
  return badRequest(
    "temporal must be an interval with a beginning, or a list of times and intervals with commas between",
  );
}

function tooMany(count: number | string, most: number) {
  return badRequest(`the series has ${count} steps (at most ${most} are answered; ask for parts of it)`);
}

interface Duration {
  months: number;
  milliseconds: number;
}

const DURATION =
  /^P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;

function parseDuration(text: string): Duration {
  const match = DURATION.exec(text.trim().toUpperCase());
  const [years, months, weeks, days, hours, minutes, seconds] = (match ?? []).slice(1).map((part) =>
    Number(part ?? 0)
  );
  const duration = match === null ? null : {
    months: 12 * years + months,
    milliseconds: ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND_MS,
  };
  if (duration === null || duration.months + duration.milliseconds < 1) {
    throw badParameter("step", "Value error, wanted an ISO 8601 duration such as P1D, P1M or PT6H", text);
  }
  return duration;
}

/** `n` durations after a time. Months keep the day, or take the month's last. */
function after(start: number, { months, milliseconds }: Duration, n: number): number {
  const rest = n * milliseconds;
  if (months === 0) return start + rest;
  const date = new Date(start);
  const month = date.getUTCMonth() + n * months;
  const last = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), last);
  const time = start - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  return Date.UTC(date.getUTCFullYear(), month, day) + time + rest;
}
