import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { aggregate, type AggregateRequest } from "../../../../aggregate/aggregate.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { type IndexedGranule, writeRowIndex } from "../../../../catalog/row_index/index_file.ts";
import { rowIndexPath } from "../../../../catalog/row_index/paths.ts";
import { findRows } from "../../../../catalog/row_index/read_index.ts";
import { ROWS_KEY } from "../../../../catalog/schema.ts";
import { openDuck, sqlString } from "../../../../core/tables/duckdb.ts";
import { PlainParquet } from "../../../../core/tables/plain_parquet.ts";
import { parquetParts } from "../../../../core/tables/parquet_row_groups.ts";
import { encodeRuns } from "../../../../core/observations/row_runs.ts";
import { simulate } from "../../../../products/simulate/simulate.ts";
import { catalogOf, digests, scratchFolder } from "../engine/granules.ts";
import { granuleRow } from "../engine/sample_run.ts";

const folder = scratchFolder();
const ORDER = 8, PARENT_ORDER = 6;

async function* each(granules: readonly IndexedGranule[]) {
  yield* granules;
}

function indexed(
  id: string,
  cells: readonly number[],
  changes: Partial<IndexedGranule> = {},
): IndexedGranule {
  return {
    collection: "ATL06.006",
    id,
    size_bytes: 1_000_000,
    checksum: null,
    runs: [
      encodeRuns("gt1l", Float64Array.from(cells)),
      encodeRuns("gt2r", Float64Array.from(cells).reverse()),
    ],
    ...changes,
  };
}

type Asked = Parameters<typeof findRows> extends [...infer Rest, unknown] ? Rest : never;

/** {@linkcode findRows}, by a DuckDB of its own where one is asked for. */
async function asked(...args: Asked) {
  const duck = await openDuck();
  try {
    return await findRows(...args, () => Promise.resolve(duck));
  } finally {
    duck.close();
  }
}

/** The same without any, and once more of an index that DuckDB has to read, which has to find the same. */
async function askedTwice([file, ...rest]: Asked) {
  const found = await findRows(file, ...rest, () => Promise.reject(new Error("DuckDB is asked for")));
  assert.deepEqual(await asked(await byOtherCodec(file), ...rest), found);
  return found;
}

/** The index in a codec that DuckDB alone reads. */
async function byOtherCodec(file: string): Promise<string> {
  const other = file.replace(/\.rows\.parquet$/, ".other.parquet");
  const duck = await openDuck();
  try {
    await duck.connection.run(
      `COPY (FROM read_parquet(${sqlString(file)})) TO ${
        sqlString(other)
      } (FORMAT parquet, COMPRESSION snappy,
       ROW_GROUP_SIZE 60000, KV_METADATA {${ROWS_KEY}: ${sqlString(metadataOf(file))}})`,
    );
  } finally {
    duck.close();
  }
  return other;
}

function metadataOf(file: string): string {
  const plain = PlainParquet.open(file);
  try {
    return plain.keys.find(([key]) => key === ROWS_KEY)![1];
  } finally {
    plain.close();
  }
}

Deno.test("the runs that an index finds for parents are those that were written, and no others", async () => {
  const file = path.join(folder, "a.rows.parquet");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: -1, max: 200 }), { maxLength: 40 }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.uniqueArray(fc.integer({ min: 0, max: 14 }), { minLength: 1, maxLength: 6 }),
      async (tracks, parents) => {
        parents.sort((a, b) => a - b);
        const granules = tracks.map((cells, i) => indexed(`g${i}.h5`, cells));
        await writeRowIndex(file, each(granules), { order: ORDER });
        const rows = [granuleRow("unknown.h5"), ...granules.map(({ id }) => granuleRow(id)).reverse()];
        const found = await askedTwice([file, parents, PARENT_ORDER, rows]);
        assert.ok(typeof found === "object");
        assert.deepEqual([found.order, found.stale, found.granules[0]], [ORDER, 0, null]);
        granules.forEach(({ runs }, i) => {
          const own = found.granules[granules.length - i]!;
          for (const { group, cell, first, rows } of runs) {
            const wanted = [...cell.keys()].filter((k) => parents.includes(Math.floor(cell[k] / 16)))
              .map((k) => [cell[k], first[k], rows[k]]);
            const got = own.get(group);
            const list = got === undefined
              ? []
              : [...got.cell.keys()].map((k) => [got.cell[k], got.first[k], got.rows[k]]);
            assert.deepEqual(list.sort((a, b) => a[1] - b[1]), wanted);
          }
        });
      },
    ),
    { seed: 52, numRuns: 8 },
  );
});

