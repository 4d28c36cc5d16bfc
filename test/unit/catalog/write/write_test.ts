import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { buildCatalog } from "../../../../catalog/write/build.ts";
import { FEW_ROWS } from "../../../../catalog/write/few_rows.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import { allRows, sampleRow, withCatalog, withFolder } from "../sample.ts";

/** A row of every column, and one of those that must be. */
const FULL = sampleRow({
  id: `quote' "double" \n newline \t ; DROP TABLE granules; -- ../../é 🛰`,
  concept_id: "G123-X",
  datetime: Date.UTC(2020, 0, 1, 0, 0, 0, 250),
  start_datetime: 1555407551123.5,
  cells: BigUint64Array.of(0n, 5n, 786431n),
  s3_credentials: "https://host.example/s3credentials",
  s3_region: "us-west-2",
  s3_endpoint: "https://s3.example",
  s3_access: "requester-pays",
  size_bytes: Number.MAX_SAFE_INTEGER,
  assets: [
    {
      key: "B02",
      path: "a/b02.tif",
      media_type: "image/tiff",
      size_bytes: 5,
      checksum: "sha256:ab",
      s3_href: null,
      https_href: "https://other.example/b02.tif",
      local_href: null,
      s3_credentials: null,
    },
    {
      key: "B03",
      path: null,
      media_type: null,
      size_bytes: null,
      checksum: null,
      s3_href: "s3://x/y",
      https_href: null,
      local_href: null,
      s3_credentials: null,
    },
  ],
  properties: { "it's": [1, { a: null }], text: "line\nbreak" },
});
const BARE = sampleRow({
  id: "bare",
  revision: null,
  start_datetime: null,
  end_datetime: null,
  geometry: null,
  bbox: null,
  cells: new BigUint64Array(0),
  s3_base: null,
  https_base: null,
  local_base: "/data/",
  size_bytes: null,
  checksum: null,
});

Deno.test("every column comes back as it was written, nulls and hostile strings included", async () => {
  await withCatalog([BARE, FULL], async (catalog) => {
    assert.deepEqual(await allRows(catalog), [FULL, BARE]);
  });
});

Deno.test("rows that are few make the file, byte for byte, that many rows of the same granules make", async () => {
  await withFolder(async (folder) => {
    const few = path.join(folder, "few.parquet");
    const many = path.join(folder, "many.parquet");
    assert.equal((await writeCatalog(few, [BARE, FULL])).replaced, 0);
    const rows = Array.from({ length: FEW_ROWS }, () => [BARE, FULL]).flat();
    assert.equal((await writeCatalog(many, rows)).replaced, rows.length - 2);
    assert.deepEqual(fs.readFileSync(few), fs.readFileSync(many));
  });
});

Deno.test("rows stand along the nested curve across orders, those without cells last", async () => {
  const row = (id: string, cell_order: number, first: bigint): GranuleRow =>
    sampleRow({ id, cell_order, cells: BigUint64Array.of(first) });
  // At order 29 the first cells lie at 4^21*8, 4^23*1, 4^21*15: order 6 cell 1 lies between 8/15 and 8/17.
  const rows = [
    row("c", 8, 17n),
    row("b", 6, 1n),
    row("a", 8, 15n),
    sampleRow({ id: "z", cells: new BigUint64Array(0), geometry: null, bbox: null }),
  ];
  await withCatalog(rows, async (catalog) => {
    assert.deepEqual((await allRows(catalog)).map(({ id }) => id), ["a", "b", "c", "z"]);
  });
});

/** Rows of every order, of the order's last cell among others; each fifth has none. */
function rowsOfAllOrders(count: number): GranuleRow[] {
  return Array.from({ length: count }, (_, i) => {
    const cell_order = i % 30;
    const cells = 12n << BigInt(2 * cell_order);
    const first = (BigInt(i) * 7919n) % cells;
    const some = first === cells - 1n ? [first] : [first, cells - 1n];
    const none = i % 5 === 0;
    return sampleRow({
      id: `g${String(i).padStart(4, "0")}`,
      cell_order,
      cells: BigUint64Array.from(none ? [] : some),
      ...none ? { geometry: null, bbox: null } : {},
    });
  });
}

