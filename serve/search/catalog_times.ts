/** The times that granules have, as few as a slider takes. */

interface CatalogTimes {
  /** ISO 8601: instants, days or months, ascending, each once. */
  readonly times: readonly string[];
  readonly each: "time" | "day" | "month";
}

const DAY_MS = 86_400_000;

/**
 * The times at which granules start (milliseconds since 1970, NaN for none); their days where they have more times
 * than `most`, else their months.
 */
export function catalogTimes(starts: Iterable<number>, most: number): CatalogTimes {
  const known = Float64Array.from(starts).filter((start) => !Number.isNaN(start));
  const times = distinct(known.map((start) => Math.ceil(start)).sort());
  if (times.length <= most) return { times: Array.from(times, iso), each: "time" };
  // A million times are a few thousand days: these alone are put into words.
  const dates = distinct(times.map((time) => Math.floor(time / DAY_MS)));
  const days = Array.from(dates, (day) => iso(day * DAY_MS).slice(0, "2024-10-11".length));
  if (days.length <= most) return { times: days, each: "day" };
  return { times: [...new Set(days.map((day) => day.slice(0, "2024-10".length)))], each: "month" };
}

function distinct(ascending: Float64Array): Float64Array {
  return ascending.filter((value, i) => i === 0 || value !== ascending[i - 1]);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