Deno.test("of an index no row groups are read but those between the parents, by DuckDB and without", async () => {
  const written = path.join(folder, "far.rows.parquet");
  const cells = Array.from({ length: 70_000 }, (_, i) => i);
  await writeRowIndex(written, each([indexed("a.h5", cells)]), { order: ORDER });
  for (const file of [await byOtherCodec(written), written]) {
    const { groups } = parquetParts(file);
    assert.ok(groups.length > 2);
    // Whoever reads one in the middle fails.
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(file, bytes.fill(0, groups[1].begin, groups[1].end));
    const found = await asked(file, [0, 2], PARENT_ORDER, [granuleRow("a.h5")]);
    assert.ok(typeof found === "object");
    const own = found.granules[0]?.get("gt1l");
    assert.deepEqual(own && [...own.cell], [...cells.slice(0, 16), ...cells.slice(32, 48)]);
    await assert.rejects(asked(file, [0, 3000], PARENT_ORDER, [granuleRow("a.h5")]), GranaryError);
  }
});

Deno.test("a granule of another size or checksum than the index knows is stale", async () => {
  const file = path.join(folder, "b.rows.parquet");
  const sums = { checksum: "md5:00" };
  await writeRowIndex(file, each([indexed("a.h5", [1]), indexed("b.h5", [1]), indexed("c.h5", [1], sums)]), {
    order: ORDER,
  });
  const found = await askedTwice([file, [0], PARENT_ORDER, [
    granuleRow("a.h5"),
    granuleRow("b.h5", { size_bytes: 999 }),
    granuleRow("c.h5", { checksum: "md5:01" }),
  ]]);
  assert.ok(typeof found === "object");
  assert.deepEqual([found.granules[0]?.size, found.granules[1], found.granules[2], found.stale], [
    2,
    null,
    null,
    2,
  ]);
});

Deno.test("an index coarser than the parents says so, and what is no index is refused by name", async () => {
  const file = path.join(folder, "c.rows.parquet");
  await writeRowIndex(file, each([indexed("a.h5", [1])]), { order: 5 });
  assert.equal(await asked(file, [0], PARENT_ORDER, [granuleRow("a.h5")]), "coarse");
  const isInput = (error: unknown) => error instanceof GranaryError && error.tag === "input";
  await assert.rejects(asked(path.join(folder, "none.parquet"), [0], 6, []), isInput);
  const text = path.join(folder, "text.parquet");
  fs.writeFileSync(text, "no Parquet");
  await assert.rejects(asked(text, [0], 6, []), isInput);
  await writeRowIndex(file, each([indexed("a.h5", [1])]), { order: 8 });
});

let world: Promise<{ catalog: string; files: string[]; parent: string }> | undefined;

/** Granules of a good size, their catalog and index, and a parent that some of them cross. */
function simulated() {
  return world ??= (async () => {
    const made = await simulate(path.join(folder, "h5"), {
      granules: 6,
      rows: 40_000,
      seed: 3,
      sheet: "antarctica",
    });
    const files = made.map((file) => file.path);
    const catalog = path.join(folder, "catalog.parquet");
    await catalogOf(files, catalog, 12);
    const { plan } = await aggregate({
      config: "atl06",
      catalog,
      store: path.join(folder, "no"),
      dryRun: true,
    });
    const crossed = plan.store.parents.map((_, rank) =>
      plan.ranks.filter((own) => own.includes(rank)).length
    );
    const middle =
      crossed.map((count, rank) => ({ count, rank })).sort((a, b) => a.count - b.count)[crossed.length >> 1];
    return { catalog, files, parent: `6/${plan.store.parents[middle.rank]}` };
  })();
}

async function run(catalog: string, changes: Partial<AggregateRequest> = {}) {
  const store = path.join(scratchFolder(), "a.zarr");
  const warnings: string[] = [];
  const { report } = await aggregate({
    config: "atl06",
    catalog,
    store,
    workers: 2,
    onWarning: (warning) => warnings.push(warning),
    ...changes,
  });
  return { bytes: digests(store), report: report!, warnings };
}

/** The same catalog in a folder of its own, without its index. */
async function withoutIndex(): Promise<string> {
  const { catalog } = await simulated();
  const bare = path.join(scratchFolder(), "catalog.parquet");
  fs.copyFileSync(catalog, bare);
  return bare;
}

Deno.test("an index whose pages are damaged is refused by its name, for reading and for adding to it", async () => {
  const file = path.join(folder, "damaged.rows.parquet");
  await writeRowIndex(file, each([indexed("g", [1, 2, 3, 50])]), { order: ORDER });
  const bytes = fs.readFileSync(file);
  const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
  fs.writeFileSync(file, bytes.fill(0, 4, bytes.length - footer));
  const refused = { tag: "input", message: /damaged\.rows\.parquet: cannot be read: / };
  await assert.rejects(asked(file, [0], PARENT_ORDER, [granuleRow("g")]), refused);
  const adding = writeRowIndex(`${file}.new`, each([indexed("h", [1])]), { order: ORDER, keep: file });
  await assert.rejects(adding, refused);
});

