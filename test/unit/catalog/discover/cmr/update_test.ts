import assert from "node:assert/strict";
import { cmrParameters } from "../../../../../catalog/discover/cmr/cmr_query.ts";
import { describeQuery } from "../../../../../catalog/discover/cmr/cmr_query.ts";
import { UPDATE_OVERLAP_MS, updateQueries } from "../../../../../catalog/discover/cmr/update.ts";

const query = { shortNames: ["ATL06"], versions: ["006"], polygons: [Float64Array.of(0, 0, 1, 0, 1, 1)] };
const stored = (asked?: string, more = {}) => ({
  source: "cmr",
  // Metadata goes through a file as JSON.
  parameters: JSON.parse(
    JSON.stringify({ url: "https://cmr.example/search", ...describeQuery({ ...query, ...more }) }),
  ),
  ...(asked === undefined ? {} : { asked }),
});

Deno.test("a query is asked again since its last time, less the overlap", () => {
  const updates = updateQueries([
    stored("2024-01-01T00:00:00Z"),
    stored("2024-03-01T00:00:00Z", { updatedSince: "2023-12-31T00:00:00Z" }),
    { source: "local", parameters: {} },
  ], "x.parquet");
  assert.equal(updates.length, 1);
  assert.equal(updates[0].url, "https://cmr.example/search");
  const since = new Date(Date.UTC(2024, 2, 1) - UPDATE_OVERLAP_MS).toISOString();
  assert.equal(updates[0].query.updatedSince, since);
  assert.deepEqual(cmrParameters(updates[0].query), cmrParameters({ ...query, updatedSince: since }));
});

Deno.test("different queries are asked each since its own time", () => {
  const updates = updateQueries([
    stored("2024-01-01T00:00:00Z"),
    stored("2024-03-01T00:00:00Z", { start: "2023-01-01" }),
  ], "x.parquet");
  assert.deepEqual(updates.map((one) => one.query.updatedSince!.slice(0, 10)), ["2023-12-31", "2024-02-29"]);
});

Deno.test("catalogs that cannot be updated say why", () => {
  assert.throws(() => updateQueries([], "x.parquet"), /x\.parquet: no query of CMR/);
  assert.throws(() => updateQueries([stored()], "x.parquet"), /does not say when/);
  const spoilt = { ...stored("2024-01-01T00:00:00Z"), parameters: { shortNames: "ATL06" } };
  assert.throws(() => updateQueries([spoilt], "x.parquet"), /no list of short names/);
});