Deno.test("cells of every order come back as they were given, and many rows of all orders stand along the curve", async () => {
  const rows = rowsOfAllOrders(FEW_ROWS * 10);
  const place = ({ cells, cell_order }: GranuleRow) => cells[0] << BigInt(2 * (29 - cell_order));
  const byId = (a: GranuleRow, b: GranuleRow) => a.id < b.id ? -1 : 1;
  const expected = [
    ...rows.filter(({ cells }) => cells.length > 0)
      .sort((a, b) => place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : byId(a, b)),
    ...rows.filter(({ cells }) => cells.length === 0),
  ];
  await withCatalog(rows, async (catalog) => assert.deepEqual(await allRows(catalog), expected));
});

Deno.test("many rows of all orders, laid onto a catalog, are all there as they were given", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    const rows = rowsOfAllOrders(FEW_ROWS * 3);
    await writeCatalog(file, rows.slice(0, 10));
    const added = rows.slice(5);
    await buildCatalog({ rows: added, output: file, onto: file, cellOrder: 8, queries: [] });
    const catalog = await openCatalog(file);
    try {
      const found = await allRows(catalog);
      assert.deepEqual(found.sort((a, b) => a.id < b.id ? -1 : 1), rows);
    } finally {
      catalog.close();
    }
  });
});

Deno.test("the highest revision of a granule stays, and of equal ones the last", async () => {
  const rows = [
    sampleRow({ revision: 2, path: "two" }),
    sampleRow({ revision: 10, path: "ten" }),
    sampleRow({ revision: null, path: "none" }),
    sampleRow({ revision: 3, path: "three" }),
    sampleRow({ id: "other", revision: 1, path: "first" }),
    sampleRow({ id: "other", revision: 1, path: "second" }),
    sampleRow({ collection: "OTHER.001", path: "of another collection" }),
  ];
  await withCatalog(rows, async (catalog) => {
    const kept = (await allRows(catalog)).map(({ path }) => path).sort();
    assert.deepEqual(kept, ["of another collection", "second", "ten"]);
  });
});

Deno.test("a catalog beyond the buffer has the same rows in the same order", async () => {
  const rows = Array.from({ length: 50_500 }, (_, i) =>
    sampleRow({
      id: `g${(i * 7919) % 50_000}`,
      revision: i,
      geometry: null,
      bbox: null,
      cells: BigUint64Array.of(BigInt((i * 104_729) % 786_432)),
    }));
  const newest = new Map(rows.map((row) => [row.id, row]));
  const expected = [...newest.values()].sort((a, b) =>
    Number(a.cells[0] - b.cells[0]) || (a.id < b.id ? -1 : 1)
  );
  await withCatalog(rows, async (catalog, file) => {
    assert.deepEqual(await allRows(catalog), expected);
    assert.deepEqual(catalog.footerKeys, { geo: 1, granary: 1, granary_figures: 1 });
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ["catalog.parquet"]);
  });
});

Deno.test("a catalog of no rows opens and holds none", async () => {
  await withCatalog([], async (catalog) => {
    assert.equal(await catalog.count(), 0);
    assert.deepEqual(await allRows(catalog), []);
  }, { cellOrder: 6 });
});

Deno.test("a row out of contract fails by name and leaves nothing behind", async () => {
  const faults: [Partial<GranuleRow>, RegExp][] = [
    [{ id: "" }, /id is missing/],
    [{ cells: BigUint64Array.of(5n, 4n) }, /not ascending/],
    [{ cells: BigUint64Array.of(4n, 4n) }, /not ascending/],
    [{ cells: BigUint64Array.of(786_432n) }, /not a cell of order 8/],
    [{ start_datetime: NaN }, /start_datetime is not a time/],
    [{ end_datetime: 0 }, /end_datetime lies before/],
    [{ checksum: "MD5:00FF" }, /checksum/],
    [{ bbox: { xmin: 0, ymin: 0, xmax: 190, ymax: 1 } }, /bbox/],
    [{ size_bytes: -1 }, /size_bytes/],
    [{ cells: new BigUint64Array(0) }, /footprint and no cells/],
  ];
  for (const [changes, message] of faults) {
    await withFolder(async (folder) => {
      const file = path.join(folder, "catalog.parquet");
      const rows = [sampleRow({ id: "sound" }), sampleRow({ id: "bad", ...changes })];
      await assert.rejects(writeCatalog(file, rows), (error: Error) => message.test(error.message));
      assert.deepEqual(fs.readdirSync(folder), []);
    });
  }
});

