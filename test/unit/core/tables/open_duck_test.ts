import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openDuck, sqlString, startDuck } from "../../../../core/tables/duckdb.ts";

Deno.test("a statement that runs ends when its signal aborts, and later ones are not touched by it", async () => {
  const controller = new AbortController();
  const duck = await openDuck({ threads: 1, signal: controller.signal });
  try {
    const endless = duck.connection.run(
      "SELECT count(*) FROM range(1000000000000) WHERE hash(range) % 7 = 3",
    );
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(endless, /Interrupt/);
    const reader = await duck.connection.runAndReadAll("SELECT 1");
    assert.deepEqual(reader.getRows(), [[1]]);
  } finally {
    duck.close();
  }
});

Deno.test("a DuckDB that comes up meanwhile answers its opener alone, and tells it why it cannot", async () => {
  const { opened } = await startDuck({ threads: 1 });
  const duck = await opened;
  const reader = await duck.connection.runAndReadAll("SELECT current_setting('TimeZone')");
  assert.deepEqual(reader.getRows(), [["UTC"]]);
  duck.close();
  duck.close();
  // Nobody asks yet: no rejection goes unhandled.
  const failing = await startDuck({ scratch: "/dev/null/none" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await assert.rejects(failing.opened, /cannot make a scratch folder/);
});

Deno.test("a Parquet file's footer is read once, and again when the file has changed", async () => {
  const duck = await openDuck({ threads: 1 });
  try {
    const { connection } = duck;
    // What was read of files is kept for some time else.
    await connection.run("SET enable_external_file_cache = false");
    const file = path.join(duck.folder, "rows.parquet");
    const write = (rows: number) =>
      connection.run(`COPY (SELECT * FROM range(${rows})) TO ${sqlString(file)} (FORMAT parquet)`);
    const count = async () => {
      const reader = await connection.runAndReadAll(`SELECT count(*) FROM read_parquet(${sqlString(file)})`);
      return Number(reader.getRows()[0][0]);
    };
    await write(3);
    fs.utimesSync(file, 1e9, 1e9);
    assert.equal(await count(), 3);
    // As far as times tell it is the file that was read; without its footer it could not be.
    const bytes = fs.readFileSync(file);
    bytes.subarray(4, -4).fill(0);
    fs.writeFileSync(file, bytes);
    fs.utimesSync(file, 1e9, 1e9);
    assert.equal(await count(), 3);
    await write(5);
    assert.equal(await count(), 5);
  } finally {
    duck.close();
  }
});
