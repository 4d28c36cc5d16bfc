/** Expected moments are cftime's and those of the CF conventions' own examples. */
import assert from "node:assert/strict";
import { momentOf, momentText, timeScale } from "../../../../core/grids/calendar_time.ts";

function at(units: string, calendar: string, value: number): string | null | undefined {
  const scale = timeScale(units, calendar);
  if (scale === undefined) return undefined;
  const moment = momentOf(scale, value);
  return moment === null ? null : momentText(moment);
}

Deno.test("moments of every calendar are those of its dates", () => {
  const cases: [string, string, number, string | null | undefined][] = [
    ["seconds since 1981-01-01 00:00:00", "Standard", 1381492800, "2024-10-11T12:00:00Z"],
    ["minutes since 2021-01-10 00:30:00", "", 60, "2021-01-10T01:30:00Z"],
    ["hours since 1900-01-01 00:00:00.0", "gregorian", 1051896, "2020-01-01T00:00:00Z"],
    ["days since 1850-01-01", "noleap", 60225.5, "2015-01-01T12:00:00Z"],
    ["days since 1850-01-01", "365_day", 59, "1850-03-01T00:00:00Z"],
    ["days since 2001-01-01", "all_leap", 59, null],
    ["days since 2001-01-01", "366_day", 60, "2001-03-01T00:00:00Z"],
    ["days since 2000-01-01", "360_day", 59, null],
    ["days since 2000-01-01", "360_day", 30 * 11 + 29, "2000-12-30T00:00:00Z"],
    ["days since 1900-02-28", "julian", 1, null],
    ["days since 1970-01-01", "julian", 18262.5, "2020-01-01T12:00:00Z"],
    // The mixed calendar's first day lies two days before the proleptic one's.
    ["days since 0001-01-01", "standard", 737426, "2020-01-01T00:00:00Z"],
    ["days since 0001-01-01", "proleptic_gregorian", 737424, "2020-01-01T00:00:00Z"],
    ["seconds since 1970-01-01T00:00:00+01:00", "", 3600, "1970-01-01T00:00:00Z"],
    ["seconds since 2016-12-19T10:27:29.687763", "proleptic_gregorian", 1, "2016-12-19T10:27:30.687Z"],
    ["months since 1980-01-01", "", 3, undefined],
    ["days since yesterday", "", 3, undefined],
    ["days since 2000-01-01", "martian", 3, undefined],
    ["days since 2000-01-01", "", NaN, null],
    ["days since 2000-01-01", "", 1e30, null],
  ];
  for (const [units, calendar, value, wanted] of cases) {
    assert.equal(at(units, calendar, value), wanted, `${value} ${units} ${calendar}`);
  }
});
