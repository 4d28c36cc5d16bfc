import assert from "node:assert/strict";
import { catalogInfo } from "../../../../catalog/query/info.ts";
import { sampleRow, withCatalog } from "../sample.ts";

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
