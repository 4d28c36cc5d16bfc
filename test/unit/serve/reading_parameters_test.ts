import assert from "node:assert/strict";
import { Problem } from "../../../serve/http/problem.ts";
import { type Reading, readingAt, XARRAY, xarrayReading } from "../../../serve/parameters/reading.ts";

Deno.test("times that are not to be decoded are refused, for no reading leaves them", () => {
  const parse = (decode_times?: boolean) => XARRAY.parse({ variables: ["sst"], decode_times });
  assert.equal(xarrayReading(parse()).kind, "xarray");
  assert.throws(
    () => xarrayReading(parse(false)),
    (error: unknown) =>
      error instanceof Problem && error.status === 422 && /decode_times/.test(error.message),
  );
});

Deno.test("{datetime} in a step is the start of the request's time, and its end where the start is open", () => {
  const reading = xarrayReading(
    XARRAY.parse({ variables: ["sst"], sel: ["time=nearest::{datetime}", "lev=500"] }),
  );
  const steps = (at: Reading) => at.kind === "xarray" ? at.steps.map(({ value }) => value) : [];
  const [start, end] = ["2024-05-01T06:00:00.000Z", "2024-05-02T00:00:00.000Z"];
  const times = { start: Date.parse(start), end: Date.parse(end) };
  assert.deepEqual(steps(readingAt(reading, times)), [start, "500"]);
  assert.deepEqual(steps(readingAt(reading, { ...times, start: null })), [end, "500"]);
  assert.throws(
    () => readingAt(reading, null),
    (error: unknown) =>
      error instanceof Problem && error.status === 422 && /say temporal/.test(error.message),
  );
  const plain = xarrayReading(XARRAY.parse({ variables: ["sst"], sel: ["lev=500"] }));
  assert.equal(readingAt(plain, null), plain);
});
