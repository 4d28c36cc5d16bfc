import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { distinctQueries } from "../../../../catalog/queries.ts";
import type { CatalogQuery } from "../../../../catalog/schema.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { allRows, sampleRow, withFolder } from "../sample.ts";

async function read(file: string): Promise<{ rows: GranuleRow[]; queries: readonly CatalogQuery[] }> {
  const catalog = await openCatalog(file);
  try {
    return { rows: await allRows(catalog), queries: catalog.metadata.queries };
  } finally {
    catalog.close();
  }
}

const query = (asked: string, since?: string, granules = {}): CatalogQuery => ({
  source: "cmr",
  parameters: { shortNames: ["X"], ...(since === undefined ? {} : { updatedSince: since }) },
  asked,
  set_aside: { granules, links: {}, notes: {} },
});

Deno.test("updates of one catalog at the same time lose no row of each other", async () => {
  await withFolder(async (folder) => {
    const output = path.join(folder, "c.parquet");
    await buildCatalog({ rows: [sampleRow({ id: "0" })], output, cellOrder: 8, queries: [query("2020")] });
    await Promise.all(Array.from({ length: 6 }, (_, i) =>
      buildCatalog({
        rows: [sampleRow({ id: `new ${i}` }), sampleRow({ id: "0", revision: 2 + i })],
        output,
        onto: output,
        cellOrder: 8,
        queries: [query(`202${i}-06`, "2020")],
      })));
    const { rows, queries } = await read(output);
    assert.deepEqual(
      rows.map(({ id, revision }) => `${id} ${revision}`).sort(),
      ["0 7", ...Array.from({ length: 6 }, (_, i) => `new ${i} 1`)],
    );
    assert.deepEqual(queries.map(({ asked, parameters }) => [asked, parameters]), [[
      "2025-06",
      { shortNames: ["X"] },
    ]]);
    assert.deepEqual(fs.readdirSync(folder), ["c.parquet"]);
  });
});

Deno.test("an update of nothing new gives the same rows, and one whose source fails leaves the catalog", async () => {
  await withFolder(async (folder) => {
    const output = path.join(folder, "c.parquet");
    const rows = [sampleRow({ id: "a" }), sampleRow({ id: "b" })];
    await buildCatalog({ rows, output, cellOrder: 8, queries: [query("2020")] });
    const before = await read(output);
    const result = await buildCatalog({
      rows: [],
      output,
      onto: output,
      cellOrder: 8,
      queries: [query("2021", "2020")],
    });
    assert.deepEqual([result.rows, result.replaced, result.removed], [2, 0, 0]);
    assert.deepEqual((await read(output)).rows, before.rows);
    const bytes = fs.readFileSync(output);
    async function* failing() {
      yield sampleRow({ id: "c" });
      await Promise.reject(new Error("network"));
    }
    const failed = buildCatalog({ rows: failing(), output, onto: output, cellOrder: 8, queries: [] });
    await assert.rejects(failed, /network/);
    assert.deepEqual(fs.readFileSync(output), bytes);
    assert.deepEqual(fs.readdirSync(folder), ["c.parquet"]);
  });
});

Deno.test("a query asked again is one entry, with the latest time and what all its updates set aside", () => {
  const first = query("2020-01", undefined, { "no data link": 5 });
  const update = query("2020-02", "2020-01", { "no data link": 2, other: 1 });
  const again = query("2020-03", undefined, { "no data link": 4 });
  const another: CatalogQuery = { source: "stac", parameters: { locations: ["x"] } };
  assert.deepEqual(distinctQueries([first, first]), [first]);
  assert.deepEqual(distinctQueries([first, update, another]), [
    {
      ...first,
      asked: "2020-02",
      set_aside: { granules: { "no data link": 7, other: 1 }, links: {}, notes: {} },
    },
    another,
  ]);
  assert.deepEqual(distinctQueries([first, again]), [again]);
  assert.deepEqual(distinctQueries([again, first]), [again]);
  assert.deepEqual(distinctQueries(distinctQueries([first, update])), distinctQueries([first, update]));
});
