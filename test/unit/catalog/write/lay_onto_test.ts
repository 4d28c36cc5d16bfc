import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { planLaying } from "../../../../catalog/write/lay_plan.ts";
import { mergeCatalogs } from "../../../../catalog/write/merge.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { validateCatalog } from "../../../../catalog/validate/validate.ts";
import type { RemovedGranules } from "../../../../catalog/schema.ts";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { queryRows } from "../../../../core/tables/query.ts";
import { sampleRow, withFolder, withNote } from "../sample.ts";

const COUNT = 62_000;
const GROUP = 20_480;

const row = (id: string, revision: number | null, cell: number): GranuleRow =>
  sampleRow({
    id,
    concept_id: `C-${id}`,
    revision,
    cells: BigUint64Array.of(BigInt(cell)),
    geometry: null,
    bbox: null,
  });

/** What a catalog should hold: revisions by name. */
type Wanted = Map<string, number | null>;

async function check(file: string, wanted: Wanted, validate: boolean): Promise<void> {
  const catalog = await openCatalog(file);
  try {
    const rows = await queryRows(catalog.duck.connection, "SELECT id, revision FROM catalog_source");
    assert.equal(rows.length, wanted.size);
    const found = new Map(rows.map(({ id, revision }) => [String(id), revision]));
    for (const [id, revision] of wanted) assert.equal(found.get(id), revision, id);
    if (!validate) return;
    const { valid, findings } = await validateCatalog(catalog, { cells: false });
    assert.deepEqual([valid, findings], [true, []]);
  } finally {
    catalog.close();
  }
}

/** Row groups of a file: how many rows of each, and the bytes of its pages. */
async function groupsOf(file: string): Promise<{ rows: number; bytes: string }[]> {
  const duck = await openDuck({ threads: 1 });
  try {
    const groups = await queryRows(
      duck.connection,
      `SELECT any_value(row_group_num_rows) AS rows, sum(total_compressed_size) AS length,
         min(coalesce(dictionary_page_offset, data_page_offset)) AS first
       FROM parquet_metadata('${file}') GROUP BY row_group_id ORDER BY row_group_id`,
    );
    const bytes = fs.readFileSync(file);
    return groups.map(({ rows, first, length }) => ({
      rows: Number(rows),
      bytes: new TextDecoder("latin1").decode(bytes.subarray(Number(first), Number(first) + Number(length))),
    }));
  } finally {
    duck.close();
  }
}

