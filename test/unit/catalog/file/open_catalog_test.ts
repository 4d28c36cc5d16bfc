import process from "node:process";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { catalogInfo } from "../../../../catalog/query/info.ts";
import { formatSql, tableOf } from "../../../../catalog/query/sql.ts";
import { granuleUrls } from "../../../../catalog/query/urls.ts";
import { reading } from "../../../../core/tables/reading.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { mergeCatalogs } from "../../../../catalog/write/merge.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";
import { sampleRow, withCatalog, withFolder } from "../sample.ts";

async function refuses(file: string, message: RegExp): Promise<void> {
  await assert.rejects(openCatalog(file), (error: Error & { tag?: string; exitCode?: number }) => {
    assert.equal(error.tag, "input");
    assert.equal(error.exitCode, 2);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("what is no Parquet file is refused with what it is", async () => {
  await withFolder(async (folder) => {
    const file = (name: string, text: string) => {
      fs.writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    await refuses(path.join(folder, "missing.parquet"), /no such file/);
    await refuses(folder, /is a folder/);
    const pipe = path.join(folder, "pipe.parquet");
    if (spawnSync("mkfifo", [pipe]).status === 0) await refuses(pipe, /pipe\.parquet: is a pipe.*or - for/);
    await refuses(file("empty.parquet", ""), /not a Parquet file/);
    await refuses(file("page.parquet", "<!DOCTYPE html><html>log in</html>"), /not a Parquet file/);
    await refuses(file("old.json", `{"metadata": {}, "catalog": {}}`), /try granary catalog import/);
    await refuses(file("lies.parquet", "PAR1 this is not a footer PAR1"), /footer cannot be read/);
  });
});

Deno.test("a GeoParquet file of another tool is sent to import", { ignore: !hasSharedData }, async () => {
  await refuses(
    sharedData("geoparquet/v1.1.0/example.parquet"),
    /column "id" is missing.*try granary catalog import/,
  );
  await refuses(sharedData("geoparquet/cat_neon.parquet"), /column "provider" is missing/);
});

async function rewritten(
  sql: string,
  metadata: Record<string, string>,
  check: (file: string) => Promise<void>,
) {
  await withCatalog([sampleRow()], async (_, original) => {
    const duck = await openDuck();
    const file = `${original}.changed.parquet`;
    try {
      const keys = Object.entries(metadata).map(([key, text]) => `${key}: '${text}'`).join(", ");
      await duck.connection.run(
        `COPY (${sql.replace("CATALOG", `read_parquet('${original}')`)}) TO '${file}'
         (FORMAT parquet, KV_METADATA {${keys}})`,
      );
    } finally {
      duck.close();
    }
    await check(file);
  });
}

const GEO =
  `{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[]}}}`;
const WKB = "SELECT * FROM CATALOG";

Deno.test("a missing column, a missing footer key and a newer schema each have their own message", async () => {
  const granary = `{"schema_version":1,"cell_order":8}`;
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      WKB.replace("*", "* EXCLUDE (cells)"),
      { geo: GEO, granary },
      /column "cells" is missing \(this file was not written by granary; try granary catalog import\)/,
    ],
    [WKB, { geo: GEO, other: "x" }, /footer key "granary" is missing/],
    [WKB, { granary }, /footer key "geo" is missing \(this is Parquet, but not GeoParquet/],
    [
      WKB,
      { geo: GEO, granary: `{"schema_version":99,"cell_order":8}` },
      /schema version 99 is newer.*update granary/,
    ],
    [WKB, { geo: GEO, granary: `{"schema_version":1,"cell_order":77}` }, /cell_order 77/],
    [WKB, { geo: GEO, granary: "not json" }, /"granary" is not JSON/],
  ];
  for (const [sql, metadata, message] of cases) {
    await rewritten(sql, metadata, (file) => refuses(file, message));
  }
});

Deno.test("a nullable column that is missing reads as null", async () => {
  const metadata = { geo: GEO, granary: `{"schema_version":1,"cell_order":8}` };
  await rewritten(WKB.replace("*", "* EXCLUDE (checksum, s3_region)"), metadata, async (file) => {
    const catalog = await openCatalog(file);
    try {
      for await (const { rows } of catalog.rows()) {
        assert.equal(rows[0].checksum, null);
        assert.equal(rows[0].s3_region, null);
        assert.equal(rows[0].size_bytes, 12345);
      }
    } finally {
      catalog.close();
    }
  });
});

Deno.test("a catalog's DuckDB reads no other file and writes none", async () => {
  await withCatalog([sampleRow()], async (catalog, file) => {
    fs.copyFileSync(file, `${file}.copy`);
    for (
      const sql of [
        `SELECT * FROM read_parquet('${file}.copy')`,
        `SELECT * FROM read_text('/proc/${process.pid}/fd/1')`,
        `SELECT * FROM read_text('/etc/hosts')`,
        `COPY (SELECT 1) TO '${file}.out'`,
        "SET threads = 1",
        "INSTALL httpfs",
      ]
    ) await assert.rejects(catalog.duck.connection.run(sql), /Permission|configuration|disabled/i);
    assert.equal(fs.existsSync(`${file}.out`), false);
  });
});

Deno.test("no memory of Slurm, no folder of DuckDB's own", async () => {
  const before = process.env.SLURM_MEM_PER_NODE;
  process.env.SLURM_MEM_PER_NODE = "0";
  try {
    const duck = await openDuck({ threads: 1, memoryBytes: 200_000_000 });
    const reader = await duck.connection.runAndReadAll(
      "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('TimeZone')",
    );
    assert.deepEqual(reader.getRowsJson(), [["1", "190.7 MiB", "UTC"]]);
    duck.close();
    assert.equal(fs.existsSync(duck.folder), false);
  } finally {
    if (before === undefined) delete process.env.SLURM_MEM_PER_NODE;
    else process.env.SLURM_MEM_PER_NODE = before;
  }
});

Deno.test("a catalog whose pages are damaged is refused by its name, whoever reads it", async () => {
  await withCatalog(Array.from({ length: 50 }, (_, i) => sampleRow({ id: `g${i}` })), async (_, file) => {
    const bytes = fs.readFileSync(file);
    const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
    bytes.fill(0, 4, bytes.length - footer);
    fs.writeFileSync(file, bytes);
    const refused = (work: Promise<unknown>) =>
      assert.rejects(work, (error: Error & { tag?: string }) => {
        assert.deepEqual([error.tag, error.message.startsWith(`${file}: `)], ["input", true], error.message);
        return true;
      });
    const all = async (rows: AsyncIterable<unknown>) => {
      for await (const _ of rows) { /* read to the end */ }
    };
    await refused(mergeCatalogs([file], `${file}.merged`));
    const catalog = await openCatalog(file);
    try {
      await refused(all(catalog.rows()));
      await refused(all(granuleUrls(catalog, "https")));
      await refused(all(formatSql(catalog, "SELECT id FROM granules", "csv")));
      await refused(tableOf(catalog, "SELECT id FROM granules"));
      await refused(catalogInfo(catalog));
    } finally {
      catalog.close();
    }
    const sound = `${file}.sound`;
    await writeCatalog(sound, [sampleRow()]);
    const beside = await openCatalog(sound, { besides: [file] });
    try {
      const { connection } = beside.duck;
      const other = connection.runAndReadAll(`SELECT id FROM read_parquet('${file}')`);
      await refused(reading(file, () => other));
    } finally {
      beside.close();
    }
  });
});
