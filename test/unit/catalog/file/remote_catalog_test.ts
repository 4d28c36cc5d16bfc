import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type Catalog, openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { filteredRows } from "../../../../catalog/query/filter.ts";
import { catalogInfo } from "../../../../catalog/query/info.ts";
import { countParents, select } from "../../../../catalog/query/select.ts";
import { formatSql } from "../../../../catalog/query/sql.ts";
import { granuleUrls } from "../../../../catalog/query/urls.ts";
import { validateCatalog } from "../../../../catalog/validate/validate.ts";
import { exportStacGeoparquet } from "../../../../catalog/write/export.ts";
import { mergeCatalogs } from "../../../../catalog/write/merge.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import type { SourceOpener } from "../../../../core/access/open.ts";
import type { Source } from "../../../../core/access/source.ts";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import { openDuck, sqlString } from "../../../../core/tables/duckdb.ts";
import { Loopback } from "../../../support/loopback.ts";
import { countingSource } from "../../../support/memory_source.ts";
import { sampleRow, withFolder } from "../sample.ts";

const PLACE = "https://host.example/catalogs/many.parquet";
const DAY = 86_400_000;

/** Rows of which no two compress to the same few bytes: a catalog that is worth reading in parts. */
function* manyRows(count: number): Generator<GranuleRow> {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const word = () => Array.from({ length: 24 }, () => Math.floor(random() * 36).toString(36)).join("");
  for (let i = 0; i < count; i++) {
    const [x, y] = [-170 + 330 * random(), -70 + 130 * random()];
    yield sampleRow({
      id: `${word()}.h5`,
      collection: `TEST.00${i % 3}`,
      path: `${word()}/${word()}.h5`,
      start_datetime: Date.UTC(2020, 0, 1) + i * DAY / 8,
      end_datetime: Date.UTC(2020, 0, 1) + i * DAY / 8 + 60_000,
      geometry: encodeWkb({ type: "LineString", coordinates: [[x, y], [x + random(), y + random()]] }),
      bbox: { xmin: x, ymin: y, xmax: x + 1, ymax: y + 1 },
      cells: BigUint64Array.of(BigInt(Math.floor(random() * 786432))),
      checksum: `md5:${Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("")}`,
      properties: { note: word() + word() + word() + word() },
    });
  }
}

/** An opener of nothing but what `open` gives. */
function opening(open: (place: string) => Source): SourceOpener {
  return { open: (place: string) => Promise.resolve(open(place)) } as unknown as SourceOpener;
}

interface Opened {
  near: Catalog;
  far: Catalog;
  source: ReturnType<typeof countingSource>;
  file: string;
  folder: string;
  bytesRead(): number;
}

async function withBoth(
  run: (opened: Opened) => Promise<void>,
  rows = 5600,
  rowsOfGroup?: number,
): Promise<void> {
  await withFolder(async (folder) => {
    const file = path.join(folder, "many.parquet");
    await writeCatalog(file, manyRows(rows));
    if (rowsOfGroup !== undefined) await regroup(file, rowsOfGroup);
    const source = countingSource(PLACE, fs.readFileSync(file));
    const near = await openCatalog(file);
    const scratch = path.join(folder, "scratch");
    fs.mkdirSync(scratch);
    const far = await openCatalog(PLACE, { opener: opening(() => source), scratch });
    const bytesRead = () => source.log.reduce((sum, { length }) => sum + length, 0);
    try {
      await run({ near, far, source, file, folder, bytesRead });
    } finally {
      near.close();
      far.close();
    }
    assert.ok(source.closed);
    assert.deepEqual(fs.readdirSync(scratch), []);
  });
}

