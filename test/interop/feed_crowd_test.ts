/**
 * Exactly once, by processes that are killed: four that poll everything and four that push singly fill one
 * ledger, then six drain its queue; on SQLite and on PostgreSQL.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openLedger } from "../../feed/ledger/open.ts";
import { runCrowd } from "../support/ledger_crowd.ts";
import { startPostgres } from "../support/postgres.ts";

const COUNT = 12_000;

async function crowd(address: string, folder: string): Promise<void> {
  const engine = await openLedger({ address });
  const count = async (text: string) => Number((await engine.transaction((sql) => sql.all(text)))[0].n);
  try {
    const world = { address, count: COUNT, folder, killEveryMs: 300 };
    const filled = await runCrowd(["poll", "poll", "poll", "poll", "push", "push", "push", "push"], {
      ...world,
      kills: 8,
    });
    assert.ok(filled.kills >= 4, `${filled.kills} kills`);
    assert.ok(filled.acknowledged.size > 0);
    assert.equal(await count("SELECT count(*) AS n FROM granule"), COUNT);
    assert.equal(await count("SELECT count(DISTINCT id) AS n FROM granule"), COUNT);
    assert.equal(await count("SELECT count(*) AS n FROM task"), COUNT);
    const ids = await engine.transaction((sql) => sql.all("SELECT id FROM granule"));
    const known = new Set(ids.map(({ id }) => Number(String(id).replace("granule-", ""))));
    assert.deepEqual([...filled.acknowledged].filter((i) => !known.has(i)), []);

    await runCrowd(["drain", "drain", "drain", "drain", "drain", "drain"], { ...world, kills: 6 });
    assert.equal(await count("SELECT count(*) AS n FROM task WHERE state = 'done'"), COUNT);
    // A task whose owner was killed ran again; none was lost, few were done twice.
    const again = await count("SELECT sum(attempts) AS n FROM task");
    assert.ok(again >= COUNT && again <= COUNT + 200, `${again} attempts`);
    if (engine.kind === "sqlite") {
      const [row] = await engine.transaction((sql) => sql.all("PRAGMA integrity_check"));
      assert.equal(Object.values(row)[0], "ok");
    }
  } finally {
    await engine.close();
  }
}

Deno.test("on SQLite nothing is missing, nothing twice, nothing acknowledged lost", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-crowd-"));
  try {
    await crowd(path.join(folder, "ledger.sqlite"), folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("on PostgreSQL nothing is missing, nothing twice, nothing acknowledged lost", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-crowd-"));
  const server = await startPostgres();
  try {
    await crowd(server.url, folder);
  } finally {
    await server.close();
    fs.rmSync(folder, { recursive: true });
  }
});
