import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { cellIndexFindings } from "../../../../catalog/cell_index/check_index.ts";
import { type IndexPart, pagesEnd, partsWith } from "../../../../catalog/cell_index/index_parts.ts";
import { NO_SUM, writeSum } from "../../../../catalog/cell_index/index_sum.ts";
import { keepCellIndex, requireCellIndex } from "../../../../catalog/cell_index/keep_index.ts";
import { indexMetadata, openCellIndex } from "../../../../catalog/cell_index/read_index.ts";
import { stateOf } from "../../../../catalog/cell_index/row_groups.ts";
import { finishIndex, writeCellIndex } from "../../../../catalog/cell_index/write_index.ts";
import { cellIndexPath } from "../../../../catalog/file/cell_index_path.ts";
import { type Catalog, openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { countParents, select, type SelectOptions } from "../../../../catalog/query/select.ts";
import { CELLS_KEY } from "../../../../catalog/schema.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { boxArea } from "../../../../core/geometry/area.ts";
import { openDuck, sqlString } from "../../../../core/tables/duckdb.ts";
import { addKeys } from "../../../../core/tables/parquet_row_groups.ts";
import { missionRows } from "../../../support/mission_granules.ts";
import { sampleRow, withFolder } from "../sample.ts";

/** Tracks at order 8, some footprints at coarser orders, and granules without any. */
function* mixedRows(count: number): Generator<GranuleRow> {
  for (const [i, row] of [...missionRows(count, { orbits: 12, points: 400 })].entries()) {
    if (i % 40 === 0) yield { ...row, geometry: null, bbox: null, cells: new BigUint64Array() };
    else if (i % 40 === 1) {
      const cells = new Set(Array.from(row.cells, (cell) => cell >> 8n));
      yield { ...row, cell_order: 4, cells: BigUint64Array.from(cells).sort() };
    } else yield row;
  }
}

const REGION = Array.from({ length: 64 }, (_, i) => 41_216 + i);

/** Questions of every kind: orders, conventions, areas, conditions, limits. */
const QUESTIONS: readonly SelectOptions[] = [
  { order: 6, convention: "authalic", cells: REGION },
  { order: 6, convention: "geodetic", cells: REGION },
  { order: 3, convention: "authalic", cells: [644, 3, 700] },
  { order: 9, convention: "authalic", cells: REGION.map((cell) => cell * 64 + 5) },
  { order: 8, convention: "geodetic", areas: [boxArea(170, -70, -170, -55)] },
  { order: 6, convention: "authalic", cells: REGION, unknownExtent: true, maxCells: 5 },
  { order: 6, convention: "authalic", cells: REGION, collections: ["ATL04.*"], where: "size_bytes % 3 = 0" },
  {
    order: 6,
    convention: "authalic",
    cells: REGION,
    start: Date.UTC(2018, 9, 15),
    end: Date.UTC(2018, 9, 20),
  },
  { order: 6, convention: "authalic", cells: [] },
  { order: 6, convention: "authalic" },
];

/** Of unknown extent and with a condition among them. */
const FEW = [QUESTIONS[1], QUESTIONS[5], QUESTIONS[6]];

async function answers(file: string, questions: readonly SelectOptions[]): Promise<unknown[]> {
  const catalog = await openCatalog(file);
  try {
    const found: unknown[] = [];
    for (const question of questions) {
      found.push(await select(catalog, { ...question, withoutCells: true }));
      found.push(await countParents(catalog, question));
    }
    return found;
  } finally {
    catalog.close();
  }
}

/** The answers with the index, and those without it, which other tests hold against observations. */
async function assertSameAnswers(file: string, questions = QUESTIONS): Promise<void> {
  const found = await answers(file, questions);
  const aside = `${cellIndexPath(file)}.aside`;
  fs.renameSync(cellIndexPath(file), aside);
  const expected = await answers(file, questions);
  fs.renameSync(aside, cellIndexPath(file));
  assert.deepEqual(found, expected);
}

async function withOpen<T>(file: string, use: (catalog: Catalog) => Promise<T>): Promise<T> {
  const catalog = await openCatalog(file);
  try {
    return await use(catalog);
  } finally {
    catalog.close();
  }
}

async function findings(file: string): Promise<string[]> {
  return await withOpen(file, async (catalog) => {
    const found: string[] = [];
    for await (const { level, message } of cellIndexFindings(catalog)) found.push(`${level}: ${message}`);
    return found;
  });
}

/** Writes a Parquet file by a query, with footer keys of another. */
async function copyBy(query: string, file: string, keysOf: string, keys: readonly string[]): Promise<void> {
  const duck = await openDuck({ threads: 1 });
  try {
    const reader = await duck.connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${sqlString(keysOf)})`,
    );
    const kept = reader.getRows().filter(([key]) => keys.includes(String(key)))
      .map(([key, value]) => `"${key}": ${sqlString(String(value))}`);
    await duck.connection.run(
      `COPY (${query}) TO ${sqlString(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048,
        KV_METADATA {${kept.join(", ")}})`,
    );
  } finally {
    duck.close();
  }
}

/** Makes a file of entries an index that says what a given one does. */
async function indexLike(file: string, index: string): Promise<void> {
  const duck = await openDuck({ threads: 1 });
  try {
    const metadata = await indexMetadata(duck.connection, index);
    const reader = await duck.connection.runAndReadAll(
      `SELECT cell_order::INTEGER, cell::DOUBLE FROM read_parquet(${sqlString(file)})`,
    );
    const entries = reader.getRows().map(([order, cell]) => ({
      order: order as number,
      cell: cell as number,
    }));
    finishIndex(file, metadata!, entries);
  } finally {
    duck.close();
  }
}

Deno.test("with a cell index every selection is what it is without one, and reads no list of cells", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, mixedRows(600));
    const { cells } = await writeCellIndex(file);
    assert.ok(cells > 5000);
    await assertSameAnswers(file);
    assert.deepEqual(await findings(file), []);
    await withOpen(file, async (catalog) => {
      const statements: string[] = [];
      const { connection } = catalog.duck;
      const stream = connection.stream.bind(connection);
      connection.stream = (sql, values, types) => {
        statements.push(sql);
        return stream(sql, values, types);
      };
      await select(catalog, { ...QUESTIONS[0], withoutCells: true });
      assert.ok(statements.length > 0);
      assert.deepEqual(statements.filter((sql) => /unnest\(cells|, cells FROM/.test(sql)), []);
      // A second question asks the footers of neither file again.
      const footers: string[] = [];
      const run = connection.runAndReadAll.bind(connection);
      connection.runAndReadAll = (sql, values, types) => {
        if (sql.includes("parquet_")) footers.push(sql);
        return run(sql, values, types);
      };
      await select(catalog, { ...QUESTIONS[0], withoutCells: true });
      assert.deepEqual(footers, []);
    });
  });
});

Deno.test("an index follows a catalog whose row groups move, and what it does not know is looked through", async () => {
  await withFolder(async (folder) => {
    const former = path.join(folder, "former.parquet");
    const file = path.join(folder, "catalog.parquet");
    const first = path.join(folder, "first.parquet");
    await writeCatalog(first, mixedRows(4500));
    await copyBy(`SELECT * FROM read_parquet(${sqlString(first)})`, former, first, ["geo", "granary"]);
    await writeCellIndex(former);
    fs.copyFileSync(cellIndexPath(former), cellIndexPath(file));
    // The first row group is gone, the next one stays, and the last ones have other cells.
    const all = `SELECT * EXCLUDE file_row_number FROM read_parquet(${
      sqlString(former)
    }, file_row_number = true)`;
    await copyBy(
      `${all} WHERE file_row_number BETWEEN 2048 AND 4095 UNION ALL
       SELECT * REPLACE (8::UTINYINT AS cell_order, [660000::UBIGINT] AS cells) FROM (${all} WHERE file_row_number >= 4096)`,
      file,
      former,
      ["geo", "granary"],
    );
    await withOpen(file, async (catalog) => {
      const index = await openCellIndex(catalog);
      assert.deepEqual(index?.unknown, [{ first: 2048, rows: 404 }]);
    });
    await assertSameAnswers(file, FEW);
    assert.match(
      (await findings(file)).join("\n"),
      /^warning: .*does not know 404 of the catalog's 2452 rows/,
    );
    // An eighth of the rows and more: it is written again.
    assert.notEqual(await keepCellIndex(file, undefined), null);
    assert.equal(await keepCellIndex(file, true), null, "it serves");
    await assertSameAnswers(file, FEW);
    assert.deepEqual(await findings(file), []);
  });
});

Deno.test("an index of another catalog, and one that is damaged, are as none; one that lies is found", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const index = cellIndexPath(file);
    const other = path.join(folder, "other.parquet");
    await writeCatalog(file, mixedRows(200));
    await writeCatalog(other, mixedRows(300));
    await writeCellIndex(other);
    fs.copyFileSync(cellIndexPath(other), index);
    await assertSameAnswers(file, FEW);
    assert.match((await findings(file)).join("\n"), /^warning: .* is no index of this catalog as it is now/);
    for (const bytes of ["PAR1 and no more PAR1", "text"]) {
      fs.writeFileSync(index, bytes);
      await assertSameAnswers(file, FEW);
    }
    await writeCellIndex(file);
    const lying = path.join(folder, "lying.parquet");
    await copyBy(
      `SELECT cell_order, cell, list_transform(rows, lambda r: ((r + 1) % 200)::UINTEGER) AS rows
       FROM read_parquet(${sqlString(index)})`,
      lying,
      index,
      ["ARROW:schema"],
    );
    await indexLike(lying, index);
    fs.renameSync(lying, index);
    assert.match((await findings(file))[0], /^error: .*names other rows for cell 4\/\d+ than the catalog/);
  });
});

Deno.test("an index of which a byte changed is as none, and validate says so", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const index = cellIndexPath(file);
    await writeCatalog(file, mixedRows(200));
    await writeCellIndex(file);
    const bytes = fs.readFileSync(index);
    const changes = {
      page: bytes.length >> 1,
      footer: bytes.lastIndexOf('"orders"') - 200,
      sum: bytes.lastIndexOf('"sum"') + 9,
    };
    for (const [what, at] of Object.entries(changes)) {
      fs.writeFileSync(index, bytes.with(at, bytes[at] ^ 1));
      assert.match(
        (await findings(file)).join("\n"),
        /^(error: .* is damaged|warning: .* is no index of this)/,
        what,
      );
      await assertSameAnswers(file, FEW);
    }
    fs.writeFileSync(index, bytes);
    await withOpen(file, async (catalog) => assert.deepEqual((await openCellIndex(catalog))?.unknown, []));
    assert.deepEqual(await findings(file), []);
  });
});

Deno.test("a catalog whose other row has its cells, with a footer as before, is told from the one of its index", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const index = cellIndexPath(file);
    const places = Array.from({ length: 30 }, (_, i) => BigInt(100 + (i * i * 7919) % 700));
    const write = (at: string, from: number) =>
      writeCatalog(
        at,
        places.map((_, i) =>
          sampleRow({ id: `g${10 + i}`, cells: BigUint64Array.of(5n, places[(i + from) % 30], 900n) })
        ),
      );
    await write(file, 0);
    await writeCellIndex(file);
    const footer = (at: string) => fs.readFileSync(at).subarray(-4000);
    const other = path.join(folder, "other.parquet");
    let from = 1;
    for (
      await write(other, from);
      Buffer.compare(footer(file), footer(other)) !== 0;
      await write(other, ++from)
    );
    // Written over in place, as cp does.
    fs.writeFileSync(file, fs.readFileSync(other));
    const question: SelectOptions = { order: 8, convention: "authalic", cells: [Number(places[from])] };
    const found = await withOpen(file, (catalog) => select(catalog, question));
    assert.ok(found.granules.some(({ id }) => id === "g10"));
    await assertSameAnswers(file, [question]);
    assert.match((await findings(file)).join("\n"), /is no index of this catalog as it is now/);
    fs.rmSync(index);
  });
});

Deno.test("a catalog that nothing was written to since is known without a look at its cells, and a copy by them", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, mixedRows(100));
    await writeCellIndex(file);
    const asks = (at: string) =>
      withOpen(at, async (catalog) => {
        const asked: string[] = [];
        const { connection } = catalog.duck;
        const run = connection.runAndReadAll.bind(connection);
        connection.runAndReadAll = (sql, ...rest) => (asked.push(sql), run(sql, ...rest));
        assert.deepEqual((await openCellIndex(catalog))?.unknown, []);
        return asked.filter((sql) => sql.includes("parquet_metadata")).length;
      });
    // Of a system that tells times of change in whole seconds, none is enough.
    const own = stateOf(file) === undefined ? 1 : 0;
    assert.equal(await asks(file), own);
    const copy = path.join(folder, "copy.parquet");
    fs.copyFileSync(file, copy);
    fs.copyFileSync(cellIndexPath(file), cellIndexPath(copy));
    assert.equal(await asks(copy), 1);
    // Its times may be set back, but not that of its change.
    const { atime, mtime } = fs.statSync(file);
    fs.utimesSync(file, atime, mtime);
    assert.equal(await asks(file), 1);
  });
});

Deno.test("an index of another version is as none, and written anew by what keeps one", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const index = cellIndexPath(file);
    await writeCatalog(file, [sampleRow()]);
    await writeCellIndex(file);
    const bytes = fs.readFileSync(index, "latin1");
    fs.writeFileSync(index, bytes.replace(/"format":\d/, '"format":1'), "latin1");
    await withOpen(file, async (catalog) => assert.equal(await openCellIndex(catalog), undefined));
    await requireCellIndex(index);
    assert.equal((await keepCellIndex(file, undefined))?.cells, 1);
    await withOpen(file, async (catalog) => assert.deepEqual((await openCellIndex(catalog))?.unknown, []));
  });
});

Deno.test("a catalog without a granule has an index without a cell", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, []);
    assert.equal((await writeCellIndex(file)).cells, 0);
    await assertSameAnswers(file, FEW);
    assert.deepEqual(await findings(file), []);
  });
});

Deno.test("small catalogs get an index where one is wished for, and no other file is replaced by it", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const index = cellIndexPath(file);
    await writeCatalog(file, [sampleRow()]);
    assert.equal(await keepCellIndex(file, undefined), null);
    assert.equal(fs.existsSync(index), false);
    const warnings: string[] = [];
    fs.copyFileSync(file, index);
    assert.equal(await keepCellIndex(file, true, { warn: (message) => warnings.push(message) }), null);
    assert.match(warnings.join("\n"), /catalog\.cells\.parquet: is no cell index/);
    await assert.rejects(requireCellIndex(index), /nothing was changed/);
    assert.deepEqual(fs.readFileSync(index), fs.readFileSync(file));
    fs.rmSync(index);
    assert.equal((await keepCellIndex(file, true))?.cells, 1);
    await requireCellIndex(index);
    assert.equal(await keepCellIndex(file, false), null);
    await assert.rejects(openCatalog(index), /catalog\.cells\.parquet: is the cell index of a catalog/);
  });
});

Deno.test({
  name: "a pipe of a cell index's name is not waited for",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const file = path.join(folder, "catalog.parquet");
      await writeCatalog(file, [sampleRow()]);
      // A reader that opened it would hang this process: what it is is asked first.
      await new Deno.Command("mkfifo", { args: [cellIndexPath(file)] }).output();
      assert.equal(fs.lstatSync(cellIndexPath(file)).isFIFO(), true);
      const catalog = await openCatalog(file);
      assert.equal(catalog.cellIndex, undefined);
      catalog.close();
      await assert.rejects(requireCellIndex(cellIndexPath(file)), /nothing was changed/);
    }),
});

Deno.test("of an index those parts are checked that a question reads", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, missionRows(60, { orbits: 12, points: 400 }));
    await writeCellIndex(file);
    const index = cellIndexPath(file);
    const { parts } = (await withOpen(file, ({ duck }) => indexMetadata(duck.connection, index)))!;
    assert.ok(parts.length > 2);
    const bytes = fs.readFileSync(index);
    const at = parts[1].begin + 20;
    fs.writeFileSync(index, bytes.with(at, bytes[at] ^ 4));
    await withOpen(file, async (catalog) => {
      const opened = (await openCellIndex(catalog))!;
      const cellsOf = async ({ first, last }: IndexPart): Promise<number> => {
        let count = 0;
        await opened.cells(8, [{ first: first[1], last: last[1] }], () => count += 1);
        return count;
      };
      assert.equal(await cellsOf(parts[0]), 1024);
      assert.equal(await cellsOf(parts[2]), 1024);
      await assert.rejects(cellsOf(parts[1]), /its bytes are not those that were written/);
      // What lies between two ranges is passed over.
      const ends = [parts[0], parts[2]].map(({ first, last }) => ({ first: first[1], last: last[1] }));
      let count = 0;
      await opened.cells(8, ends, () => count += 1);
      assert.equal(count, 2048);
    });
  });
});

Deno.test("few parts of an index are read without DuckDB, as it reads them, and those that others wrote by it", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, mixedRows(600));
    await writeCellIndex(file);
    const ranges = [[0, 100], [3000, 9000], [9001, 9001], [500_000, 700_000]].map(([first, last]) => ({
      first,
      last,
    }));
    const found = async (asked: boolean): Promise<unknown[]> =>
      await withOpen(file, async (catalog) => {
        const index = (await openCellIndex(catalog))!;
        const statements: string[] = [];
        const stream = catalog.duck.connection.stream.bind(catalog.duck.connection);
        catalog.duck.connection.stream = (sql, ...rest) => (statements.push(sql), stream(sql, ...rest));
        const cells: unknown[] = [];
        for (const order of index.orders) {
          await index.cells(order, ranges, (cell, rows) => cells.push([order, cell, ...rows]));
        }
        assert.equal(statements.length > 0, asked);
        return cells;
      });
    const plain = await found(false);
    assert.ok(plain.length > 100);
    const index = cellIndexPath(file);
    const other = path.join(folder, "other.parquet");
    await copyBy(`SELECT * FROM read_parquet(${sqlString(index)})`, other, index, ["ARROW:schema"]);
    await indexLike(other, index);
    fs.renameSync(other, index);
    assert.deepEqual(await found(true), plain);
  });
});

Deno.test("parts that say that they are longer than any are not taken memory for", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, missionRows(60, { orbits: 12, points: 400 }));
    await writeCellIndex(file);
    const index = cellIndexPath(file);
    const metadata = (await withOpen(file, ({ duck }) => indexMetadata(duck.connection, index)))!;
    const plain = path.join(folder, "plain.parquet");
    await copyBy(`SELECT * FROM read_parquet(${sqlString(index)})`, plain, index, ["ARROW:schema"]);
    const lie = (change: (parts: IndexPart[]) => void): void => {
      const parts = structuredClone(metadata.parts) as IndexPart[];
      const end = pagesEnd(parts);
      change(parts);
      fs.copyFileSync(plain, index);
      addKeys(index, new Map([[CELLS_KEY, JSON.stringify({ ...metadata, parts, sum: NO_SUM })]]));
      writeSum(index, end);
    };
    const all = [{ first: 0, last: 12 * 4 ** 8 - 1 }];
    lie((parts) => parts[0].end = 8e15);
    await withOpen(file, async (catalog) => {
      const opened = (await openCellIndex(catalog))!;
      await assert.rejects(opened.cells(8, all, () => {}), /its bytes are not those that were written/);
    });
    for (const [begin, end] of [[-5, 100], [100, 99]]) {
      lie((parts) => Object.assign(parts[0], { begin, end }));
      assert.equal(await withOpen(file, openCellIndex), undefined);
    }
    lie((parts) => parts.at(-1)!.end = 8e15);
    assert.equal(await withOpen(file, openCellIndex), undefined);
  });
});

Deno.test("parts of one order are told by their cells, others by their orders", () => {
  const part = (first: IndexPart["first"], last: IndexPart["last"]): IndexPart => ({
    first,
    last,
    begin: 4,
    end: 5,
    sum: "",
  });
  const parts = [
    part([4, 7], [8, 20]),
    part([8, 21], [8, 90]),
    part([8, 91], [8, 200]),
    part([8, 210], [30, 0]),
  ];
  const found = (order: number, ranges: Parameters<typeof partsWith>[2]) =>
    partsWith(parts, order, ranges).map((one) => parts.indexOf(one));
  assert.deepEqual(found(8, null), [0, 1, 2, 3]);
  assert.deepEqual(found(8, { first: 90, last: 91 }), [0, 1, 2, 3]);
  assert.deepEqual(found(8, { first: 92, last: 99 }), [0, 2, 3]);
  assert.deepEqual(found(4, { first: 0, last: 1 }), [0]);
  assert.deepEqual(found(30, null), [3]);
  assert.deepEqual(found(3, null), []);
});

Deno.test("cells at the ends of their parents are found by an index at every order that a row may have", async () => {
  await withFolder(async (folder) => {
    const parents = [0, 1, 3_377_699_720_526_872, 3_377_699_720_526_873, 12 * 4 ** 24 - 1];
    for (const order of [24, 25, 26, 27, 29]) {
      const file = path.join(folder, `${order}.parquet`);
      const shift = BigInt(2 * (order - 24));
      const rows = parents.map((parent, i) => {
        const first = BigInt(parent) << shift;
        const last = (BigInt(parent + 1) << shift) - 1n;
        const cells = first === last ? [first] : [first, last];
        return sampleRow({ id: `g${i}`, cell_order: order, cells: BigUint64Array.from(cells) });
      });
      await writeCatalog(file, rows, { cellOrder: order });
      await writeCellIndex(file);
      const catalog = await openCatalog(file);
      try {
        const index = await openCellIndex(catalog);
        assert.deepEqual(index?.orders, [24]);
        const found: [number, number][] = [];
        await index.cells(24, null, (cell, numbers) => found.push([cell, numbers.length]));
        assert.deepEqual(found, parents.map((parent) => [parent, 1]));
        assert.deepEqual(await Array.fromAsync(cellIndexFindings(catalog)), []);
      } finally {
        catalog.close();
      }
    }
  });
});
