import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { withLateOffset } from "../../../scripts/duckdb_plugin.ts";

Deno.test("DuckDB's offset of the local time is worked out when it is read, not as the module loads", () => {
  const values = path.resolve(import.meta.dirname!, "../../../node_modules/@duckdb/node-api/lib/values");
  const module = withLateOffset(fs.readFileSync(path.join(values, "DuckDBTimestampTZValue.js"), "utf8"));
  let asked = 0;
  class Clock {
    getTimezoneOffset = () => (asked += 1, 90);
  }
  const loaded = { DuckDBTimestampTZValue: { timezoneOffsetInMinutes: 0 } };
  const required = { DuckDBTimestampValue: { Epoch: {}, Max: {}, Min: {}, PosInf: {}, NegInf: {} } };
  new Function("exports", "require", "Date", module)(loaded, () => required, Clock);
  assert.equal(asked, 0);
  assert.equal(loaded.DuckDBTimestampTZValue.timezoneOffsetInMinutes, -90);
  assert.equal(asked, 1);
  assert.throws(() => withLateOffset("class Another {}"), /timezoneOffsetInMinutes was wanted/);
});
