import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { decimalFromNested } from "../../../../core/cells/morton.ts";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { boundingBox, singleParts } from "../../../../core/geometry/geometry.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { importCatalog, type ImportOptions } from "../../../../catalog/discover/import.ts";
import { locationsOf } from "../../../../catalog/locations.ts";
import { decodeWkb } from "../../../../core/geometry/wkb.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { withFolder } from "../sample.ts";

async function rowsOf(file: string, options: Partial<ImportOptions> = {}) {
  const found = importCatalog(file, { cellOrder: 8, ...options });
  const rows: GranuleRow[] = [];
  for await (const row of found.rows) rows.push(row);
  return { rows, query: found.query() };
}

async function importJson(value: unknown, options: Partial<ImportOptions> = {}) {
  return await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.json");
    fs.writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    return await rowsOf(file, options);
  });
}

const NAME = "ATL06_20190416093911_02770303_002_01.h5";
const morton = (cell: number) => decimalFromNested(cell, 6).toString();

Deno.test("a JSON catalog becomes a row for each URL, with the cells that list it", async () => {
  const { rows, query } = await importJson({
    metadata: { parent_order: 6, s3_base: "s3://bucket/ATL06/", https_base: "https://host.example/ATL06/" },
    catalog: {
      [morton(45763)]: [`s3://bucket/ATL06/2019/${NAME}`, "s3://elsewhere/one.h5"],
      [morton(8192)]: [`s3://bucket/ATL06/2019/${NAME}`, "ftp://nowhere/x.h5", "s3://bucket/ATL06/"],
    },
  }, { latitude: "authalic", provider: "NSIDC" });
  assert.equal(rows.length, 2);
  const [first, second] = rows as [GranuleRow, GranuleRow];
  assert.deepEqual([first.id, first.collection, first.provider], [NAME, "ATL06.002", "NSIDC"]);
  assert.deepEqual([first.cell_order, [...first.cells]], [6, [8192n, 45763n]]);
  assert.equal(first.start_datetime, Date.UTC(2019, 3, 16, 9, 39, 11));
  assert.deepEqual(locationsOf(first, "s3"), [`s3://bucket/ATL06/2019/${NAME}`]);
  assert.deepEqual(locationsOf(first, "https"), [`https://host.example/ATL06/2019/${NAME}`]);
  assert.deepEqual([second.collection, locationsOf(second, "s3"), second.https_base], ["unknown", [
    "s3://elsewhere/one.h5",
  ], null]);
  assert.equal(Object.values(query.set_aside!.granules).reduce((sum, count) => sum + count, 0), 2);
});

Deno.test("links of a JSON catalog that cannot be locations are set aside, each with its reason", async () => {
  const hostile = ["s3://b/a/x\n.h5", "s3://b/../x.h5", "s3://b/%2e%2e/x.h5", "s3://me:secret@b/x.h5"];
  const { rows, query } = await importJson({
    metadata: { parent_order: 6, s3_base: "s3://b/", https_base: "https://host.example/" },
    catalog: { [morton(8192)]: [...hostile, "s3://b/a/it's; drop table x--.h5"] },
  }, { latitude: "authalic" });
  assert.deepEqual(rows.map((row) => locationsOf(row, "https")), [[
    "https://host.example/a/it's; drop table x--.h5",
  ]]);
  assert.deepEqual(query.set_aside!.granules, {
    "link climbs out of its folder": 2,
    "link with a user name or password": 1,
    "link with control characters or backslashes": 1,
  });
});

Deno.test("a tool that read latitudes as geodetic: no granule is lost to the other reading", async () => {
  for (let i = 0; i < 300; i++) {
    const [x, y] = [(i * 137.5) % 360 - 180, 85 * Math.sin(i)];
    const { rows } = await importJson({
      metadata: { parent_order: 6, s3_base: "s3://b/" },
      catalog: { [morton(nestedOf(x, y, 6, "geodetic"))]: ["s3://b/x.h5"] },
    });
    assert.ok(rows[0].cells.includes(BigInt(nestedOf(x, y, 6, "authalic"))), `${x}, ${y}`);
    assert.ok(rows[0].cells.length <= 9, "no more than the cell and those around it");
  }
});

Deno.test("what is no such catalog is refused by the place of its fault", async () => {
  const metadata = { parent_order: 6 };
  const cases: [unknown, RegExp][] = [
    ["{not json", /is not JSON/],
    ["<html>", /neither Parquet nor a JSON object/],
    [{}, /is no JSON catalog/],
    [{ metadata, catalog: [] }, /is no JSON catalog/],
    [{ metadata: { parent_order: 6, s3_base: 7 }, catalog: {} }, /s3_base is 7 \(wanted s3/],
    [{ metadata: { parent_order: 6, https_base: "file:///etc" }, catalog: {} }, /https_base is "file:/],
    [{ metadata: { parent_order: "6" }, catalog: {} }, /parent_order is "6"/],
    [{ metadata: { parent_order: 99 }, catalog: {} }, /parent_order is 99/],
    [{ metadata, catalog: { "-6134114": "s3://x/y" } }, /is not a list of URLs/],
    [{ metadata, catalog: { "-6134114": [1] } }, /is not a list of URLs/],
    [{ metadata, catalog: { "999": [] } }, /not a morton id/],
    [{ metadata, catalog: { "-613411": [] } }, /is of order 5 \(wanted order 6/],
  ];
  for (const [value, message] of cases) {
    await assert.rejects(importJson(value), (error: Error & { tag?: string }) => {
      assert.equal(error.tag, "input", String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("the Python tools' catalog: every granule, split at the antimeridian, covered where it lies", {
  ignore: !hasSharedData,
}, async () => {
  const { rows } = await rowsOf(sharedData("geoparquet/cat_neon.parquet"));
  assert.equal(rows.length, 2089);
  assert.equal(new Set(rows.map(({ id }) => id)).size, 2089);
  let crossing = 0;
  for (const row of rows) {
    const parts = [...singleParts(decodeWkb(row.geometry!))];
    if (parts.length > 1) crossing += 1;
    for (const part of parts) {
      const box = boundingBox(part)!;
      assert.ok(box.xmax - box.xmin < 60, `${row.id} is ${box.xmax - box.xmin} degrees wide`);
      const ring = (part.coordinates as number[][][])[0];
      for (const [x, y] of ring) {
        assert.ok(
          row.cells.includes(BigInt(nestedOf(x, y, row.cell_order, "authalic"))),
          `${row.id}: vertex ${x}, ${y}`,
        );
      }
    }
    assert.match(locationsOf(row, "https")[0], /^https:\/\/data\.nsidc\.earthdatacloud\.nasa\.gov\/.*\.h5$/);
    assert.match(locationsOf(row, "s3")[0], /^s3:\/\/nsidc-cumulus-prod-protected\/.*\.h5$/);
  }
  assert.equal(crossing, 1020);
});
