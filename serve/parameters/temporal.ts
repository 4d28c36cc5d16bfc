/** Times of requests: instants, intervals, open ends. */
import { timeOfText } from "../../core/times.ts";
import { badParameter } from "../http/problem.ts";

/** Milliseconds since 1970 UTC; null is open. */
export interface Interval {
  readonly start: number | null;
  readonly end: number | null;
}

/** `a/b`, `a/..`, `../b`, `a/`; a bare time means from it to it, a bare date all of its day. */
export function parseInterval(text: string, parameter = "temporal"): Interval {
  const ends = text.split("/");
  if (ends.length > 2) throw notATime(parameter, text);
  const [from, to = from] = ends;
  const start = isOpen(from) && ends.length === 2 ? null : instant(from, false, parameter, text);
  const end = isOpen(to) && ends.length === 2 ? null : instant(to, true, parameter, text);
  if (start === null && end === null) throw notATime(parameter, text);
  if (start !== null && end !== null && start > end) {
    throw badParameter(parameter, `Value error, the interval ends before it begins`, text);
  }
  return { start, end };
}

function isOpen(end: string): boolean {
  return end.trim() === ".." || end.trim() === "";
}

function instant(text: string, isEnd: boolean, parameter: string, whole: string): number {
  const time = timeOfText(text.trim(), isEnd);
  if (time === null) throw notATime(parameter, whole);
  return time;
}

function notATime(parameter: string, text: string) {
  return badParameter(
    parameter,
    "Value error, wanted a time or an interval such as 2024-10-11T00:00:00Z/2024-10-11T23:59:59Z",
    text,
  );
}

/** `2024-10-11T00:00:00+00:00`: seconds where they are whole, else with their fraction. */
function isoSeconds(time: number): string {
  const [date, fraction] = new Date(time).toISOString().slice(0, -1).split(".");
  return `${date}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}

export function isoInterval({ start, end }: { start: number; end: number }): string {
  return `${isoSeconds(start)}/${isoSeconds(end)}`;
}
