import assert from "node:assert/strict";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { chunksAhead } from "../../../../core/tables/query.ts";

const ROWS = 100_000;

Deno.test("a result comes whole and in order though each chunk is asked for before the one ahead of it is taken", async () => {
  const duck = await openDuck();
  try {
    const found: unknown[] = [];
    for await (
      const chunk of chunksAhead(await duck.connection.stream(`SELECT range::INTEGER FROM range(${ROWS})`))
    ) {
      found.push(...chunk.getColumnValues(0));
    }
    assert.deepEqual(found, Array.from({ length: ROWS }, (_, i) => i));
  } finally {
    duck.close();
  }
});

Deno.test("who leaves a result early finds the connection free, and a failure of a later chunk is told when it is reached", async () => {
  const duck = await openDuck({ threads: 1 });
  try {
    for await (const _ of chunksAhead(await duck.connection.stream(`SELECT * FROM range(${ROWS})`))) break;
    assert.deepEqual((await duck.connection.runAndReadAll("SELECT 1")).getRows(), [[1]]);
    const failing = `SELECT CASE WHEN range < 50000 THEN 1 ELSE error('too far') END FROM range(${ROWS})`;
    let rows = 0;
    await assert.rejects(async () => {
      for await (const chunk of chunksAhead(await duck.connection.stream(failing))) rows += chunk.rowCount;
    }, /too far/);
    assert.ok(rows <= 50_000);
  } finally {
    duck.close();
  }
});
