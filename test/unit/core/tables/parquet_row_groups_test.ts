import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { joinRowGroups, NotInPartsError, parquetParts } from "../../../../core/tables/parquet_row_groups.ts";
import { loadParquetWasm } from "../../../../core/tables/parquet_wasm.ts";
import { withFolder } from "../../catalog/sample.ts";

const SELECT = (from: number, to: number) =>
  `SELECT i AS n, 'name ' || (i % 50) AS name, list_value(i, i + 1) AS list FROM range(${from}, ${to}) AS t(i)`;

Deno.test("row groups of two files make a third, which DuckDB and arrow-rs read, by its Bloom filters too", async () => {
  await withFolder(async (folder) => {
    const duck = await openDuck({ threads: 1 });
    const [a, b, joined] = ["a", "b", "joined"].map((name) => path.join(folder, `${name}.parquet`));
    try {
      const { connection } = duck;
      for (const [file, from, to] of [[a, 0, 10_000], [b, 50_000, 51_000]] as const) {
        await connection.run(`COPY (${SELECT(from, to)}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
      }
      const [first, second] = [a, b].map(parquetParts);
      assert.deepEqual(first.groups.map(({ rows }) => rows), [2048, 2048, 2048, 2048, 1808]);
      const groups = [first.groups[3], second.groups[0], first.groups[0]];
      joinRowGroups(joined, groups, first, new Map([["key", "text"]]));

      const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
      const wanted = await rows(
        [[6144, 8192], [50_000, 51_000], [0, 2048]].map(([from, to]) => SELECT(from, to)).join(" UNION ALL "),
      );
      assert.deepEqual(await rows(`SELECT * FROM '${joined}'`), wanted);
      const keys = await rows(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${joined}')`);
      assert.deepEqual(keys, [["key", "text"]]);
      // A filter tells that a value is in a row group at all: a lost or misplaced one would hide it.
      const filters = `bloom_filter_offset IS NOT NULL AND path_in_schema = 'name'`;
      const [[filtered]] = await rows(`SELECT count(*) FROM parquet_metadata('${joined}') WHERE ${filters}`);
      assert.equal(Number(filtered), 3);
      const probed = await rows(
        `SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe('${joined}', 'name', 'name 7')`,
      );
      assert.deepEqual(probed.map(([, excludes]) => excludes), [false, false, false]);
      const absent = await rows(
        `SELECT bloom_filter_excludes FROM parquet_bloom_probe('${joined}', 'name', 'name 51')`,
      );
      assert.deepEqual(absent.flat(), [true, true, true]);
    } finally {
      duck.close();
    }
    const library = await loadParquetWasm();
    const table = library.readParquet(fs.readFileSync(joined));
    assert.equal(table.recordBatches().reduce((sum, batch) => sum + batch.numRows, 0), 2048 + 1000 + 2048);
    table.free();
  });
});

Deno.test("what cannot be taken apart is told, not read as something else", async () => {
  await withFolder((folder) => {
    const file = path.join(folder, "x.parquet");
    const tail = (
      length: number,
    ) => [...new Uint8Array(Uint32Array.of(length).buffer), 0x50, 0x41, 0x52, 0x31];
    const hostile = {
      "no Parquet": [1, 2, 3, 4, 5, 6, 7, 8, 9],
      "nothing": [],
      "metadata longer than the file": [0x50, 0x41, 0x52, 0x31, ...tail(0xffffffff)],
      "metadata that is none": [0x50, 0x41, 0x52, 0x31, 0xff, 0xff, ...tail(2)],
      "no schema": [0x50, 0x41, 0x52, 0x31, 0, ...tail(1)],
    };
    for (const [what, bytes] of Object.entries(hostile)) {
      fs.writeFileSync(file, Uint8Array.from(bytes));
      assert.throws(() => parquetParts(file), NotInPartsError, what);
    }
  });
});