Deno.test("laying rows onto a catalog writes what changes and copies the rest, whatever comes and goes", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "c.parquet");
    const wanted: Wanted = new Map(
      Array.from({ length: COUNT }, (_, i) => [`g${i}`, i % 7 === 0 ? null : 2]),
    );
    await writeCatalog(file, [...wanted].map(([id, revision], i) => row(id, revision, i)));
    const lay = async (rows: GranuleRow[], removed?: RemovedGranules) => {
      const result = await buildCatalog({
        rows,
        output: file,
        onto: file,
        cellOrder: 8,
        queries: [],
        removed,
      });
      await check(file, wanted, removed !== undefined);
      assert.equal(result.rows, wanted.size);
      assert.deepEqual(fs.readdirSync(folder), ["c.parquet"]);
      return result;
    };
    const former = await groupsOf(file);
    assert.deepEqual(former.map(({ rows }) => rows), [GROUP, GROUP, GROUP, COUNT - 3 * GROUP]);

    // New ones alone, from all over the Earth: the file's beginning is the same bytes.
    const fresh = Array.from({ length: 500 }, (_, i) => row(`new${i}`, 1, i * 140));
    for (const { id, revision } of fresh) wanted.set(id, revision);
    await lay(fresh);
    const after = await groupsOf(file);
    assert.deepEqual(after.slice(0, 4), former);
    assert.deepEqual(after.slice(4).map(({ rows }) => rows), [500]);

    // More join them in their row group; what is older loses, what has no revision is older than what has one.
    wanted.set("new0", 1).set("more", 1).set("g0", 1).set("g7", null);
    const more = [
      row("new0", 1, 3),
      row("more", 1, 5),
      row("g0", 1, 0),
      row("g7", null, 7),
      row("g1", 1, 1),
      row("g2", null, 2),
    ];
    const second = await lay(more);
    assert.deepEqual([second.replaced, second.removed], [5, 0]);
    const third = await groupsOf(file);
    assert.deepEqual(third.slice(1, 4), former.slice(1));
    assert.deepEqual([third[0].rows, third[4].rows], [GROUP - 2, 503]);

    // Deletions by either name; a granule that is deleted and comes again stays as it came.
    for (const id of ["g30000", "g30001"]) wanted.delete(id);
    wanted.set("g30002", 3);
    const removed = {
      conceptIds: ["C-g30000", "C-nothing"],
      names: [{ provider: "TESTER", id: "g30001" }, { provider: "OTHER", id: "g30003" }, {
        provider: "TESTER",
        id: "g30002",
      }],
    };
    const fourth = await lay([row("g30002", 3, 30_002)], removed);
    assert.equal(fourth.removed, 3);
    const last = await groupsOf(file);
    assert.deepEqual(last.filter((_, i) => i !== 1 && i !== 4), third.filter((_, i) => i !== 1 && i !== 4));

    // So many that all is sorted again, as a merge does.
    const many = Array.from({ length: 10_000 }, (_, i) => row(`many${i}`, 1, i * 7));
    for (const { id, revision } of many) wanted.set(id, revision);
    await lay(many);
    const merged = path.join(folder, "merged.parquet");
    await mergeCatalogs([file], merged);
    assert.deepEqual(await groupsOf(file), await groupsOf(merged));
  });
});

Deno.test("a catalog with columns of others is not updated: they would be lost", async () => {
  await withFolder(async (folder) => {
    const plain = path.join(folder, "plain.parquet"), file = path.join(folder, "c.parquet");
    await writeCatalog(plain, [row("g0", 1, 0)]);
    await withNote(plain, file);
    const before = fs.readFileSync(file);
    const update = (rows: GranuleRow[]) =>
      buildCatalog({ rows, output: file, onto: file, cellOrder: 8, queries: [] });
    await assert.rejects(update([row("g1", 1, 1)]), /would lose columns that are not a catalog's: "note"/);
    await assert.rejects(update([]), /"note"/);
    assert.deepEqual(fs.readFileSync(file), before);
  });
});

Deno.test("row groups that keep all rows are copied, and everything is sorted before too much lies behind", () => {
  const groups = Array(50).fill(GROUP);
  const total = 50 * GROUP;
  const plan = (gone: number[], added: number, sortedRows = total, of = groups) =>
    planLaying({ groups: of, sortedRows, gone, added });
  assert.deepEqual(plan([], 1000), {
    ranges: [{ from: 0, to: 50, kind: "copy" }],
    tail: total,
    sortedRows: total,
  });
  assert.deepEqual(plan([GROUP, GROUP + 1, 3 * GROUP - 1], 1)?.ranges, [
    { from: 0, to: 1, kind: "copy" },
    { from: 1, to: 3, kind: "rewrite" },
    { from: 3, to: 50, kind: "copy" },
  ]);
  assert.equal(plan([GROUP, GROUP + 1], 1)?.sortedRows, total - 2);
  // The last row group behind the sorted ones takes new rows in until it is full.
  const behind = [...groups, GROUP, 300];
  assert.deepEqual(plan([total + GROUP], 1, total, behind), {
    ranges: [{ from: 0, to: 51, kind: "copy" }],
    tail: total + GROUP,
    sortedRows: total,
  });
  // Nothing new: it is copied, too.
  assert.deepEqual(plan([], 0, total, behind)?.ranges, [{ from: 0, to: 52, kind: "copy" }]);
  for (
    const whole of [
      plan([], total),
      plan(groups.map((_, i) => i * GROUP), 0),
      plan([], 1, GROUP),
      plan([], 1, GROUP + 1),
      plan([], 1, GROUP, [GROUP, 5]),
    ]
  ) assert.equal(whole, null);
});
