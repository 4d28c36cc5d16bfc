import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { select } from "../../../../catalog/query/select.ts";
import { geoProblems } from "../../../../catalog/validate/geo_schema.ts";
import { validateCatalog } from "../../../../catalog/validate/validate.ts";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import type { Catalog } from "../../../../catalog/file/open_catalog.ts";
import { formatSql, runSql, tableOf } from "../../../../catalog/query/sql.ts";
import { allRows, sampleRow, withCatalog, withFolder } from "../sample.ts";

async function text(catalog: Catalog, sql: string, format: "csv" | "json"): Promise<string> {
  let all = "";
  for await (const chunk of formatSql(catalog, sql, format)) all += chunk as string;
  return all;
}

async function bytes(catalog: Catalog, sql: string, format: "arrow" | "parquet"): Promise<Uint8Array> {
  const chunks: number[] = [];
  for await (const chunk of formatSql(catalog, sql, format)) chunks.push(...chunk as Uint8Array);
  return Uint8Array.from(chunks);
}

const asset = {
  key: "B02",
  path: "b02.tif",
  media_type: null,
  size_bytes: 7,
  checksum: null,
  s3_href: null,
  https_href: "https://elsewhere.example/b02.tif",
  local_href: null,
  s3_credentials: null,
};
const rows = [
  sampleRow({ id: `a "quoted", id`, cells: BigUint64Array.of(16n, 17n, 32n) }),
  sampleRow({
    id: "b",
    s3_base: null,
    local_base: "/data/",
    assets: [asset, { ...asset, key: "B03", path: "b03.tif", https_href: null }],
    cells: BigUint64Array.of(35n),
  }),
];

Deno.test("urls has a row for every file, by base and path or by an asset's own href", async () => {
  await withCatalog(rows, async (catalog) => {
    const { columns, rows: found } = await tableOf(
      catalog,
      "SELECT id, asset, s3, https, local FROM urls ORDER BY ALL",
    );
    assert.deepEqual(columns, ["id", "asset", "s3", "https", "local"]);
    assert.deepEqual(found, [
      [`a "quoted", id`, null, "s3://bucket/a/g1.h5", "https://host.example/bucket/a/g1.h5", null],
      ["b", "B02", null, "https://elsewhere.example/b02.tif", "/data/b02.tif"],
      ["b", "B03", null, "https://host.example/bucket/b03.tif", "/data/b03.tif"],
    ]);
  });
});

Deno.test("urls gives a file with links of its own none by the row's remote bases", async () => {
  const one = sampleRow({ id: "c", assets: [asset] });
  await withCatalog([one], async (catalog) => {
    const { rows: found } = await tableOf(catalog, "SELECT s3, https FROM urls");
    assert.deepEqual(found, [[null, "https://elsewhere.example/b02.tif"]]);
  });
});

Deno.test("cells_at gives each granule's cells once, at coarser and finer orders", async () => {
  await withCatalog(rows, async (catalog) => {
    const at = async (order: number) =>
      (await tableOf(catalog, `SELECT id, cell FROM cells_at(${order}) ORDER BY id, cell`)).rows;
    assert.deepEqual(await at(7), [[`a "quoted", id`, 4n], [`a "quoted", id`, 8n], ["b", 8n]]);
    assert.deepEqual((await at(9)).slice(-4), [["b", 140n], ["b", 141n], ["b", 142n], ["b", 143n]]);
  });
});

Deno.test("csv quotes what it must, json keeps every digit", async () => {
  await withCatalog(rows, async (catalog) => {
    const sql =
      `SELECT id, 18446744073709551615::UBIGINT AS big, 5::BIGINT AS small, NULL AS nothing, '' AS empty,
      [1, NULL] AS list, {'a': 1} AS struct, start_datetime, DATE '2020-01-02' AS day, true AS yes
      FROM granules WHERE id LIKE 'a%'`;
    assert.equal(
      await text(catalog, sql, "csv"),
      "id,big,small,nothing,empty,list,struct,start_datetime,day,yes\n" +
        `"a ""quoted"", id",18446744073709551615,5,,"","[1,null]","{""a"":1}",2019-04-16T09:39:11Z,2020-01-02,true\n`,
    );
    const json = await text(catalog, sql, "json");
    assert.match(json, /"big":18446744073709551615,"small":5,/);
    assert.deepEqual(JSON.parse(json), [{
      id: `a "quoted", id`,
      big: Number(18446744073709551615n),
      small: 5,
      nothing: null,
      empty: "",
      list: [1, null],
      struct: { a: 1 },
      start_datetime: "2019-04-16T09:39:11Z",
      day: "2020-01-02",
      yes: true,
    }]);
    assert.deepEqual(JSON.parse(await text(catalog, "SELECT 1 WHERE false", "json")), []);
    assert.equal(await text(catalog, "SELECT id FROM granules WHERE false", "csv"), "id\n");
  });
});

Deno.test("arrow is a stream of the result's own types, empty results included", async () => {
  await withCatalog(rows, async (catalog) => {
    const table = tableFromIPC(await bytes(catalog, "SELECT * FROM granules ORDER BY id", "arrow"));
    assert.equal(table.numRows, 2);
    assert.equal(table.get(0)!.id, `a "quoted", id`);
    assert.deepEqual([...table.get(0)!.cells], [16n, 17n, 32n]);
    assert.equal(String(table.schema.fields.find(({ name }) => name === "cell_order")!.type), "Uint8");
    assert.equal(Number(table.get(1)!.bbox.ymax), 72);
    assert.equal(table.get(1)!.assets.get(1).path, "b03.tif");
    const empty = tableFromIPC(await bytes(catalog, "SELECT id, cells FROM granules WHERE false", "arrow"));
    assert.deepEqual([empty.numRows, empty.schema.fields.length], [0, 2]);
    const many = tableFromIPC(
      await bytes(catalog, "SELECT i, i % 2 = 0 AS even FROM range(10000) t(i)", "arrow"),
    );
    assert.equal(many.numRows, 10_000);
    assert.deepEqual([Number(many.get(9999)!.i), many.get(9999)!.even, many.get(9998)!.even], [
      9999,
      false,
      true,
    ]);
  });
});

