import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { mergeCatalogs } from "../../../../catalog/write/merge.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { allRows, sampleRow, withFolder, withNote } from "../sample.ts";

async function rowsOf(file: string): Promise<GranuleRow[]> {
  const catalog = await openCatalog(file);
  try {
    return await allRows(catalog);
  } finally {
    catalog.close();
  }
}

const query = (source: string) => ({ source, parameters: { a: 1 } });

Deno.test("a merge holds all granules, the highest revisions, both queries and one footer key each", async () => {
  await withFolder(async (folder) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => path.join(folder, name));
    const cells = (first: bigint) => ({ cells: BigUint64Array.of(first) });
    await writeCatalog(a, [
      sampleRow({ id: "both", revision: 2, path: "a", ...cells(50n) }),
      sampleRow({ id: "only-a", ...cells(40n) }),
      sampleRow({ id: "equal", path: "a", ...cells(30n) }),
      sampleRow({ id: "a-newer", revision: 9, path: "a", ...cells(20n) }),
    ], { queries: [query("cmr")] });
    const polygon = encodeWkb({ type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
    await writeCatalog(b, [
      sampleRow({ id: "both", revision: 3, path: "b", ...cells(51n) }),
      sampleRow({
        id: "only-b",
        collection: "OTHER.1",
        geometry: polygon,
        bbox: { xmin: 0, ymin: 0, xmax: 1, ymax: 1 },
        ...cells(10n),
      }),
      sampleRow({ id: "equal", path: "b", ...cells(30n) }),
      sampleRow({ id: "a-newer", revision: null, path: "b", ...cells(20n) }),
    ], { queries: [query("stac")], cellOrder: 9 });
    const result = await mergeCatalogs([a, b], c);
    assert.deepEqual({ rows: result.rows, replaced: result.replaced }, { rows: 5, replaced: 3 });
    const merged = await openCatalog(c);
    try {
      const rows = await allRows(merged);
      assert.deepEqual(rows.map(({ id, path }) => [id, path]), [
        ["only-b", "a/g1.h5"],
        ["a-newer", "a"],
        ["equal", "b"],
        ["only-a", "a/g1.h5"],
        ["both", "b"],
      ]);
      assert.deepEqual(merged.metadata, {
        schema_version: 1,
        cell_order: 8,
        queries: [query("cmr"), query("stac")],
      });
      assert.deepEqual(merged.footerKeys, { geo: 1, granary: 1 });
      const columns = merged.geo.columns as { geometry: { geometry_types: string[]; bbox: number[] } };
      assert.deepEqual(columns.geometry.geometry_types, ["LineString", "Polygon"]);
      assert.deepEqual(columns.geometry.bbox, [-50, 0, 1, 72]);
    } finally {
      merged.close();
    }
  });
});

Deno.test("merging again, or with itself, or onto an input, gives the same bytes", async () => {
  await withFolder(async (folder) => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => path.join(folder, name));
    const many = (prefix: string) =>
      Array.from(
        { length: 300 },
        (_, i) => sampleRow({ id: `${prefix}${i}`, cells: BigUint64Array.of(BigInt((i * 7919) % 5000)) }),
      );
    await writeCatalog(a, many("a"));
    await writeCatalog(b, [...many("b"), ...many("a").slice(0, 100)]);
    await mergeCatalogs([a, b], c);
    const bytes = fs.readFileSync(c);
    await mergeCatalogs([c, b], d);
    assert.deepEqual(fs.readFileSync(d), bytes);
    await mergeCatalogs([c, c], d);
    assert.deepEqual(fs.readFileSync(d), bytes);
    await mergeCatalogs([a, b], a);
    assert.deepEqual(fs.readFileSync(a), bytes);
    assert.deepEqual(fs.readdirSync(folder).sort(), ["a", "b", "c", "d"]);
    assert.equal((await rowsOf(a)).length, 600);
  });
});

Deno.test("a broken input fails the merge, and nothing is written", async () => {
  await withFolder(async (folder) => {
    const a = path.join(folder, "a");
    const broken = path.join(folder, "broken");
    await writeCatalog(a, [sampleRow()]);
    fs.writeFileSync(broken, fs.readFileSync(a).subarray(0, 3000));
    await assert.rejects(
      mergeCatalogs([a, broken], path.join(folder, "out")),
      /broken: is not a Parquet file/,
    );
    assert.deepEqual(fs.readdirSync(folder).sort(), ["a", "broken"]);
  });
});

Deno.test("columns of others are not lost by a merge in place, and named by a merge elsewhere", async () => {
  await withFolder(async (folder) => {
    const [plain, noted, out] = ["plain", "noted", "out"].map((name) => path.join(folder, name));
    await writeCatalog(plain, [sampleRow()]);
    await withNote(plain, noted);
    const before = fs.readFileSync(noted);
    await assert.rejects(mergeCatalogs([plain, noted], noted), /noted: it would lose columns .*"note"/);
    assert.deepEqual(fs.readFileSync(noted), before);
    const warnings: string[] = [];
    await mergeCatalogs([plain, noted], out, { warn: (message) => warnings.push(message) });
    assert.deepEqual(warnings, [`${noted}: left out its columns that are not a catalog's: "note"`]);
  });
});
