import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { boxArea } from "../../../../core/geometry/area.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import type { GranuleAsset, GranuleRow } from "../../../../catalog/granule.ts";
import { type GranuleFilter, plainCatalogFor } from "../../../../catalog/query/filter.ts";
import { countBy, filterNotes, untimedGranules } from "../../../../catalog/query/filter_notes.ts";
import { countParents, select, type SelectOptions } from "../../../../catalog/query/select.ts";
import { SMALL_BYTES } from "../../../../catalog/file/small_catalog.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { bytesBeforeMetadata, parquetParts, structsOf } from "../../../../core/tables/parquet_row_groups.ts";
import {
  THRIFT,
  type ThriftList,
  type ThriftStruct,
  writeThrift,
} from "../../../../core/tables/thrift_compact.ts";
import { queryRows } from "../../../../core/tables/query.ts";
import { sampleRow, withFolder, withNote } from "../sample.ts";

const START = Date.UTC(2020, 0, 1);
const HOUR = 3_600_000;

const text = fc.constantFrom("a", "é😀", "'\"\\", "long ".repeat(30), "x\ny");
const missing = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const time = missing(fc.integer({ min: 0, max: 40 }).map((hours) => START + hours * HOUR + 0.125));

const asset = fc.record({
  key: text,
  path: missing(text),
  media_type: missing(text),
  size_bytes: missing(fc.integer({ min: 0, max: 2 ** 45 })),
  checksum: missing(text),
  s3_href: missing(text),
  https_href: missing(text),
  local_href: missing(text),
  s3_credentials: missing(text),
});

/** Granules of several products, whose cells, times and places are known or not. */
const granule: fc.Arbitrary<Partial<GranuleRow>> = fc.record({
  id: fc.integer({ min: 0, max: 60 }).map((n) => `g${n}é`),
  collection: fc.constantFrom("ATL06.006", "ATL06.007", "ATL03.006", "GEDI02_A.002", "C123-X", "a/b c"),
  provider: fc.constantFrom("local", "NSIDC", "ünï"),
  concept_id: missing(text),
  revision: missing(fc.integer({ min: 0, max: 5 })),
  start_datetime: time,
  end_datetime: time,
  datetime: time,
  cell_order: fc.constantFrom(5, 8),
  cells: fc.uniqueArray(fc.integer({ min: 0, max: 12 * 4 ** 5 - 1 }), { maxLength: 30 })
    .map((cells) => BigUint64Array.from(cells.sort((a, b) => a - b), BigInt)),
  s3_base: missing(text),
  size_bytes: missing(fc.integer({ min: 0, max: 2 ** 45 })),
  checksum: missing(fc.constantFrom("md5:00ff", "sha256:00")),
  assets: fc.oneof(fc.constant<GranuleAsset[]>([]), fc.array(asset, { maxLength: 3 })),
  properties: fc.constantFrom<Record<string, unknown>>({}, { a: [1, null, "é"], b: { c: "\u0000 \\" } }),
}).map((changes) => {
  // The writer asks of a row that it has both or neither, and of a span that it does not end before it begins.
  const { cells, start_datetime: start, end_datetime: end } = changes;
  const isKnown = cells.length > 0;
  const times = start !== null && end !== null && start > end
    ? { start_datetime: end, end_datetime: start }
    : {};
  return { ...changes, ...times, ...isKnown ? {} : { geometry: null, bbox: null } };
});

const filter: fc.Arbitrary<GranuleFilter> = fc.record({
  start: fc.constantFrom(undefined, undefined, START + 12 * HOUR, START + 12 * HOUR + 0.125),
  end: fc.constantFrom(undefined, undefined, START + 30 * HOUR, START + 30 * HOUR + 0.125),
  collections: fc.constantFrom(
    undefined,
    [],
    ["ATL06.*"],
    ["ATL06_006"],
    ["*.006", "C*"],
    ["GEDI02_A.002", "a/b c"],
    ["none.*"],
  ),
  providers: fc.constantFrom(undefined, undefined, ["NSIDC"], ["ünï", "local"], ["NSID"], []),
});

const asked: fc.Arbitrary<SelectOptions> = fc.tuple(
  filter,
  fc.record({
    order: fc.constantFrom(0, 3, 5, 6),
    convention: fc.constantFrom("authalic" as const, "geodetic" as const),
    maxCells: fc.constantFrom(undefined, undefined, 1, 7),
    unknownExtent: fc.boolean(),
  }),
  fc.constantFrom("all", "cells", "area"),
).map(([filter, options, by]) => ({
  ...filter,
  ...options,
  withoutCells: true,
  ...by === "cells"
    ? { cells: [0, 1, 2, 5, 7, 100, 4000].filter((cell) => cell < 12 * 4 ** options.order) }
    : {},
  ...by === "area" ? { areas: [boxArea(-60, -90, 60, 20)] } : {},
}));

/** An answer, or how it was refused. */
async function answer(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return String(error);
  }
}

