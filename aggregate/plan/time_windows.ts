/** The windows of a store's time dimension, by the config's rule, and which of them each granule touches. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { instant } from "../../core/cf_time.ts";
import { inputError } from "../../core/errors.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import type { TimeRule } from "../pipeline.ts";
import type { TimeWindow } from "./row_rules.ts";

const DAY = 86_400;
const CYCLE_DAYS = 91;
const MOST_WINDOWS = 100_000;

interface PlannedWindows {
  time: StoreTime;
  /** For each granule its first window, and one past its last. */
  ranges: [first: number, end: number][];
}

/**
 * Regular windows go without a gap from the first that a granule touches to the last; explicit ones are as
 * they are given. Throws an input error for granules without times, and where there would be too many windows.
 */
export function planWindows(
  rule: TimeRule,
  granules: readonly GranuleRow[],
  within: TimeWindow | null,
): PlannedWindows {
  const spans = granules.map((row) => spanOf(row, within));
  const time = rule.windows === null
    ? regular(rule, Math.min(...spans.map(([first]) => first)), Math.max(...spans.map(([, last]) => last)))
    : explicit(rule.windows);
  const ranges = spans.map(([first, last]): [number, number] => {
    const from = time.ends.findIndex((end) => end > first);
    const to = time.starts.findLastIndex((start) => start <= last) + 1;
    return from === -1 || to <= from ? [0, 0] : [from, to];
  });
  if (ranges.every(([from, to]) => from === to)) {
    throw inputError(
      "output.time: no selected granule was observed in any of the windows (check output.time.windows)",
    );
  }
  return { time, ranges };
}

/** A granule's times in seconds since 1970, within the run's bounds. */
function spanOf(row: GranuleRow, within: TimeWindow | null): [number, number] {
  const first = row.start_datetime ?? row.datetime, last = row.end_datetime ?? row.datetime ?? first;
  if (first === null || last === null) {
    throw inputError(
      `${row.collection} ${row.id}: the catalog does not know when it was observed, and output.time needs it` +
        " (leave it out with --where, or build the catalog from a source that says it)",
    );
  }
  const from = first / 1000, to = last / 1000;
  return within === null ? [from, to] : [
    Math.min(Math.max(from, within.start), to),
    Math.max(Math.min(to, within.end - (within.endExclusive ? 1e-6 : 0)), from),
  ];
}

function explicit(windows: NonNullable<TimeRule["windows"]>): StoreTime {
  return {
    starts: windows.map(([start]) => instant(start) / 1000),
    ends: windows.map(([, end]) => instant(end) / 1000),
  };
}

function regular({ every, epoch }: TimeRule, first: number, last: number): StoreTime {
  const edge = edgesOf(every!, epoch);
  const starts: number[] = [], ends: number[] = [];
  for (let index = edge.indexOf(first); edge.at(index) <= last; index++) {
    if (starts.length === MOST_WINDOWS) {
      throw inputError(`output.time: more than ${MOST_WINDOWS} windows of ${every} (choose longer ones)`);
    }
    starts.push(edge.at(index));
    ends.push(edge.at(index + 1));
  }
  return { starts, ends };
}

interface Edges {
  /** The number of the window that holds a time. */
  indexOf(seconds: number): number;
  /** Where a window begins, in seconds since 1970 UTC. */
  at(index: number): number;
}

function edgesOf(every: string, epoch: string | null): Edges {
  if (every === "month" || every === "year") {
    const months = every === "year" ? 12 : 1;
    return {
      indexOf(seconds) {
        const date = new Date(seconds * 1000);
        return Math.floor((12 * date.getUTCFullYear() + date.getUTCMonth()) / months);
      },
      at: (index) => Date.UTC(Math.floor(index * months / 12), (index * months) % 12, 1) / 1000,
    };
  }
  const days = every === "day" ? 1 : every === "cycle" ? CYCLE_DAYS : Number(every.slice(0, -1));
  const zero = epoch === null ? 0 : instant(epoch) / 1000, step = days * DAY;
  return {
    indexOf: (seconds) => Math.floor((seconds - zero) / step),
    at: (index) => zero + index * step,
  };
}

/** Ranks of parents in every window that a granule touches, ascending. */
export function rankedWindows(
  ranks: readonly number[] | Uint32Array,
  parents: number,
  range: readonly [first: number, end: number] | undefined,
): number[] {
  if (range === undefined) return Array.from(ranks);
  const all: number[] = [];
  for (let window = range[0]; window < range[1]; window++) {
    for (const rank of ranks) all.push(window * parents + rank);
  }
  return all;
}
