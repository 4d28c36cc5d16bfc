import assert from "node:assert/strict";
import path from "node:path";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { type CatalogInfo, catalogInfo } from "../../../../catalog/query/info.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { openDuck, sqlName, sqlString } from "../../../../core/tables/duckdb.ts";
import { sampleRow, withCatalog, withFolder } from "../sample.ts";

Deno.test("cells are counted without reading them, beside granules that have none and coarser ones", async () => {
  const nowhere = { geometry: null, bbox: null, cells: new BigUint64Array() };
  const rows = [
    sampleRow({ id: "a", cells: BigUint64Array.of(1000n, 1001n, 1002n) }),
    sampleRow({ id: "b", collection: "OTHER.001", cells: BigUint64Array.of(5n), cell_order: 4 }),
    sampleRow({ id: "c", ...nowhere }),
    sampleRow({ id: "d", ...nowhere, size_bytes: null }),
  ];
  await withCatalog(rows, async (catalog) => {
    const statements: string[] = [];
    const { connection } = catalog.duck;
    const run = connection.runAndReadAll.bind(connection);
    connection.runAndReadAll = (sql, values, types) => {
      statements.push(sql);
      return run(sql, values, types);
    };
    const info = await catalogInfo(catalog);
    assert.equal(info.cells, 4);
    assert.equal(info.granules, 4);
    assert.equal(info.unknown_extent, 2);
    assert.deepEqual(info.granules_by_cell_order, { 4: 1, 8: 1 });
    assert.equal(info.size_bytes, 3 * 12345);
    assert.deepEqual(info.bbox, [-50, 70, -49.5, 72]);
    assert.deepEqual(info.collections.map(({ collection, granules }) => [collection, granules]), [
      ["OTHER.001", 1],
      ["TEST.001", 3],
    ]);
    const reading = statements.filter((sql) => sql.includes("len(cells)"));
    assert.ok(reading.every((sql) => sql.includes("bbox.xmin IS NULL AND len(cells)")), reading.join("\n"));
  });
});

Deno.test("a catalog of nothing has no box, no times and no sizes", async () => {
  await withCatalog([], async (catalog) => {
    const { granules, cells, unknown_extent, bbox, start, end, size_bytes } = await catalogInfo(catalog);
    assert.deepEqual([granules, cells, unknown_extent, bbox, start, end, size_bytes], [
      0,
      0,
      0,
      null,
      null,
      null,
      null,
    ]);
  });
});

Deno.test("a large catalog states its figures, which are those of its rows and hold for its own pages only", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const rows = Array.from({ length: 20_500 }, (_, i) =>
      sampleRow({
        id: `g${i}`,
        collection: `C${i % 3}.001`,
        size_bytes: i,
        ...i % 1000 === 0 ? { geometry: null, bbox: null, cells: new BigUint64Array() } : {},
      }));
    await writeCatalog(file, rows);
    const stated = await infoOf(file);
    assert.deepEqual(stated.reading, [], "no column is read");
    const count = (of: (row: typeof rows[number]) => boolean) => rows.filter(of).length;
    assert.deepEqual(
      stated.info.collections.map((
        { collection, granules, size_bytes },
      ) => [collection, granules, size_bytes]),
      ["C0.001", "C1.001", "C2.001"].map((name) => [
        name,
        count(({ collection }) => collection === name),
        rows.reduce((sum, row) => sum + (row.collection === name ? row.size_bytes! : 0), 0),
      ]),
    );
    assert.equal(stated.info.unknown_extent, count(({ cells }) => cells.length === 0));

    // An update counts again; what others write with the old footer key is counted by its rows.
    const update = { rows: [sampleRow({ id: "new" })], output: file, onto: file, cellOrder: 8, queries: [] };
    await buildCatalog(update);
    const updated = await infoOf(file);
    assert.equal(updated.info.granules, rows.length + 1);
    assert.deepEqual(updated.reading, []);
    const shorter = path.join(folder, "shorter.parquet");
    await copyWithKeys(file, shorter, "size_bytes >= 10000");
    const others = await infoOf(shorter);
    assert.equal(others.info.granules, count(({ size_bytes }) => size_bytes! >= 10_000) + 1);
    assert.ok(others.reading.length > 0);
  });
});

/** A catalog's description, and the statements that read columns for it. */
async function infoOf(file: string): Promise<{ info: CatalogInfo; reading: string[] }> {
  const catalog = await openCatalog(file);
  try {
    const reading: string[] = [];
    const { connection } = catalog.duck;
    const run = connection.runAndReadAll.bind(connection);
    connection.runAndReadAll = (sql, values, types) => {
      if (/FROM catalog_source/.test(sql)) reading.push(sql);
      return run(sql, values, types);
    };
    return { info: await catalogInfo(catalog), reading };
  } finally {
    catalog.close();
  }
}

/** Rows of a catalog as another program writes them that keeps the footer's keys. */
async function copyWithKeys(file: string, copy: string, where: string): Promise<void> {
  const duck = await openDuck();
  try {
    const keys = await duck.connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${sqlString(file)})`,
    );
    const kept = keys.getRows().map(([key, value]) => `${sqlName(String(key))}: ${sqlString(String(value))}`);
    await duck.connection.run(
      `COPY (SELECT * FROM read_parquet(${sqlString(file)}) WHERE ${where}) TO ${sqlString(copy)}
        (FORMAT parquet, KV_METADATA {${kept.join(", ")}})`,
    );
  } finally {
    duck.close();
  }
}