Deno.test("a source that fails half-way leaves the former catalog", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, [sampleRow()]);
    const before = fs.readFileSync(file);
    async function* failing(): AsyncGenerator<GranuleRow> {
      yield sampleRow({ id: "new" });
      await Promise.resolve();
      throw new Error("the network went away");
    }
    await assert.rejects(writeCatalog(file, failing()), /network/);
    assert.deepEqual(fs.readFileSync(file), before);
    assert.deepEqual(fs.readdirSync(folder), ["catalog.parquet"]);
  });
});

Deno.test("a reader keeps the catalog that it opened while another replaces it", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "catalog.parquet");
    await writeCatalog(file, [sampleRow({ id: "old" })]);
    const reader = await openCatalog(file);
    try {
      await writeCatalog(file, [sampleRow({ id: "new" }), sampleRow({ id: "newer" })]);
      assert.deepEqual((await allRows(reader)).map(({ id }) => id), ["old"]);
    } finally {
      reader.close();
    }
    const again = await openCatalog(file);
    try {
      assert.equal(await again.count(), 2);
    } finally {
      again.close();
    }
  });
});

Deno.test("an aborted writing stops and leaves nothing", async () => {
  await withFolder(async (folder) => {
    const abort = new AbortController();
    function* rows(): Generator<GranuleRow> {
      for (let i = 0; i < 1000; i++) {
        if (i === 10) abort.abort();
        yield sampleRow({ id: `g${i}` });
      }
    }
    const writing = writeCatalog(path.join(folder, "c.parquet"), rows(), { signal: abort.signal });
    await assert.rejects(writing, { name: "AbortError" });
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});

Deno.test("a folder that is not there is reported before anything is read", async () => {
  await withFolder(async (folder) => {
    let asked = false;
    function* rows(): Generator<GranuleRow> {
      asked = true;
      yield sampleRow();
    }
    const file = path.join(folder, "missing", "c.parquet");
    await assert.rejects(writeCatalog(file, rows()), /ENOENT.*create it first/);
    assert.equal(asked, false);
  });
});

Deno.test("what is at hand of few rows is what the file gives back", async () => {
  const id = fc.constantFrom("a", "B", "ä", "🛰", "\uffee", "b.h5");
  const row = fc.record({
    base: fc.constantFrom(FULL, BARE),
    id,
    collection: fc.constantFrom("X.001", "Y.001"),
    revision: fc.option(fc.integer({ min: 0, max: 2 })),
    cell_order: fc.constantFrom(6, 8),
    cells: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 2 }),
    path: fc.string({ minLength: 1 }),
    time: fc.double({ min: 0, max: 2e12, noNaN: true }),
  }).map(({ base, cells, time, ...own }): GranuleRow => ({
    ...base,
    ...own,
    geometry: cells.length === 0 ? null : base.geometry,
    bbox: cells.length === 0 ? null : base.bbox,
    cells: BigUint64Array.from([...new Set(cells)].sort((a, b) => a - b), BigInt),
    start_datetime: time,
    end_datetime: null,
    datetime: null,
    properties: { time, missing: undefined, list: [1, null, "x"] },
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
      await withFolder(async (folder) => {
        const file = path.join(folder, "catalog.parquet");
        const { stored } = await buildCatalog({ rows, output: file, cellOrder: 8, queries: [] });
        const catalog = await openCatalog(file, { threads: 1 });
        try {
          assert.deepEqual(stored, await allRows(catalog));
        } finally {
          catalog.close();
        }
      });
    }),
    { numRuns: 12 },
  );
});
