/** What of granules' rows a run takes, by time and place. */
import { instant } from "../../core/cf_time.ts";
import type { AreaSpec } from "../../core/geometry/area.ts";
import { DEFAULT_CLIP, type Pipeline } from "../pipeline.ts";

type Bounds = Pipeline["bounds"];

/** Times of observations, in seconds since 1970 UTC. */
export interface TimeWindow {
  start: number;
  end: number;
  endExclusive: boolean;
}

export const DAY_MS = 86_400_000;

/** The areas of bounds, the box among them. */
export function areasOf({ bbox, areas }: Bounds): AreaSpec[] {
  return [...bbox === null ? [] : [{ bbox }], ...(areas ?? []) as AreaSpec[]];
}

/** The times of observations that a run takes, in seconds since 1970 UTC; null where all are. */
export function timeWindow({ startDate, endDate }: Bounds): TimeWindow | null {
  if (startDate === null && endDate === null) return null;
  const wholeDay = endDate !== null && isDay(endDate);
  return {
    start: startDate === null ? -Infinity : instant(startDate) / 1000,
    end: endDate === null ? Infinity : (instant(endDate) + (wholeDay ? DAY_MS : 0)) / 1000,
    endExclusive: wholeDay,
  };
}

/** A date without a time means all of its day. */
export function isDay(text: string): boolean {
  return text.length === 10;
}

/** What of rows decides results, for keys and for the store: nothing where every row is taken. */
export function rowRules(bounds: Bounds | null): Record<string, unknown> {
  if (bounds === null) return {};
  const { startDate, endDate, clip = DEFAULT_CLIP } = bounds;
  const areas = clip === "none" ? [] : areasOf(bounds);
  return {
    ...startDate === null && endDate === null ? {} : { time: { start: startDate, end: endDate } },
    ...areas.length === 0
      ? {}
      : { clip, areas: areas.map((spec) => "bbox" in spec ? spec.bbox : spec.geometry) },
  };
}
