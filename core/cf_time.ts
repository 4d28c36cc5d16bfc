/** Times as files write them: ISO texts, CF units (`seconds since 2018-01-01`), seconds of GPS. */

/**
 * `2023-08-16T16:23:05.579207Z` and `20241011T000000Z` as milliseconds; UTC where no zone is stated. Null
 * where the text is no time.
 */
export function parseTime(text: string | null): number | null {
  const match = text &&
    /^(\d{4})-?(\d{1,2})-?(\d{1,2})(?:[T ](\d{1,2}):?(\d{2})(?::?(\d{2})(\.\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i
      .exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const milliseconds = Math.floor(Number(match[7] ?? 0) * 1000 + 1e-6);
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(match[8] ?? "");
  const ahead = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  // Date.UTC takes the years 0 to 99 for those of the 20th century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const time = date.setUTCHours(hour, minute - ahead, second, milliseconds);
  const plausible = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute < 60 &&
    second <= 60;
  return plausible ? time : null;
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of a date or time of ISO 8601, UTC unless it says otherwise; NaN if it is none. */
export function instant(value: string): number {
  if (!DATE.test(value)) return NaN;
  // Engines differ on 30 February: the calendar decides.
  const day = Date.parse(value.slice(0, 10));
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== value.slice(0, 10)) return NaN;
  if (value.length === 10) return day;
  const iso = value.replace(" ", "T");
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
}

/** Seconds by the word of CF units, without a plural's s. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  nanosecond: 1e-9,
  ns: 1e-9,
  microsecond: 1e-6,
  us: 1e-6,
  millisecond: 1e-3,
  msec: 1e-3,
  ms: 1e-3,
  second: 1,
  sec: 1,
  s: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  hr: 3600,
  h: 3600,
  day: 86_400,
  d: 86_400,
};

/** What numbers of a time column mean. */
export interface TimeUnits {
  /** Seconds of one step. */
  seconds: number;
  /** Where counting begins, in seconds since 1970 UTC. */
  epoch: number;
}

/**
 * The moment from which CF units count, in the words of udunits: `1993-1-1 0:0:0.0`, `1-1-1`, `2000-01-01 06:00
 * -6:00`; as {@linkcode parseTime} gives it. Years of fewer digits are years, and a day that is none is no moment.
 */
function parseEpoch(text: string): number | null {
  const match =
    /^(-?\d{1,4})-(\d{1,2})-(\d{1,2})(?:(?:\s+|T)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(\.\d*)?)?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$/i
      .exec(text);
  if (match === null) return parseTime(text);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const zone = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(match[8] ?? "");
  const ahead = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3] ?? 0)) : 0;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 24 || minute > 59 || second > 60) return null;
  const fraction = match[7] === undefined || match[7] === "." ? 0 : Number(match[7]);
  return date.setUTCHours(hour, minute - ahead, second, Math.floor(fraction * 1000 + 1e-6));
}

/** CF units of time, `days since 1950-01-01 00:00`; null where the text is none. Months and years are none. */
export function parseTimeUnits(text: string | null): TimeUnits | null {
  const match = /^\s*([A-Za-z]+?)s?\s+since\s+(.+?)\s*$/i.exec(text ?? "");
  if (match === null) return null;
  const word = match[1].toLowerCase();
  const seconds = UNIT_SECONDS[word] ?? UNIT_SECONDS[`${word}s`];
  // ICESat-2 writes 1980-01-06:T00.00.00 in places; CF's own form is asked for.
  const epoch = parseEpoch(match[2]);
  return seconds === undefined || epoch === null ? null : { seconds, epoch: epoch / 1000 };
}

const GPS_EPOCH = Date.UTC(1980, 0, 6) / 1000;

/** Days of UTC from which GPS is one second further ahead of UTC (IERS Bulletin C). */
const LEAPS: readonly number[] = [
  [1981, 7],
  [1982, 7],
  [1983, 7],
  [1985, 7],
  [1988, 1],
  [1990, 1],
  [1991, 1],
  [1992, 7],
  [1993, 7],
  [1994, 7],
  [1996, 1],
  [1997, 7],
  [1999, 1],
  [2006, 1],
  [2009, 1],
  [2012, 7],
  [2015, 7],
  [2017, 1],
].map(([year, month]) => Date.UTC(year, month - 1, 1) / 1000);

/** Seconds since 1970 UTC of seconds since 1980-01-06 of GPS, which has no leap seconds. */
export function utcOfGps(gpsSeconds: number): number {
  let utc = GPS_EPOCH + gpsSeconds;
  for (const leap of LEAPS) if (utc - 1 >= leap) utc -= 1;
  return utc;
}