/** Writes a catalog's file in smaller row groups, as that of many more rows has. */
async function regroup(file: string, rowsOfGroup: number): Promise<void> {
  const duck = await openDuck({ threads: 1 });
  try {
    const copy = `${file}.copy`;
    const keys = await duck.connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${sqlString(file)})
       WHERE decode(key) IN ('geo', 'granary')`,
    );
    const kept = keys.getRows().map(([key, value]) => `"${key}": ${sqlString(String(value))}`);
    await duck.connection.run(
      `COPY (SELECT * FROM read_parquet(${sqlString(file)})) TO ${sqlString(copy)}
       (FORMAT parquet, ROW_GROUP_SIZE ${rowsOfGroup}, KV_METADATA {${kept.join(", ")}})`,
    );
    fs.renameSync(copy, file);
  } finally {
    duck.close();
  }
}

async function answer(catalog: Catalog, sql: string): Promise<string> {
  let text = "";
  for await (const piece of formatSql(catalog, sql, "json")) text += piece;
  return text;
}

Deno.test("a catalog that lies elsewhere is opened and counted by its footer alone", async () => {
  await withBoth(async ({ near, far, source, bytesRead }) => {
    assert.equal(await far.count(), 5600);
    assert.equal(far.sizeBytes, near.sizeBytes);
    assert.deepEqual(far.metadata, near.metadata);
    // Its first bytes, and its last.
    assert.equal(source.log.length, 2);
    assert.ok(bytesRead() <= 4 + 256 * 1024, `${bytesRead()} bytes`);
    assert.ok(far.sizeBytes > 4 * 256 * 1024, `${far.sizeBytes} bytes`);
  });
});

Deno.test("what a large catalog that lies elsewhere holds is known by its footer alone", async () => {
  await withBoth(async ({ near, far, source, bytesRead }) => {
    const { file: _far, ...found } = await catalogInfo(far);
    const { file: _near, ...wanted } = await catalogInfo({ ...near, figures: undefined });
    assert.deepEqual(found, wanted);
    assert.equal(source.log.length, 2);
    assert.ok(bytesRead() <= 4 + 256 * 1024, `${bytesRead()} of ${far.sizeBytes} bytes`);
  }, 20_500);
});

Deno.test("a question brings the columns that it needs, once", async () => {
  await withBoth(async ({ near, far, source, bytesRead }) => {
    const opened = bytesRead();
    const sql = "select collection, count(*) from granules where start_datetime > '2020-03-01' " +
      "group by all order by all";
    assert.equal(await answer(far, sql), await answer(near, sql));
    const brought = bytesRead() - opened;
    assert.ok(brought > 0 && brought < far.sizeBytes / 10, `${brought} of ${far.sizeBytes} bytes`);
    const requests = source.log.length;
    assert.equal(await answer(far, sql), await answer(near, sql));
    assert.equal(source.log.length, requests);
  });
});

Deno.test("every question has the answer that it has of the same file on a disk", async () => {
  await withBoth(async ({ near, far, folder, file }) => {
    const opener = opening(() => countingSource(PLACE, fs.readFileSync(file)));
    const gathered = async <T>(rows: AsyncIterable<T>): Promise<T[]> => await Array.fromAsync(rows);
    const questions: ((catalog: Catalog) => Promise<unknown>)[] = [
      async (catalog) => ({ ...await catalogInfo(catalog), file: "" }),
      (catalog) =>
        countParents(catalog, { order: 5, convention: "authalic", where: "size_bytes > 1 AND id < 'm'" }),
      (catalog) =>
        select(catalog, {
          order: 4,
          convention: "authalic",
          start: Date.UTC(2020, 1, 1),
          end: Date.UTC(2020, 1, 9),
        }),
      (catalog) => gathered(granuleUrls(catalog, "https", { collections: ["TEST.001"] })),
      (catalog) => gathered(filteredRows(catalog, { where: "id BETWEEN 'b' AND 'c'" })),
      async (catalog) => ({ ...await validateCatalog(catalog, { cells: false }), file: "" }),
      (catalog) =>
        answer(catalog, "select id, s3, https from urls where collection = 'TEST.002' order by id limit 9"),
      (catalog) => answer(catalog, "select cell, count(*) n from cells_at(3) group by all order by all"),
      (catalog) => answer(catalog, "summarize select path, bbox from granules"),
      (catalog) =>
        answer(catalog, "select * exclude (geometry) from granules order by start_datetime limit 3"),
      (catalog) =>
        answer(
          catalog,
          `with a as (select id, bbox.xmin x from granules) select count(*), max(x) from a
           where exists (select 1 from granules g where g.id = a.id and g.properties like '%zz%')`,
        ),
      (catalog) => answer(catalog, "select ST_AsText(geometry) t from granules order by id limit 2"),
      (catalog) =>
        catalog.duck.connection.runAndReadAll(
          "SELECT count(*) FROM catalog_source WHERE provider = ? AND checksum >= ? AND bbox.ymin < ?",
          ["TESTER", "md5:7", 12],
        ).then((reader) => String(reader.getRows())),
    ];
    // Of a catalog of which nothing is here yet, and of one of which some is.
    for (const question of questions) {
      const expected = await question(near);
      assert.deepEqual(await question(far), expected);
      const fresh = await openCatalog(PLACE, { opener });
      try {
        assert.deepEqual(await question(fresh), expected);
      } finally {
        fresh.close();
      }
    }
    const [a, b] = ["near.parquet", "far.parquet"].map((name) => path.join(folder, name));
    assert.deepEqual(await exportStacGeoparquet(far, b), await exportStacGeoparquet(near, a));
  }, 2500);
});

Deno.test("questions that a plan cannot tell ahead are answered, or refused in DuckDB's words", async () => {
  await withBoth(async ({ near, far }) => {
    await assert.rejects(answer(far, "select nothing from granules"), /sql .*nothing/s);
    await assert.rejects(answer(far, "select 1; select 2"), /2 statements/);
    await assert.rejects(
      answer(far, "select * from read_text('/etc/passwd')"),
      /disabled by configuration|no other file/,
    );
    const explained = await answer(far, "explain analyze select max(path) from granules");
    assert.match(explained, /READ_PARQUET/);
    assert.equal(
      await answer(far, "select max(path) from granules"),
      await answer(near, "select max(path) from granules"),
    );
  }, 2500);
});

Deno.test("a catalog that lies elsewhere is merged with one of this machine", async () => {
  await withFolder(async (folder) => {
    const [all, part, merged, local] = ["all", "part", "merged", "local"].map((name) =>
      path.join(folder, `${name}.parquet`)
    );
    await writeCatalog(all, manyRows(3000));
    await writeCatalog(part, [sampleRow({ id: "new.h5" })]);
    const opener = opening((place) => countingSource(place, fs.readFileSync(all)));
    const result = await mergeCatalogs([PLACE, part], merged, { opener });
    assert.equal(result.rows, 3001);
    await mergeCatalogs([all, part], local);
    assert.deepEqual(fs.readFileSync(merged), fs.readFileSync(local));
  });
});

Deno.test("a signed address, as other clouds give it, is read with its query and told without", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "many.parquet");
    await writeCatalog(file, manyRows(2500));
    const bytes = fs.readFileSync(file);
    const server = await Loopback.start((request, response) => {
      if (!request.url!.endsWith("?sv=2024-11-04&sig=secret%3D")) {
        response.writeHead(403);
        return void response.end();
      }
      server.sendFile(request, response, bytes);
    });
    try {
      const signed = `${server.url}/container/many.parquet?sv=2024-11-04&sig=secret%3D`;
      const catalog = await openCatalog(signed);
      try {
        assert.equal(catalog.name, `${server.url}/container/many.parquet`);
        assert.equal(await catalog.count(), 2500);
        assert.match(await answer(catalog, "select max(id) m from granules"), /"m":/);
        assert.ok(server.sentBytes < bytes.length, `${server.sentBytes} of ${bytes.length} bytes`);
      } finally {
        catalog.close();
      }
      await assert.rejects(openCatalog(signed.replace("secret", "other-secret")), (error: Error) => {
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    } finally {
      await server.stop();
    }
  });
});

Deno.test("what is no catalog is refused by its name, and a small one comes whole", async () => {
  const opened = (bytes: Uint8Array) => {
    const source = countingSource(PLACE, bytes);
    return { source, catalog: openCatalog(PLACE, { opener: opening(() => source) }) };
  };
  const encode = (text: string) => new TextEncoder().encode(text);
  for (
    const [bytes, message] of [
      [encode("<html>log in</html>"), /many\.parquet: is not a Parquet file/],
      [encode("PAR1"), /is not a Parquet file/],
      [encode("PAR1 this is not a footer \xff\xff"), /is not a Parquet file/],
      [Uint8Array.of(...encode("PAR1"), 255, 255, 255, 255, ...encode("PAR1")), /its footer has/],
      [Uint8Array.of(...encode("PAR1abcd"), 4, 0, 0, 0, ...encode("PAR1")), /footer cannot be read/],
    ] as const
  ) {
    const { source, catalog } = opened(bytes);
    await assert.rejects(catalog, { tag: "input", message });
    assert.ok(source.closed);
  }
  await assert.rejects(openCatalog("ftp://bucket/c.parquet"), /does not read ftp:/);
  await withFolder(async (folder) => {
    const file = path.join(folder, "one.parquet");
    await writeCatalog(file, [sampleRow()]);
    const { source, catalog: promised } = opened(fs.readFileSync(file));
    const catalog = await promised;
    try {
      assert.equal(await answer(catalog, "select id from granules"), `[\n{"id":"g1.h5"}\n]\n`);
      assert.equal(source.log.length, 2);
    } finally {
      catalog.close();
    }
  });
});

/** Rows of two row groups, sorted by their cells: those of the last cells are in the second. */
const TWO_GROUPS = 20_900;

/** Where a row group of a file begins, the bytes of some columns in it, and where its filters lie, by DuckDB. */
async function rowGroup(catalog: Catalog, group: number, columns: readonly string[]) {
  const list = columns.map((column) => `'${column}'`).join(", ");
  const reader = await catalog.duck.connection.runAndReadAll(
    `SELECT min(least(data_page_offset, coalesce(dictionary_page_offset, data_page_offset)))::DOUBLE,
       sum(if(split_part(path_in_schema, ', ', 1) IN (${list}), total_compressed_size, 0))::DOUBLE,
       min(bloom_filter_offset)::DOUBLE
     FROM parquet_metadata('${catalog.paths[0]}') WHERE row_group_id = ${group}`,
  );
  const [begin, bytes, filters] = reader.getRows()[0] as [number, number, number];
  return { begin, bytes, filters };
}

Deno.test("a selection brings the row groups that may hold what it takes, by cells and by time, and no others", async () => {
  await withBoth(async ({ near, far, source, bytesRead }) => {
    const question = { order: 2, convention: "authalic" as const, withoutCells: true };
    const asked = async (changes: object) => {
      const [bytes, requests] = [bytesRead(), source.log.length];
      const found = await select(far, { ...question, ...changes });
      const counted = await countParents(far, { ...question, ...changes });
      assert.deepEqual(found, await select(near, { ...question, ...changes }));
      assert.deepEqual(counted, await countParents(near, { ...question, ...changes }));
      return {
        granules: found.granules.length,
        bytes: bytesRead() - bytes,
        requests: source.log.length - requests,
      };
    };
    // Cell 3 of order 2 lies in the first of them.
    const first = await asked({ cells: [3] });
    assert.ok(first.granules > 100);
    const read = ["cells", "cell_order", "bbox", "id", "collection", "path", "checksum", "properties"];
    assert.ok(first.bytes >= (await rowGroup(near, 0, read)).bytes);
    const [{ begin }, { filters }] = [await rowGroup(near, 1, read), await rowGroup(near, 0, read)];
    const others = source.log.slice(-first.requests)
      .filter(({ offset, length }) => offset + length > begin && offset < filters);
    assert.deepEqual(others, []);
    // Nothing is as long ago, and no column is looked at for it.
    const before = await asked({ end: Date.UTC(1999, 0, 1) });
    assert.deepEqual(before, { granules: 0, bytes: 0, requests: 0 });
    // What came is not asked for again; of the others comes what a question of all needs.
    assert.deepEqual(await asked({ cells: [3] }), { ...first, bytes: 0, requests: 0 });
    const rest = await asked({ where: "random() < 2" });
    assert.equal(rest.granules, TWO_GROUPS);
    assert.ok(rest.bytes >= (await rowGroup(near, 1, read)).bytes);
  }, TWO_GROUPS);
});

Deno.test("a selection of places far apart brings their row groups, and needs none between them", async () => {
  await withBoth(
    async ({ near, far, bytesRead }) => {
      const question = { order: 2, convention: "authalic" as const, withoutCells: true };
      const opened = bytesRead();
      const changes = [
        { cells: [3, 100] },
        { cells: [3, 100], start: Date.UTC(2020, 1, 1) },
        { cells: [3, 180], collections: ["TEST.001"], where: "size_bytes > 1" },
      ];
      for (const changed of changes) {
        const wanted = await select(near, { ...question, ...changed });
        assert.ok(wanted.granules.length > 10);
        assert.deepEqual(await select(far, { ...question, ...changed }), wanted);
        assert.deepEqual(
          await countParents(far, { ...question, ...changed }),
          await countParents(near, { ...question, ...changed }),
        );
      }
      const brought = bytesRead() - opened;
      assert.ok(brought < 0.8 * far.sizeBytes, `${brought} of ${far.sizeBytes} bytes`);
    },
    9000,
    2048,
  );
});
