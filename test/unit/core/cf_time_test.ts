import assert from "node:assert/strict";
import { parseTime, parseTimeUnits, utcOfGps } from "../../../core/cf_time.ts";

const iso = (time: number | null) => time === null ? null : new Date(time).toISOString();

Deno.test("times are read in the forms that products write", () => {
  const forms: [string, string | null][] = [
    ["2023-08-16T16:23:05.579207Z", "2023-08-16T16:23:05.579Z"],
    ["20241011T000000Z", "2024-10-11T00:00:00.000Z"],
    ["2016-03-30", "2016-03-30T00:00:00.000Z"],
    ["1981-01-01 00:00:00", "1981-01-01T00:00:00.000Z"],
    ["2018-01-01T00:00:00+02:30", "2017-12-31T21:30:00.000Z"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
    ["2016-13-01", null],
    ["yesterday", null],
    ["", null],
  ];
  for (const [text, expected] of forms) assert.equal(iso(parseTime(text)), expected, text);
});

Deno.test("units of CF give the step and the beginning; months, years and other texts are none", () => {
  const forms: [string, number, string][] = [
    ["seconds since 2018-01-01", 1, "2018-01-01T00:00:00.000Z"],
    ["Second since 2018-01-01T00:00:00.000000Z", 1, "2018-01-01T00:00:00.000Z"],
    ["days since 1950-1-1", 86400, "1950-01-01T00:00:00.000Z"],
    ["hours since 1900-01-01 06:30", 3600, "1900-01-01T06:30:00.000Z"],
    ["milliseconds since 1970-01-01 00:00:00 UTC", 1e-3, "1970-01-01T00:00:00.000Z"],
    ["ms since 1970-01-01", 1e-3, "1970-01-01T00:00:00.000Z"],
    ["minutes since 2000-01-01 12:00:00 +02:00", 60, "2000-01-01T10:00:00.000Z"],
    // Forms of udunits; the one west of UTC is the example of CF, section 4.4.
    ["minutes since 1993-1-1 0:0:0.0", 60, "1993-01-01T00:00:00.000Z"],
    ["hours since 1-1-1 00:00:0.0", 3600, "0001-01-01T00:00:00.000Z"],
    ["days since 1800-1-1 00:00:0.0", 86400, "1800-01-01T00:00:00.000Z"],
    ["seconds since 1992-10-8 15:15:42.5 -6:00", 1, "1992-10-08T21:15:42.500Z"],
    ["days since 2000-01-01 06", 86400, "2000-01-01T06:00:00.000Z"],
    ["days since 2000-01-01 00:00:00 GMT", 86400, "2000-01-01T00:00:00.000Z"],
    ["days since 2000-01-01T00:00:00+00", 86400, "2000-01-01T00:00:00.000Z"],
    ["days since -4712-01-01", 86400, "-004712-01-01T00:00:00.000Z"],
  ];
  for (const [text, seconds, epoch] of forms) {
    const units = parseTimeUnits(text)!;
    assert.deepEqual([units.seconds, iso(1000 * units.epoch)], [seconds, epoch], text);
  }
  for (
    const text of [
      "seconds",
      "months since 2018-01-01",
      "since 2018",
      "seconds since launch",
      "days since 2001-02-30",
      "",
      null,
    ]
  ) {
    assert.equal(parseTimeUnits(text), null, String(text));
  }
});

Deno.test("seconds of GPS are UTC after the leap seconds so far", () => {
  // Pairs of astropy's Time(…, scale="utc").gps.
  const pairs: [number, string][] = [
    [0, "1980-01-06T00:00:00.000Z"],
    [1025136016, "2012-07-01T00:00:00.000Z"],
    [1167264018, "2017-01-01T00:00:00.000Z"],
    // The epoch of ICESat-2 and GEDI.
    [1198800018, "2018-01-01T00:00:00.000Z"],
  ];
  for (const [gps, utc] of pairs) assert.equal(iso(1000 * utcOfGps(gps)), utc);
});
