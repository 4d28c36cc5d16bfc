/** When an item was taken: by discovery, by the file, by a declared pattern over its name; never guessed. */
import type { GranuleRow } from "../../catalog/granule.ts";
import type { ItemTime } from "../../core/stac/raster_item.ts";
import { namePattern } from "../config/name_pattern.ts";
import type { TimeRule } from "../dataset.ts";

/** What a file says of its time. */
export interface FileTime {
  readonly start: number;
  readonly end: number;
}

/** The first answer in the rule's order; null where nothing answers. */
export function itemTime(
  rule: TimeRule,
  row: Pick<GranuleRow, "start_datetime" | "end_datetime" | "datetime">,
  file: FileTime | null,
  fileName: string,
): ItemTime | null {
  for (const source of rule.from) {
    const found = source === "cmr"
      ? ofRow(row)
      : source === "file"
      ? file === null ? null : span(file.start, file.end)
      : ofName(rule.pattern, fileName);
    if (found !== null) return found;
  }
  return null;
}

function ofRow({ start_datetime, end_datetime, datetime }: Parameters<typeof itemTime>[1]): ItemTime | null {
  const start = start_datetime ?? datetime ?? end_datetime;
  return start === null ? null : span(start, end_datetime ?? start);
}

function ofName(pattern: string | null, fileName: string): ItemTime | null {
  const found = pattern === null ? undefined : namePattern(pattern).time(fileName);
  if (found === undefined) return null;
  const { milliseconds, unit } = found;
  if (unit === "second" || unit === "minute" || unit === "hour") return { instant: milliseconds };
  // A name that tells a day means all of it.
  const next = new Date(milliseconds);
  if (unit === "day") next.setUTCDate(next.getUTCDate() + 1);
  else if (unit === "month") next.setUTCMonth(next.getUTCMonth() + 1);
  else next.setUTCFullYear(next.getUTCFullYear() + 1);
  return { start: milliseconds, end: next.getTime() - 1 };
}

function span(start: number, end: number): ItemTime {
  return end > start ? { start, end } : { instant: start };
}
