/** The times that granules of a collection have, as few as a slider takes. */
import type { CatalogIndex } from "./catalog_index.ts";

interface CatalogTimes {
  /** ISO 8601: instants, days or months, ascending, each once. */
  readonly times: readonly string[];
  readonly each: "time" | "day" | "month";
}

/** The times at which granules start; their days where they have more times than `most`, else their months. */
export function catalogTimes(
  index: CatalogIndex,
  collections: ReadonlySet<number>,
  most: number,
): CatalogTimes {
  const { start, collection } = index.arrays;
  const found = new Set<number>();
  for (let rank = 0; rank < index.size; rank++) {
    if (collections.has(collection[rank]) && !Number.isNaN(start[rank])) found.add(Math.ceil(start[rank]));
  }
  const iso = [...found].sort((a, b) => a - b).map((time) => new Date(time).toISOString());
  if (iso.length <= most) return { times: iso, each: "time" };
  const days = [...new Set(iso.map((time) => time.slice(0, "2024-10-11".length)))];
  if (days.length <= most) return { times: days, each: "day" };
  return { times: [...new Set(iso.map((time) => time.slice(0, "2024-10".length)))], each: "month" };
}
