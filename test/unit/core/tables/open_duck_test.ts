import assert from "node:assert/strict";
import { openDuck, startDuck } from "../../../../core/tables/duckdb.ts";

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
