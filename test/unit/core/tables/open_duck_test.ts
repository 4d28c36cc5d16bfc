import assert from "node:assert/strict";
import { openDuck } from "../../../../core/tables/duckdb.ts";

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
