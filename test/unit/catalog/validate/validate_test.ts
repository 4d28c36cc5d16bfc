import assert from "node:assert/strict";
import { nestedOf } from "../../../../core/cells/healpix.ts";
import { countFigures } from "../../../../catalog/file/figures.ts";
import { geoProblems } from "../../../../catalog/validate/geo_schema.ts";
import { validateCatalog } from "../../../../catalog/validate/validate.ts";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { sampleRow, withCatalog } from "../sample.ts";

const soundCells = BigUint64Array.from([BigInt(nestedOf(-50, 70, 8, "authalic"))]);
const sound = (changes: Partial<GranuleRow> = {}) => sampleRow({ cells: soundCells, ...changes });

Deno.test("a sound catalog has no findings", async () => {
  await withCatalog(
    [sound(), sound({ id: "b", geometry: null, bbox: null, cells: new BigUint64Array(0) })],
    async (catalog) => {
      const report = await validateCatalog(catalog);
      assert.deepEqual(report, { file: catalog.name, valid: true, granules: 2, findings: [], counts: {} });
    },
  );
});

Deno.test("figures that a footer states are held against the rows", async () => {
  await withCatalog([sound(), sound({ id: "b", size_bytes: 9 })], async (catalog) => {
    const { connection } = catalog.duck;
    const figures = await countFigures({ connection, table: catalog.table, paths: catalog.paths });
    assert.deepEqual((await validateCatalog({ ...catalog, figures })).findings, []);
    const [first] = figures.collections;
    for (
      const lie of [{ cells: 7 }, { bases: [] }, { collections: [{ ...first, granules: 1 }] }]
    ) {
      const { findings } = await validateCatalog({ ...catalog, figures: { ...figures, ...lie } });
      assert.deepEqual(findings.map(({ level, check }) => [level, check]), [["error", "figures"]]);
      assert.match(findings[0].message, new RegExp(Object.keys(lie)[0]));
    }
  });
});

Deno.test("each breach of the contract is found and named", async () => {
  const square = encodeWkb({ type: "Polygon", coordinates: [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]] });
  const cases: [Partial<GranuleRow>, string, RegExp][] = [
    [{ s3_base: null, https_base: null }, "locations", /no location at all/],
    [{ s3_base: "bucket/" }, "locations", /s3 location "bucket\/a\/g1.h5" is no location/],
    [{ https_base: "https://host.example/bucket" }, "locations", /do not meet at a slash/],
    [{ bbox: { xmin: -50, ymin: 70, xmax: -49.6, ymax: 72 } }, "bbox", /does not hold the geometry/],
    [{ bbox: null }, "bbox", /does not hold/],
    [{ geometry: Uint8Array.of(1, 2, 0, 0, 0, 9, 0, 0, 0) }, "geometry", /WKB/],
    [{ cells: BigUint64Array.of(5n) }, "cells", /no cell of the footprint/],
    [
      {
        geometry: square,
        bbox: { xmin: 0, ymin: 0, xmax: 9, ymax: 9 },
        cells: BigUint64Array.of(BigInt(nestedOf(4, 4, 8, "authalic"))),
      },
      "cells",
      /cells of the footprint are missing/,
    ],
    [
      { cell_order: 10, cells: BigUint64Array.of(BigInt(nestedOf(-50, 70, 10, "authalic"))) },
      "cells",
      /cells of order 10 in a catalog of 8/,
    ],
  ];
  for (const [changes, check, message] of cases) {
    await withCatalog([sound(changes)], async (catalog) => {
      const report = await validateCatalog(catalog);
      const found = report.findings.filter((finding) => finding.check === check);
      assert.ok(found.some((finding) => message.test(finding.message)), JSON.stringify(report.findings));
      assert.equal(report.valid, !report.findings.some(({ level }) => level === "error"));
    });
  }
});

Deno.test("a footprint of more cells than there is memory for is compared by fewer", async () => {
  const bbox = { xmin: 0, ymin: 0, xmax: 9, ymax: 9 };
  const cells = BigUint64Array.of(BigInt(nestedOf(4, 4, 24, "authalic")));
  const cellFindings = async (geometry: Uint8Array, at: bigint) => {
    const row = sound({ geometry, bbox, cell_order: 24, cells: cells.map((cell) => cell + at) });
    let found: string[] = [];
    await withCatalog([row], async (catalog) => {
      const { findings } = await validateCatalog(catalog);
      found = findings.map(({ message }) => message).filter((message) => !/in a catalog of 8/.test(message));
    });
    return found;
  };
  // Some 10^12 cells of order 24.
  const square = encodeWkb({ type: "Polygon", coordinates: [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]] });
  assert.match(
    (await cellFindings(square, 0n)).join(),
    /^granule [^,]*: more than half of the footprint's cells are/,
  );
  const line = encodeWkb({ type: "LineString", coordinates: [[0, 0], [9, 9]] });
  assert.deepEqual(await cellFindings(line, 0n), []);
  assert.match((await cellFindings(line, 4n ** 23n)).join(), /^granule [^,]*: no cell of the footprint/);
});

Deno.test("the rules of GeoParquet's metadata", () => {
  const column = { encoding: "WKB", geometry_types: ["Polygon"] };
  const good = { version: "1.1.0", primary_column: "geometry", columns: { geometry: column } };
  assert.deepEqual(geoProblems(good), []);
  const covering = (root: string) => ({
    bbox: { xmin: [root, "xmin"], ymin: ["bbox", "ymin"], xmax: ["bbox", "xmax"], ymax: ["bbox", "ymax"] },
  });
  const withColumn = (changes: object) => ({ ...good, columns: { geometry: { ...column, ...changes } } });
  assert.deepEqual(
    geoProblems(withColumn({ covering: covering("bbox"), bbox: [0, 0, 1, 1], edges: "spherical" })),
    [],
  );
  const bad: [unknown, RegExp][] = [
    [{ ...good, version: "2.0" }, /version/],
    [{ ...good, primary_column: "other" }, /not among the columns/],
    [{ ...good, columns: {} }, /columns/],
    [withColumn({ encoding: "WKT" }), /encoding/],
    [withColumn({ geometry_types: undefined }), /geometry_types/],
    [withColumn({ geometry_types: ["Circle"] }), /geometry_types/],
    [withColumn({ geometry_types: ["Point", "Point"] }), /duplicate/],
    [withColumn({ bbox: [1, 2, 3] }), /bbox/],
    [withColumn({ edges: "geodesic" }), /edges/],
    [withColumn({ covering: covering("other") }), /several columns/],
    [withColumn({ covering: { bbox: { xmin: ["bbox", "west"] } } }), /xmin|required/],
    ["text", /object/],
  ];
  for (const [value, message] of bad) assert.match(geoProblems(value).join("; "), message);
});
