import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { formatSql } from "../../../catalog/query/sql.ts";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { openStore } from "../../../core/store/open.ts";
import { CellTable } from "../../../results/cell_table.ts";
import { openCells } from "../../../results/sql.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../interop/store_fixture.ts";

async function rowsOf(opened: Awaited<ReturnType<typeof openCells>>, sql: string): Promise<unknown> {
  let text = "";
  for await (const chunk of formatSql(opened, sql, "json")) text += chunk;
  return JSON.parse(text);
}

Deno.test("zones of a store are a view of their own, with names, times and numbers as such", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-zones-sql-"));
  try {
    const zones = {
      zone: ["1", 'a "b"', "1"],
      time: [0, 0, 86_400],
      observations: [3, 0, 2],
      statistics: { h_mean: [1.5, null, -2.25] },
    };
    const spec = { ...fixtureSpec("compact"), provenance: { zones } };
    await writeFixture(spec, new FolderTarget(folder));
    const store = await openStore(folder);
    const opened = await openCells(CellTable.of(store, {}), undefined);
    try {
      assert.deepEqual(
        await rowsOf(
          opened,
          "select zone, epoch(time)::int t, observations, h_mean from zones order by t, zone",
        ),
        [
          { zone: "1", t: 0, observations: 3, h_mean: 1.5 },
          { zone: 'a "b"', t: 0, observations: 0, h_mean: null },
          { zone: "1", t: 86_400, observations: 2, h_mean: -2.25 },
        ],
      );
    } finally {
      opened.close();
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("the view cells has the cells with values, and nothing else can be read", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-cells-sql-"));
  try {
    await writeFixture(fixtureSpec("compact"), new FolderTarget(folder));
    const store = await openStore(folder);
    const opened = await openCells(CellTable.of(store, {}), undefined);
    try {
      const ids = fixtureIds(fixtureSpec("compact"), 9);
      const counts = ids.map((id) => 1 + id % 50);
      assert.deepEqual(
        await rowsOf(
          opened,
          "select count(*) n, sum(count) c, max(cell_id) greatest_id, count(total) t, any_value(typeof(geometry)) g from cells",
        ),
        // The total of cell 7 is the fill value 7.
        [{
          n: ids.length,
          c: counts.reduce((sum, count) => sum + count, 0),
          greatest_id: Math.max(...ids),
          t: ids.length - Number(ids.includes(7)),
          g: "GEOMETRY",
        }],
      );
      await assert.rejects(
        rowsOf(opened, "select * from read_csv('/etc/passwd')"),
        /disabled by configuration/,
      );
      await assert.rejects(rowsOf(opened, "drop view cells"), /kind DROP/);
    } finally {
      opened.close();
    }
    assert.throws(() => CellTable.of(store, { variables: ["h_meen"] }), /has no variable "h_meen"/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
