/** Times of granules: as instants, days or months, and what they cost. */
import assert from "node:assert/strict";
import { catalogTimes } from "../../../serve/search/catalog_times.ts";

const at = (text: string) => Date.parse(text);

Deno.test("times are told once each and ascending, in whole milliseconds, and none of a granule without one", () => {
  const starts = [at("2024-03-01T00:00:01Z"), NaN, at("1969-12-31T23:59:59Z"), at("2024-03-01") + 999.5];
  assert.deepEqual(catalogTimes(starts, 2), {
    times: ["1969-12-31T23:59:59.000Z", "2024-03-01T00:00:01.000Z"],
    each: "time",
  });
  assert.deepEqual(catalogTimes([NaN], 1), { times: [], each: "time" });
});

Deno.test("of more times than are asked for days are told, of more days months, before 1970 as well", () => {
  const starts = ["1969-12-31T23:00Z", "1969-12-31T01:00Z", "1970-01-01", "2024-02-29T12:00Z"].map(at);
  assert.deepEqual(catalogTimes(starts, 3), {
    times: ["1969-12-31", "1970-01-01", "2024-02-29"],
    each: "day",
  });
  assert.deepEqual(catalogTimes(starts, 2).times, ["1969-12", "1970-01", "2024-02"]);
});

Deno.test("of many times the days are put into words, not each time: a document takes no seconds of a server", () => {
  const starts = Array.from({ length: 50_000 }, (_, i) => at("2020-01-01") + i * 100_003);
  const write = Date.prototype.toISOString;
  let written = 0;
  Date.prototype.toISOString = function () {
    written += 1;
    return write.call(this);
  };
  try {
    assert.equal(catalogTimes(starts, 1000).times.length, 58);
  } finally {
    Date.prototype.toISOString = write;
  }
  assert.ok(written <= 58, `${written}`);
});
