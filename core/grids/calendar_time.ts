/** Numbers of time as moments: `days since 1970-01-01` in the calendars of the CF conventions, section 4.4. */
import { parseTimeUnits } from "../cf_time.ts";

/** How a variable counts time. */
interface TimeScale {
  readonly calendar: Calendar;
  /** Milliseconds of one unit. */
  readonly unit: number;
  /** Days of the calendar from its year 0, and milliseconds of the day, of the reference. */
  readonly day: number;
  readonly millisecond: number;
}

type Calendar = "gregorian" | "julian" | "noleap" | "all_leap" | "360_day";

const CALENDARS: Readonly<Record<string, Calendar>> = {
  "": "gregorian",
  standard: "gregorian",
  gregorian: "gregorian",
  proleptic_gregorian: "gregorian",
  julian: "julian",
  noleap: "noleap",
  "365_day": "noleap",
  all_leap: "all_leap",
  "366_day": "all_leap",
  "360_day": "360_day",
};

const DAY = 86_400_000;

/** The first day of the Gregorian calendar, which `standard` dates before it do not count in. */
const GREGORIAN_FROM = Date.UTC(1582, 9, 15);

/** Days between 1 January of year 0 of the Julian calendar and of the proleptic Gregorian one. */
const JULIAN_AHEAD = 2;

/** How `units` and `calendar` count time; undefined where they say it in no way that is known. */
export function timeScale(units: string, calendar: string): TimeScale | undefined {
  const name = calendar.trim().toLowerCase();
  const known = Object.hasOwn(CALENDARS, name) ? CALENDARS[name] : undefined;
  const found = parseTimeUnits(units);
  if (found === null || known === undefined) return undefined;
  const milliseconds = Math.round(found.epoch * 1000);
  const date = new Date(milliseconds);
  const fields = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()] as const;
  const julian = known === "gregorian" && name !== "proleptic_gregorian" && milliseconds < GREGORIAN_FROM;
  return {
    calendar: known,
    unit: found.seconds * 1000,
    day: julian ? dayNumber("julian", ...fields) - JULIAN_AHEAD : dayNumber(known, ...fields),
    millisecond: milliseconds - Math.floor(milliseconds / DAY) * DAY,
  };
}

/**
 * The moment of `value`, in milliseconds since 1970 UTC; null where it is none. A date of another calendar is
 * the day of that name; one that does not exist, as 30 February, is none.
 */
export function momentOf(scale: TimeScale, value: number): number | null {
  const passed = value * scale.unit;
  if (!Number.isFinite(passed) || Math.abs(passed) > 1e17) return null;
  const milliseconds = scale.millisecond + Math.round(passed);
  const days = Math.floor(milliseconds / DAY);
  const rest = milliseconds - days * DAY;
  const { year, month, day } = dateOf(scale.calendar, scale.day + days);
  const moment = utcDay(year, month, day);
  if (moment === null) return null;
  return moment * DAY + rest;
}

/** `2024-01-01T00:00:00Z`, with milliseconds only where there are some. */
export function momentText(moment: number): string {
  return new Date(moment).toISOString().replace(".000Z", "Z");
}

/** Days since 1970 of a date of the Gregorian calendar; null where there is no such date or JavaScript has none. */
function utcDay(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const moment = date.getTime();
  return Number.isNaN(moment) ? null : moment / DAY;
}

const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Days of the calendar from 1 January of year 0; days past a month's end run on. */
function dayNumber(calendar: Calendar, year: number, month: number, day: number): number {
  if (calendar === "360_day") return year * 360 + (month - 1) * 30 + day - 1;
  const leap = isLeap(calendar, year) && month > 2 ? 1 : 0;
  return daysBeforeYear(calendar, year) + DAYS_BEFORE[month - 1] + leap + day - 1;
}

function daysBeforeYear(calendar: Calendar, year: number): number {
  const before = year - 1;
  switch (calendar) {
    case "noleap":
      return year * 365;
    case "all_leap":
      return year * 366;
    case "julian":
      return year * 365 + Math.floor(before / 4) + 1;
    default:
      return year * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) + 1;
  }
}

function isLeap(calendar: Calendar, year: number): boolean {
  if (calendar === "noleap" || calendar === "360_day") return false;
  if (calendar === "all_leap") return true;
  return year % 4 === 0 && (calendar === "julian" || year % 100 !== 0 || year % 400 === 0);
}

function dateOf(calendar: Calendar, number: number): { year: number; month: number; day: number } {
  if (calendar === "360_day") {
    const year = Math.floor(number / 360);
    const rest = number - year * 360;
    return { year, month: Math.floor(rest / 30) + 1, day: rest % 30 + 1 };
  }
  let year = Math.floor(number / 365.25);
  while (daysBeforeYear(calendar, year + 1) <= number) year += 1;
  while (daysBeforeYear(calendar, year) > number) year -= 1;
  const rest = number - daysBeforeYear(calendar, year);
  const leap = isLeap(calendar, year) ? 1 : 0;
  let month = 12;
  while (month > 1 && rest < DAYS_BEFORE[month - 1] + (month > 2 ? leap : 0)) month -= 1;
  return { year, month, day: rest - DAYS_BEFORE[month - 1] - (month > 2 ? leap : 0) + 1 };
}
