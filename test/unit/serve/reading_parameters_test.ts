import assert from "node:assert/strict";
import { Problem } from "../../../serve/http/problem.ts";
import { XARRAY, xarrayReading } from "../../../serve/parameters/reading.ts";

Deno.test("times that are not to be decoded are refused, for no reading leaves them", () => {
  const parse = (decode_times?: boolean) => XARRAY.parse({ variables: ["sst"], decode_times });
  assert.equal(xarrayReading(parse()).kind, "xarray");
  assert.throws(
    () => xarrayReading(parse(false)),
    (error: unknown) =>
      error instanceof Problem && error.status === 422 && /decode_times/.test(error.message),
  );
});