Deno.test("parquet holds the same rows", async () => {
  await withCatalog(rows, async (catalog) => {
    const file = await bytes(catalog, "SELECT id FROM granules ORDER BY id;", "parquet");
    assert.equal(new TextDecoder().decode(file.subarray(0, 4)), "PAR1");
    assert.equal(new TextDecoder().decode(file.subarray(-4)), "PAR1");
  });
});

Deno.test("anything but one reading statement is refused", async () => {
  await withCatalog(rows, async (catalog) => {
    const cases: [string, RegExp][] = [
      ["", /holds no statement/],
      ["-- nothing\n;", /holds no statement/],
      ["SELECT 1; SELECT 2", /holds 2 statements/],
      ["DROP VIEW granules", /kind DROP/],
      ["CREATE TABLE t AS SELECT 1", /kind CREATE/],
      ["SELECT * FROM missing", /missing does not exist/],
      ["SELEC 1", /syntax error/],
      ["SELECT * FROM read_text('/etc/passwd')", /--print/],
      ["COPY granules TO '/tmp/granary-should-not-exist.csv'", /disabled by configuration/],
    ];
    for (const [sql, message] of cases) {
      await assert.rejects(runSql(catalog, sql), (error: Error & { tag?: string }) => {
        assert.equal(error.tag, "input", String(error.stack));
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(await catalog.count(), 2);
  });
});

/** Runs a query to Parquet, and gives the file to `run`. */
async function asParquet(
  sql: string,
  run: (file: string, catalog: Catalog) => Promise<void>,
  given = rows,
): Promise<void> {
  await withFolder((folder) =>
    withCatalog(given, async (catalog) => {
      const file = path.join(folder, "result.parquet");
      fs.writeFileSync(file, await bytes(catalog, sql, "parquet"));
      await run(file, catalog);
    })
  );
}

Deno.test("a catalog's columns that SQL leaves empty have the types of catalogs, so that the result is one", async () => {
  const empty = { size_bytes: null, local_base: null, datetime: null };
  const sql = "select * replace (null as size_bytes, null as local_base, null as datetime) from granules";
  await asParquet(sql, async (file, catalog) => {
    const result = await openCatalog(file);
    const wanted = (await allRows(catalog)).map((row) => ({ ...row, ...empty }));
    assert.deepEqual(await allRows(result), wanted);
    result.close();
  });
});

for (
  const sql of [
    "select * from granules where id = 'b'",
    "SELECT *, 1 AS extra FROM granules ORDER BY id DESC LIMIT 1 ; ;",
    "from granules where bbox.xmin < 0 and id = 'b' -- all of it",
  ]
) {
  Deno.test(`a result with a catalog's columns is a catalog: ${sql}`, async () => {
    await asParquet(sql, async (file, catalog) => {
      const result = await openCatalog(file);
      try {
        assert.deepEqual(await allRows(result), (await allRows(catalog)).filter(({ id }) => id === "b"));
        assert.equal(result.metadata.cell_order, catalog.metadata.cell_order);
        assert.equal(result.metadata.queries.at(-1)?.source, "sql");
        const { valid, findings } = await validateCatalog(result, { cells: false });
        assert.ok(valid && findings.length === 0, JSON.stringify(findings));
        const { granules } = await select(result, { order: 4, convention: "authalic" });
        assert.deepEqual(granules.map(({ id }) => id), ["b"]);
      } finally {
        result.close();
      }
    });
  });
}

for (
  const [sql, reason] of [
    ["select * from granules union all select * from granules", "a granule twice"],
    ["select * exclude (cells) from granules", "a column missing"],
    [
      "select * replace (id::int128 as id) from (select * replace ('7' as id) from granules limit 1)",
      "a type",
    ],
    ["select * replace (null::varchar as path) from granules", "a granule without a path"],
  ] as const
) {
  Deno.test(`what has the columns of a catalog in part is GeoParquet and no catalog: ${reason}`, async () => {
    await asParquet(sql, async (file) => {
      await assert.rejects(openCatalog(file), /not written by granary|is missing/);
      const geo = await geoOf(file);
      assert.deepEqual(geoProblems(geo), []);
      assert.equal(geo.primary_column, "geometry");
      assert.deepEqual(
        (geo.columns as Record<string, { geometry_types: string[] }>).geometry.geometry_types,
        [
          "LineString",
        ],
      );
    });
  });
}

Deno.test("a geometry of any name makes GeoParquet, and none makes plain Parquet", async () => {
  await asParquet("select id, geometry as track from granules", async (file) => {
    const geo = await geoOf(file);
    assert.deepEqual(geoProblems(geo), []);
    assert.equal(geo.primary_column, "track");
  });
  await asParquet("select id, size_bytes from granules", async (file) => {
    assert.equal(await geoOf(file), undefined);
  });
});

// deno-lint-ignore no-explicit-any
async function geoOf(file: string): Promise<any> {
  const duck = await openDuck({});
  try {
    const reader = await duck.connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata('${file}') WHERE decode(key) = 'geo'`,
    );
    const found = reader.getRows();
    assert.ok(found.length <= 1);
    return found.length === 0 ? undefined : JSON.parse(String(found[0][0]));
  } finally {
    duck.close();
  }
}