async function compare(file: string, options: readonly SelectOptions[]): Promise<void> {
  const catalog = await openCatalog(file, { threads: 1 });
  try {
    for (const option of options) {
      const plain = plainCatalogFor(file, option);
      assert.ok(plain !== undefined);
      for (
        const question of [
          (of: typeof plain | typeof catalog) => select(of, option),
          (of: typeof plain | typeof catalog) => countParents(of, option),
          (of: typeof plain | typeof catalog) => filterNotes(of, option),
          (of: typeof plain | typeof catalog) => untimedGranules(of, option),
          (of: typeof plain | typeof catalog) => countBy(of, "collection"),
        ]
      ) {
        const wanted = await answer(() => question(catalog));
        const found = await answer(() => question(plain));
        assert.deepEqual(found, wanted);
        assert.equal(inWords(found), inWords(wanted));
      }
    }
  } finally {
    catalog.close();
  }
}

/** Members in their order, as files written of them have it. */
const inWords = (value: unknown) =>
  JSON.stringify(value, (_, one) => typeof one === "bigint" ? String(one) : one);

Deno.test("a small catalog without DuckDB answers as DuckDB does: rows, order, notes and refusals", async () => {
  await withFolder(async (folder) => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(granule, { maxLength: 40 }),
        fc.array(asked, { minLength: 4, maxLength: 4 }),
        async (changes, options) => {
          const file = path.join(folder, `${number++}.parquet`);
          await writeCatalog(file, changes.map((change) => sampleRow(change)), { threads: 1 });
          await compare(file, options);
        },
      ),
      { seed: 11, numRuns: 12 },
    );
  });
});

/** The catalog `plain` as `file`, of what `select` says of it, as DuckDB writes it by `options`. */
async function rewritten(plain: string, file: string, select: string, options: string): Promise<string> {
  const duck = await openDuck({ threads: 1 });
  try {
    const keys = await queryRows(
      duck.connection,
      `SELECT decode(key) AS key, decode(value) AS text FROM parquet_kv_metadata('${plain}')`,
    );
    const metadata = keys.map(({ key, text }) => `${key}: '${text}'`).join(", ");
    await duck.connection.run(
      `COPY (${select.replace("$", `read_parquet('${plain}')`)}) TO '${file}'
       (FORMAT parquet, KV_METADATA {${metadata}}, ${options})`,
    );
    return file;
  } finally {
    duck.close();
  }
}

const ZSTD = "COMPRESSION zstd";
const ALL: SelectOptions = { order: 6, convention: "authalic", withoutCells: true };

Deno.test("rows of several row groups, columns of a user's own and granules that are there twice change nothing", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "a.parquet");
    const rows = fc.sample(granule, { seed: 5, numRuns: 60 }).map((change, i) =>
      sampleRow({ ...change, id: `h${i}` })
    );
    await writeCatalog(file, rows, { threads: 1 });
    const options = [ALL, ...fc.sample(asked, { seed: 6, numRuns: 6 })];
    const many = path.join(folder, "b.parquet");
    const times = `SELECT g.* FROM $ AS g, range(75) ORDER BY range, id`;
    await compare(await rewritten(file, many, times, `${ZSTD}, ROW_GROUP_SIZE 2048`), options);
    assert.ok(fs.statSync(many).size < SMALL_BYTES);
    const own = "SELECT *, 'é' AS note, id::VARCHAR AS other, 1.5::DOUBLE AS number FROM $";
    await compare(await rewritten(file, path.join(folder, "c.parquet"), own, ZSTD), options);
  });
});

Deno.test("what is anything out of the ordinary is left to DuckDB", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "a.parquet");
    await writeCatalog(file, [sampleRow(), sampleRow({ id: "b", collection: "ATL03.006" })]);
    const isPlain = (of: string, filter: GranuleFilter = {}) => plainCatalogFor(of, filter) !== undefined;
    assert.ok(isPlain(file));
    assert.ok(isPlain(file, { collections: ["ATL06.*"], providers: ["?"], start: 0 }));
    assert.ok(!isPlain(file, { where: "true" }));
    for (const glob of ["ATL0?.*", "ATL0[36].006", "ü*", "a\\*"]) {
      assert.ok(!isPlain(file, { collections: [glob] }));
    }
    const other = path.join(folder, "b.parquet");
    for (
      const [select, options] of [
        ["FROM $", "COMPRESSION snappy"],
        ["FROM $", `${ZSTD}, PARQUET_VERSION v2`],
        ["SELECT * EXCLUDE (s3_region) FROM $", ZSTD],
        ["SELECT * EXCLUDE (path) FROM $", ZSTD],
        ["SELECT * REPLACE (size_bytes::INTEGER AS size_bytes) FROM $", ZSTD],
        ["SELECT * REPLACE (start_datetime::TIMESTAMP AS start_datetime) FROM $", ZSTD],
        ["SELECT * REPLACE (if(id = 'b', NULL, cells) AS cells) FROM $", ZSTD],
        ["SELECT * REPLACE (if(id = 'b', NULL, provider) AS provider) FROM $", ZSTD],
        ["SELECT * REPLACE ('?' AS collection) FROM $", ZSTD],
        ["SELECT *, 1::BIGINT AS file_row_number FROM $", ZSTD],
        ["SELECT *, [1] AS list FROM $", ZSTD],
        ["SELECT *, 1::DECIMAL(9, 2) AS price FROM $", ZSTD],
        ["SELECT * REPLACE ('infinity'::TIMESTAMPTZ AS end_datetime) FROM $", ZSTD],
        ["SELECT * REPLACE ('-infinity'::TIMESTAMPTZ AS start_datetime) FROM $", ZSTD],
      ]
    ) {
      await rewritten(file, other, select, options);
      assert.ok(!isPlain(other), `${select} ${options}`);
    }
    const note = path.join(folder, "c.parquet");
    await withNote(file, note);
    assert.ok(!isPlain(note), "another codec");
    fs.writeFileSync(other, "no Parquet");
    const loop = path.join(folder, "loop");
    fs.symlinkSync(loop, loop);
    for (
      const name of [
        other,
        folder,
        loop,
        path.join(file, "x"),
        path.join(folder, "none"),
        "-",
        `file://${file}`,
        "s3://b/a.parquet",
      ]
    ) {
      assert.ok(!isPlain(name), name);
    }
    fs.writeFileSync(path.join(folder, "a.cells.parquet"), "beside");
    assert.ok(!isPlain(file), "a cell index");
  });
});

