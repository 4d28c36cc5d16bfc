import assert from "node:assert/strict";
import { timeRule } from "../../../../aggregate/config/time.ts";
import { timeWindow } from "../../../../aggregate/plan/row_rules.ts";
import { planWindows } from "../../../../aggregate/plan/time_windows.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";

const seconds = (text: string) => Date.parse(text) / 1000;

function granule(start: string | null, end: string | null): GranuleRow {
  const time = (text: string | null) => text === null ? null : Date.parse(text);
  return {
    id: `from ${start}`,
    collection: "X.001",
    start_datetime: time(start),
    end_datetime: time(end),
    datetime: null,
  } as GranuleRow;
}

const rule = (every: string, epoch?: string) => timeRule({ every, epoch }, "test")!;

Deno.test("months and years follow the calendar, from the first that is touched to the last, without a gap", () => {
  const granules = [
    granule("2020-02-29T23:59:59Z", "2020-03-01T00:00:01Z"),
    granule("2020-05-31T00:00:00Z", "2020-05-31T01:00:00Z"),
  ];
  const months = planWindows(rule("month"), granules, null);
  assert.deepEqual(
    months.time.starts,
    ["2020-02-01", "2020-03-01", "2020-04-01", "2020-05-01"].map(seconds),
  );
  assert.deepEqual(months.time.ends, ["2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01"].map(seconds));
  assert.deepEqual(months.ranges, [[0, 2], [3, 4]]);
  const years = planWindows(rule("year"), [granule("2019-12-31", "2020-01-01")], null);
  assert.deepEqual(years.time, {
    starts: ["2019-01-01", "2020-01-01"].map(seconds),
    ends: ["2020-01-01", "2021-01-01"].map(seconds),
  });
});

Deno.test("windows of days count from 1970 or the epoch, before it, too; a cycle is 91 days", () => {
  const one = [granule("2020-01-15T12:00:00Z", "2020-01-15T13:00:00Z")];
  assert.deepEqual(planWindows(rule("10d", "2020-01-21"), one, null).time, {
    starts: [seconds("2020-01-11")],
    ends: [seconds("2020-01-21")],
  });
  assert.deepEqual(planWindows(rule("day"), one, null).time.starts, [seconds("2020-01-15")]);
  // ICESat-2's sixth cycle, 273 days after its third began.
  assert.deepEqual(planWindows(rule("cycle", "2019-03-29"), one, null).time.starts, [
    seconds("2019-12-27"),
  ]);
});

Deno.test("listed windows stay as they are; a granule between them is in none", () => {
  const windows = [["2020-01-01", "2020-01-02"], ["2020-01-03", "2020-01-04"]] as const;
  const listed = timeRule({ windows }, "test")!;
  const granules = [
    granule("2020-01-02T01:00:00Z", "2020-01-02T02:00:00Z"),
    granule("2020-01-01", "2020-01-03"),
  ];
  assert.deepEqual(planWindows(listed, granules, null).ranges, [[0, 0], [0, 2]]);
  assert.throws(() => planWindows(listed, granules.slice(0, 1), null), /in any of the windows/);
});

Deno.test("the run's own bounds end the windows, and a granule without times is refused by name", () => {
  const bounds = { startDate: "2020-02-01", endDate: "2020-02-29", bbox: null };
  const found = planWindows(
    rule("month"),
    [granule("2020-01-31", "2020-03-01T05:00:00Z")],
    timeWindow(bounds),
  );
  assert.deepEqual(found.time.starts, [seconds("2020-02-01")]);
  assert.throws(
    () => planWindows(rule("day"), [granule(null, null)], null),
    /X\.001 from null: the catalog/,
  );
  assert.throws(
    () => planWindows(rule("day"), [granule("1500-01-01", "2020-01-01")], null),
    /more than 100000/,
  );
});

Deno.test("rules that are none are refused with what is wanted", () => {
  assert.equal(timeRule({ every: "none" }, "p"), undefined);
  for (
    const [given, message] of [
      [{}, /says no windows/],
      [{ every: "week" }, /"week" is no length/],
      [{ every: "0d" }, /"0d" is no length/],
      [{ every: "cycle" }, /cycle needs an epoch/],
      [{ every: "month", epoch: "2020-01-01" }, /begin by the calendar/],
      [{ every: "day", epoch: "yesterday" }, /no date or time/],
      [{ every: "day", windows: [["2020-01-01", "2020-01-02"]] }, /one of them/],
      [{ windows: [["2020-01-02", "2020-01-01"]] }, /is none/],
      [{ windows: [["2020-01-01", "2020-01-03"], ["2020-01-02", "2020-01-04"]] }, /ascending and apart/],
    ] as const
  ) assert.throws(() => timeRule(given, "p"), message);
});
