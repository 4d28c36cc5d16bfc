import assert from "node:assert/strict";
import { asReport } from "../../../../cli/io/report.ts";

Deno.test("a report begins with its schema, and its names are in snake_case at every depth", () => {
  const report = asReport("aggregate", { storeBytes: 1, granules: { failedOnes: [{ whyNot: "x" }] } });
  assert.equal(Object.keys(report)[0], "schema");
  assert.deepEqual(report, {
    schema: "granary.aggregate/1",
    store_bytes: 1,
    granules: { failed_ones: [{ why_not: "x" }] },
  });
});

Deno.test("names that a user or another program chose stay as they are", () => {
  const { variables, attributes, by_collection } = asReport("inspect.store", {
    variables: { hMean: { fillValue: 0 } },
    attributes: { longName: "x" },
    byCollection: { "ATL06.006": 1 },
  }) as Record<string, unknown>;
  assert.deepEqual(variables, { hMean: { fill_value: 0 } });
  assert.deepEqual(attributes, { longName: "x" });
  assert.deepEqual(by_collection, { "ATL06.006": 1 });
});

Deno.test("typed arrays, maps and bigints come through for the writer of JSON", () => {
  const ids = BigUint64Array.of(1n);
  assert.equal(asReport("cells", { cellIds: ids }).cell_ids, ids);
});