Deno.test("lists that are fewer than the rows, bytes that are none and a schema without a floor are left to DuckDB", async () => {
  await withFolder(async (folder) => {
    const [file, other, made] = ["a", "b", "c"].map((name) => path.join(folder, `${name}.parquet`));
    const rows = (count: number, cells: bigint[]) =>
      Array.from({ length: count }, (_, i) => sampleRow({ id: `${i}`, cells: BigUint64Array.from(cells) }));
    await writeCatalog(file, rows(3, [1n]), { threads: 1 });
    await writeCatalog(other, rows(1, [1n, 2n, 3n, 4n]), { threads: 1 });
    const [pages, otherPages] = [file, other].map((of) =>
      fs.readFileSync(of).subarray(0, bytesBeforeMetadata(of))
    );
    const [{ metadata }, { metadata: otherMetadata }] = [file, other].map(parquetParts);
    const written = (changed: ThriftStruct, before = [pages, otherPages]) => {
      const footer = writeThrift(changed), tail = new Uint8Array(8);
      new DataView(tail.buffer).setUint32(0, footer.length, true);
      tail.set(new TextEncoder().encode("PAR1"), 4);
      fs.writeFileSync(made, Buffer.concat([...before, footer, tail]));
      return made;
    };
    assert.ok(plainCatalogFor(written(metadata), {}) !== undefined);

    // The cells of the other catalog, whose pages stand behind.
    const chunkOf = (of: ThriftStruct) => {
      const group = structsOf(of.get(4)!.value)[0];
      return (group.get(1)!.value as ThriftList).values as ThriftStruct[];
    };
    const columnOf = (chunk: ThriftStruct) => chunk.get(3)!.value as ThriftStruct;
    const isCells = (chunk: ThriftStruct) => {
      const [name] = (columnOf(chunk).get(3)!.value as ThriftList).values;
      return new TextDecoder().decode(name as Uint8Array) === "cells";
    };
    const chunks = chunkOf(metadata), theirs = chunkOf(otherMetadata).find(isCells)!;
    for (const field of [9, 11]) {
      const place = columnOf(theirs).get(field);
      if (place !== undefined) place.value = place.value as bigint + BigInt(pages.length);
    }
    const own = chunks.findIndex(isCells), [cells] = chunks.splice(own, 1, theirs);
    assert.equal(plainCatalogFor(written(metadata), {}), undefined);
    chunks[own] = cells;
    assert.ok(plainCatalogFor(written(metadata), {}) !== undefined);

    // Numbers of four bytes that the footer says are of one.
    const wide = await rewritten(
      file,
      other,
      "SELECT * REPLACE (cell_order + 256 AS cell_order) FROM $",
      ZSTD,
    );
    const asBytes = parquetParts(wide).metadata;
    const nameOf = (element: ThriftStruct) => new TextDecoder().decode(element.get(4)!.value as Uint8Array);
    for (const element of structsOf(asBytes.get(2)!.value)) {
      if (nameOf(element) === "cell_order") element.get(6)!.value = 11n;
    }
    const widePages = fs.readFileSync(wide).subarray(0, bytesBeforeMetadata(wide));
    assert.equal(plainCatalogFor(written(asBytes, [widePages]), {}), undefined);

    const schema = (metadata.get(2)!.value as ThriftList).values as ThriftStruct[];
    const deep: ThriftStruct = new Map([
      [3, { type: THRIFT.i32, value: 1n }],
      [4, { type: THRIFT.binary, value: new Uint8Array(0) }],
      [5, { type: THRIFT.i32, value: 1n }],
    ]);
    schema.splice(1, 0, ...Array.from({ length: 6000 }, () => deep));
    assert.equal(plainCatalogFor(written(metadata), {}), undefined);
  });
});
