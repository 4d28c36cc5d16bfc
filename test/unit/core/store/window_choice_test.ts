import assert from "node:assert/strict";
import { extentOfWindows, windowOf, windowsIn } from "../../../../core/store/window_choice.ts";

const seconds = (text: string) => Date.parse(text) / 1000;
const MONTHS = {
  starts: ["2020-01-01", "2020-02-01", "2020-03-01"].map(seconds),
  ends: ["2020-02-01", "2020-03-01", "2020-04-01"].map(seconds),
};

Deno.test("a date is in the window that it is not before and whose end it has not reached", () => {
  const expected: [string, number][] = [
    ["first", 0],
    ["last", 2],
    ["2020", 0],
    ["2020-02", 1],
    ["2020-02-29", 1],
    ["2020-01-31T23:59:59Z", 0],
    ["2020-02-01T00:00:00Z", 1],
    ["2020-04-01", -1],
    ["2019-12-31", -1],
  ];
  for (const [when, window] of expected) assert.equal(windowOf(MONTHS, when), window, when);
  for (const wrong of ["soon", "", "2020-13", "1/2"]) assert.ok(Number.isNaN(windowOf(MONTHS, wrong)), wrong);
});

Deno.test("an interval holds its last year, month or day whole, and may be open", () => {
  const expected: [string, number[]][] = [
    ["2020-01/2020-02", [0, 1]],
    ["2020-01-31/2020-01-31", [0]],
    ["2020-02-01/2020-02-01", [1]],
    ["2020/2020", [0, 1, 2]],
    ["2020-02-15/..", [1, 2]],
    ["../2020-01", [0]],
    ["../..", [0, 1, 2]],
    ["2021/..", []],
  ];
  for (const [interval, windows] of expected) {
    assert.deepEqual(windowsIn(MONTHS, interval), windows, interval);
  }
  for (const wrong of ["2020-01", "a/b", "2020-03/2020-01", "2020/2020/2020"]) {
    assert.equal(windowsIn(MONTHS, wrong), null, wrong);
  }
});

Deno.test("the extent of windows is in ISO 8601, and an end that is not known is said", () => {
  assert.equal(extentOfWindows(MONTHS), "from 2020-01-01T00:00:00.000Z to 2020-04-01T00:00:00.000Z");
  const open = { ...MONTHS, ends: [...MONTHS.ends.slice(0, 2), Infinity] };
  assert.match(extentOfWindows(open), /to its end$/);
});
