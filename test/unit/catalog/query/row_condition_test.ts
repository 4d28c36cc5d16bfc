/** Conditions on rows say the same as --where says of those rows in a catalog file. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { filteredRows } from "../../../../catalog/query/filter.ts";
import { openRowCondition } from "../../../../catalog/query/row_condition.ts";
import { createFootprinter } from "../../../../catalog/discover/draft/footprinter.ts";
import { finishRow } from "../../../../catalog/discover/draft/draft.ts";
import { Tally } from "../../../../catalog/discover/draft/tally.ts";
import { readProduct } from "../../../../catalog/discover/odata/odata_product.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

/** The recorded product over three places, with and without cloud. */
function rows(): GranuleRow[] {
  const { value } = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
  const footprinter = createFootprinter(8);
  return [0.5, 19.999, 20, 97.7, null].map((cloud, i) => {
    const attributes = (value.Attributes as { Name: string }[]).flatMap((one) =>
      one.Name !== "cloudCover" ? [one] : cloud === null ? [] : [{ ...one, Value: cloud }]
    );
    const product = readProduct(
      {
        ...value,
        Name: `S2A_${i}.SAFE`,
        Attributes: attributes,
        ContentDate: { Start: `2024-09-1${i}T11:25:41.024Z`, End: `2024-09-1${i}T11:25:41.024Z` },
      },
      { tally: new Tally(), downloadUrl: "https://download.example.org/", collectionName: "SENTINEL-2" },
    );
    assert.ok(product !== null);
    const row = finishRow(product.draft, footprinter, new Tally());
    assert.ok(row !== null);
    return row;
  });
}

const CONDITIONS: readonly [string, number[]][] = [
  ["(properties->>'cloudCover')::DOUBLE < 20", [0, 1]],
  ["(properties->>'cloudCover')::DOUBLE < 20 OR (properties->>'cloudCover') IS NULL", [0, 1, 4]],
  ["start_datetime >= '2024-09-12' AND start_datetime < TIMESTAMPTZ '2024-09-13 11:25:41.024Z'", [2]],
  ["epoch_ms(start_datetime) % 1000 = 24", [0, 1, 2, 3, 4]],
  ["id IN ('S2A_1.SAFE', 'S2A_3.SAFE')", [1, 3]],
  ["true) OR (false", [0, 1, 2, 3, 4]],
  ["bbox.xmin < -10 AND bbox.ymax > 9 AND id LIKE '%2.SAFE'", [2]],
  ["len(cells) > 0 AND list_contains(cells, cells[1]) AND cell_order = 8", [0, 1, 2, 3, 4]],
  ["assets[1].size_bytes = 132384463 AND checksum LIKE 'md5:%'", [0, 1, 2, 3, 4]],
  ["geometry IS NOT NULL -- a remark", [0, 1, 2, 3, 4]],
  ["size_bytes IS NULL AND false", []],
  ["revision > 0", []],
];

Deno.test({
  name: "a condition keeps of rows what --where keeps of the same rows in a catalog",
  ignore: !hasSharedData,
  async fn() {
    const all = rows();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-condition-"));
    const file = path.join(folder, "c.parquet");
    await writeCatalog(file, all);
    for (const [where, expected] of CONDITIONS) {
      const condition = await openRowCondition(where, "keep.where");
      const fulfilled = await condition.fulfilled(all);
      assert.deepEqual(all.flatMap((_, i) => fulfilled[i] ? [i] : []), expected, where);
      assert.deepEqual(await condition.fulfilled([]), []);
      condition.close();
      const catalog = await openCatalog(file);
      const ids: string[] = [];
      for await (const chunk of filteredRows(catalog, { where })) ids.push(...chunk.rows.map(({ id }) => id));
      catalog.close();
      assert.deepEqual(ids.sort(), expected.map((i) => all[i].id), where);
    }
    fs.rmSync(folder, { recursive: true });
  },
});

const REFUSED: readonly [string, RegExp][] = [
  ["cloud_cover < 20", /keep\.where "cloud_cover < 20": .*"cloud_cover" not found.*properties->>/],
  ["id = 'a'; DROP TABLE x", /more than one expression|syntax error|Only SELECT/],
  ["true) UNION SELECT 1 WHERE (true", /one expression|SELECT|syntax/],
  ["size_bytes > (SELECT avg(size_bytes) FROM granules)", /has a subquery/],
  ["EXISTS (FROM read_csv('/etc/passwd'))", /has a subquery/],
  ["count(*) > 1", /aggregate/i],
  ["size_bytes <", /syntax error/],
  [" ", /is empty/],
  ["(SELECT 1) = 1", /has a subquery/],
];

Deno.test("a condition that is no condition on one row is refused before any row is there", async () => {
  for (const [where, words] of REFUSED) {
    await assert.rejects(openRowCondition(where, "keep.where"), words, where);
  }
});

Deno.test({
  name: "a condition that fails on a row says so with its name",
  ignore: !hasSharedData,
  async fn() {
    const condition = await openRowCondition("id::INTEGER > 3", "keep.where");
    try {
      await assert.rejects(condition.fulfilled(rows()), /keep\.where "id::INTEGER > 3": .*[Cc]onver/);
    } finally {
      condition.close();
    }
  },
});