Deno.test("one cell by the index costs a small share of the bytes, and is the same to the bit", async () => {
  const { catalog, parent } = await simulated();
  const bare = await withoutIndex();
  const whole = await run(bare);
  const without = await run(bare, { cells: [parent] });
  const by = await run(catalog, { cells: [parent] });
  assert.deepEqual(by.bytes, without.bytes);
  assert.ok(by.report.observations.kept > 0);
  assert.equal(by.report.observations.kept, without.report.observations.kept);
  // Chunks are decoded whole: of these granules of four chunks a column, two at most, in one of six.
  const share = by.report.reads.bytes / whole.report.reads.bytes;
  assert.ok(share < 0.1, `${(100 * share).toFixed(2)} % of the bytes`);
  assert.deepEqual(by.warnings, []);
});

Deno.test("one cell by the index is done without threads where nobody asks for them, and is the same to the bit", async () => {
  const { catalog, parent } = await simulated();
  const alone = await run(catalog, { cells: [parent], workers: undefined });
  const bySlots = await run(catalog, { cells: [parent] });
  assert.equal(alone.report.workers, 1);
  assert.equal(bySlots.report.workers, 2);
  assert.deepEqual(alone.bytes, bySlots.bytes);
});

Deno.test("a whole run by the index is the run without it", async () => {
  const { catalog } = await simulated();
  assert.deepEqual(
    (await run(catalog, { levels: "8-12" })).bytes,
    (await run(await withoutIndex(), { levels: "8-12" })).bytes,
  );
});

Deno.test("a run in geodetic latitudes says that the index does not help, and reads all", async () => {
  const { catalog, parent } = await simulated();
  const changes = { cells: [parent], latitude: "geodetic" as const };
  const by = await run(catalog, changes);
  assert.match(by.warnings.join("\n"), /row index is authalic and the run geodetic/);
  assert.deepEqual(by.bytes, (await run(await withoutIndex(), changes)).bytes);
});

Deno.test("an index that knows other files than the catalog is reported, and the granules are read whole", async () => {
  const { files, parent } = await simulated();
  const place = scratchFolder();
  const copies = files.map((file) => path.join(place, path.basename(file)));
  files.forEach((file, i) => fs.copyFileSync(file, copies[i]));
  const catalog = path.join(place, "catalog.parquet");
  await catalogOf(copies, catalog, 12);
  const before = await run(catalog, { cells: [parent] });
  // The same granules with bytes at their end: HDF5 reads them, but they are other files.
  copies.forEach((file) => fs.appendFileSync(file, new Uint8Array(8)));
  const index = fs.readFileSync(rowIndexPath(catalog));
  await catalogOf(copies, catalog);
  fs.writeFileSync(rowIndexPath(catalog), index);
  const after = await run(catalog, { cells: [parent] });
  assert.match(
    after.warnings.join("\n"),
    /1 of 1 granules are not in the row index \(1 have changed since\)/,
  );
  assert.ok(after.report.reads.bytes > before.report.reads.bytes);
  assert.equal(after.report.observations.kept, before.report.observations.kept);
});

Deno.test("a granule that changed after catalog and index were made is noticed by its size, and read whole", async () => {
  const { files, parent } = await simulated();
  const place = scratchFolder();
  const copies = files.map((file) => path.join(place, path.basename(file)));
  files.forEach((file, i) => fs.copyFileSync(file, copies[i]));
  const catalog = path.join(place, "catalog.parquet");
  await catalogOf(copies, catalog, 12);
  const before = await run(catalog, { cells: [parent] });
  copies.forEach((file) => fs.appendFileSync(file, new Uint8Array(8)));
  const after = await run(catalog, { cells: [parent] });
  assert.ok(after.report.reads.bytes > before.report.reads.bytes);
  assert.equal(after.report.observations.kept, before.report.observations.kept);
});

Deno.test("without a size in the catalog the index's own is what the file is held to", async () => {
  const file = path.join(folder, "d.rows.parquet");
  await writeRowIndex(file, each([indexed("a.h5", [1])]), { order: ORDER });
  const found = await asked(file, [0], PARENT_ORDER, [granuleRow("a.h5", { size_bytes: null })]);
  assert.ok(typeof found === "object");
  assert.deepEqual(found.sizes, [1_000_000]);
});
