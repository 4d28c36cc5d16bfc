/** The catalog of the real granules by the binary: what it says, in the formats that it claims. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import { DuckDBInstance } from "@duckdb/node-api";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, shell, temporaryFolder } from "../support/binary.ts";
import { buildCatalogOf, greenlandGranules, succeed } from "../support/real_granules.ts";

let made: Promise<string> | undefined;

/** A folder with the Greenland granules' catalog, made once. */
function world(): Promise<string> {
  made ??= (async () => {
    const folder = temporaryFolder("granary-catalog-");
    await buildCatalogOf(folder, "catalog.parquet", "atl06", greenlandGranules());
    return folder;
  })();
  return made;
}

async function say(...args: string[]): Promise<string> {
  return (await succeed(await world(), ...args)).stdout;
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasSharedData, fn });
}

const QUERY = "select id, size_bytes, checksum from granules order by id";

/** What the rows of the query are, by the files themselves. */
function expectedRows(): { id: string; size_bytes: number; checksum: string }[] {
  return greenlandGranules().map((file) => {
    const bytes = fs.readFileSync(file);
    return {
      id: path.basename(file),
      size_bytes: bytes.length,
      checksum: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    };
  });
}

test("granules are cataloged by name, size, checksum, time and place", async () => {
  const rows = JSON.parse(await say("catalog", "sql", "catalog.parquet", QUERY, "--format", "json"));
  assert.deepEqual(
    rows.map((row: Record<string, unknown>) => ({ ...row, size_bytes: Number(row.size_bytes) })),
    expectedRows(),
  );
  const info = JSON.parse(await say("catalog", "info", "catalog.parquet", "--json"));
  assert.equal(info.granules, 8);
  assert.match(JSON.stringify(info), /ATL06\.002/);
  // The times that the files' names state are the starts, to the second.
  const times = JSON.parse(
    await say(
      ...["catalog", "sql", "catalog.parquet", "--format", "json"],
      "select id, strftime(start_datetime, '%Y%m%d%H%M') as start from granules",
    ),
  );
  for (const { id, start } of times) assert.match(id, new RegExp(start.slice(0, 8)));
});

test("rows of a query as CSV, JSON, Arrow and Parquet are what they claim to be, and the same", async () => {
  const folder = await world();
  const expected = expectedRows();
  const csv = (await say("catalog", "sql", "catalog.parquet", QUERY, "--format", "csv")).trimEnd().split(
    /\r?\n/,
  );
  assert.deepEqual(csv, [
    "id,size_bytes,checksum",
    ...expected.map((row) => `${row.id},${row.size_bytes},${row.checksum}`),
  ]);

  const arrow = await succeed(folder, "catalog", "sql", "catalog.parquet", QUERY, "--format", "arrow");
  const table = tableFromIPC(arrow.stdoutBytes);
  assert.deepEqual(
    table.toArray().map((row) => ({
      id: row.id,
      size_bytes: Number(row.size_bytes),
      checksum: row.checksum,
    })),
    expected,
  );

  const parquet = await succeed(folder, "catalog", "sql", "catalog.parquet", QUERY, "--format", "parquet");
  fs.writeFileSync(path.join(folder, "rows.parquet"), parquet.stdoutBytes);
  const connection = await (await DuckDBInstance.create()).connect();
  const read = await connection.runAndReadAll(
    `select id, size_bytes::int, checksum from '${path.join(folder, "rows.parquet")}' order by id`,
  );
  assert.deepEqual(read.getRows(), expected.map((row) => [row.id, row.size_bytes, row.checksum]));
  connection.closeSync();

  const plain = await say("catalog", "sql", "catalog.parquet", QUERY, "--format", "table");
  for (const { id } of expected) assert.match(plain, new RegExp(`^${id} `, "m"));
});

test("parent cells are listed with both names and the granules that each needs", async () => {
  const { cells } = JSON.parse(await say("cells", "catalog.parquet", "--order", "6", "--json"));
  assert.ok(cells.length >= 6);
  const golden = JSON.parse(
    fs.readFileSync(sharedData("golden/atl06_greenland_o12_authalic.json"), "utf8"),
  ).cells.map(({ cell }: { cell: number }) => `6/${Math.floor(cell / 4096)}`);
  const names = new Set(cells.map(({ cell }: { cell: string }) => cell));
  for (const cell of golden) assert.ok(names.has(cell), cell);
  const one = cells.find(({ cell }: { cell: string }) => cell === "6/16164");
  // 16164 in base 4 is 3 | 330210: base cell 3, digits and one more each.
  assert.equal(one.morton, "4441321");
});

test("the catalog is valid, exports the places of its granules, and comes through a pipe", async () => {
  const folder = await world();
  await say("catalog", "validate", "catalog.parquet");
  const urls = (await say("catalog", "urls", "catalog.parquet", "--driver", "local")).trim().split("\n");
  assert.deepEqual(urls.sort(), greenlandGranules().map((file) => path.resolve(file)));
  const { code, stdout, stderr } = await shell(
    "granary catalog sql - 'select count(*) as n from granules' --format csv < catalog.parquet",
    { cwd: folder },
  );
  assert.deepEqual([code, stdout], [0, "n\n8\n"], stderr);
});

test("a query may read the catalog and nothing else, and change nothing", async () => {
  const folder = await world();
  fs.writeFileSync(path.join(folder, "secret.csv"), "a\n1\n");
  for (
    const query of [
      `select * from read_csv('${path.join(folder, "secret.csv")}')`,
      `copy granules to '${path.join(folder, "out.csv")}'`,
      "attach 'other.db'",
    ]
  ) {
    const { code, stderr } = await granary(["catalog", "sql", "catalog.parquet", query], { cwd: folder });
    assert.equal(code, 2, `${query}: ${stderr}`);
  }
  assert.equal(fs.existsSync(path.join(folder, "out.csv")), false);
});

test("an index lies beside its catalog: none is written of stdin's", async () => {
  const folder = await world();
  const refused = await shell("granary catalog index - < catalog.parquet", { cwd: folder });
  assert.deepEqual([refused.code, fs.existsSync(path.join(folder, "-.cells.parquet"))], [2, false]);
  assert.match(refused.stderr, /found stdin, wanted a file/);
});
