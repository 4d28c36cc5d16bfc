/** The times that granules have, as few as a slider takes. */

interface CatalogTimes {
  /** ISO 8601: instants, days or months, ascending, each once. */
  readonly times: readonly string[];
  readonly each: "time" | "day" | "month";
}

/**
 * The times at which granules start (milliseconds since 1970, NaN for none); their days where they have more times
 * than `most`, else their months.
 */
export function catalogTimes(starts: Iterable<number>, most: number): CatalogTimes {
  const found = new Set<number>();
  for (const start of starts) if (!Number.isNaN(start)) found.add(Math.ceil(start));
  const iso = [...found].sort((a, b) => a - b).map((time) => new Date(time).toISOString());
  if (iso.length <= most) return { times: iso, each: "time" };
  const days = [...new Set(iso.map((time) => time.slice(0, "2024-10-11".length)))];
  if (days.length <= most) return { times: days, each: "day" };
  return { times: [...new Set(iso.map((time) => time.slice(0, "2024-10".length)))], each: "month" };
}
