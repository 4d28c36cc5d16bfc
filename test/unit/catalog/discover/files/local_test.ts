import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { GranaryError } from "../../../../../core/errors.ts";
import { buildCatalog } from "../../../../../catalog/write/build.ts";
import { checksumFile } from "../../../../../core/files/checksum_file.ts";
import type { GranuleRow } from "../../../../../catalog/granule.ts";
import { findLocalFiles } from "../../../../../catalog/discover/files/local_files.ts";
import { granuleFromName } from "../../../../../products/file_names.ts";
import { localRows } from "../../../../../catalog/discover/files/local.ts";
import type { GranuleScan } from "../../../../../catalog/discover/files/scan_granule.ts";

type ScanFile = (file: string, signal?: AbortSignal) => Promise<GranuleScan>;
import { openCatalog } from "../../../../../catalog/file/open_catalog.ts";
import { allRows, sampleRow, withFolder } from "../../sample.ts";
import { summarizeTracks } from "../../../../support/tracks.ts";

Deno.test("files are found under folders at any depth, each once, others and hidden ones passed over", async () => {
  await withFolder((folder) => {
    for (const file of ["b.h5", "sub/deep/a.H5", "sub/c.nc", "notes.txt", ".hidden.h5", ".git/x.h5"]) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), file);
    }
    fs.symlinkSync(folder, path.join(folder, "sub", "loop"));
    const found = findLocalFiles([folder, path.join(folder, "b.h5")]);
    assert.deepEqual(
      found.map(({ base, path: inner, sizeBytes }) => [base === `${folder}/`, inner, sizeBytes]),
      [
        [true, "b.h5", 4],
        [true, "sub/c.nc", 8],
        [true, "sub/deep/a.H5", 13],
      ],
    );
    assert.deepEqual(
      findLocalFiles([path.join(folder, "notes.txt")]).length,
      1,
      "a file that is named is taken",
    );
    assert.throws(
      () => findLocalFiles([path.join(folder, "missing.h5")]),
      /missing\.h5: cannot read \(ENOENT\)/,
    );
    assert.throws(() => findLocalFiles([path.join(folder, ".git")].slice(1)), /no granule files/);
  });
});

Deno.test("names tell product, version and time", () => {
  assert.deepEqual(granuleFromName("processed_ATL06_20190416093911_02770303_002_01.h5"), {
    collection: "ATL06.002",
    start: Date.UTC(2019, 3, 16, 9, 39, 11),
    end: null,
  });
  assert.deepEqual(granuleFromName("GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5"), {
    collection: "GEDI02_A.002",
    start: Date.UTC(2019, 5, 11, 22, 26, 10),
    end: null,
  });
  assert.deepEqual(granuleFromName("whatever.h5"), { collection: null, start: null, end: null });
});

Deno.test("checksums are those of sha256sum and md5sum", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "abc");
    fs.writeFileSync(file, "abc");
    assert.equal(
      await checksumFile(file, "sha256"),
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(await checksumFile(file, "md5"), "md5:900150983cd24fb0d6963f7d28e17f72");
    assert.equal(await checksumFile(file, "none"), null);
  });
});

const summary = summarizeTracks([{
  longitude: Float64Array.of(10, 10.1),
  latitude: Float64Array.of(20, 20.1),
}], 8);

function withNamedFiles(names: string[], run: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    for (const name of names) fs.writeFileSync(path.join(folder, name), name);
    await run(folder);
  });
}

async function collect(rows: AsyncIterable<GranuleRow>): Promise<GranuleRow[]> {
  const all: GranuleRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

Deno.test("rows come in the order of the files, with no more in work than allowed, failures identified by file", async () => {
  const names = Array.from({ length: 20 }, (_, i) => `g${String(i).padStart(2, "0")}.h5`);
  await withNamedFiles(names, async (folder) => {
    let working = 0;
    let most = 0;
    const scan: ScanFile = async (file) => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, (file.charCodeAt(file.length - 4) % 4) * 3));
      working -= 1;
      if (file.endsWith("g07.h5")) throw new GranaryError("granule", `${file}: is no HDF5 file`);
      return {
        summary,
        groups: { present: ["gt1l"], empty: ["gt1r"], missing: [] },
        rows: 2,
        facts: { collection: "X.001", start: 5, end: 9 },
        runs: [],
      };
    };
    const failed: string[] = [];
    const rows = await collect(localRows(findLocalFiles([folder]), {
      scan,
      checksum: "none",
      concurrency: 3,
      onFailure: (file, error) => failed.push(`${path.basename(file)} ${error.tag}`),
    }));
    assert.deepEqual(rows.map(({ id }) => id), names.filter((name) => name !== "g07.h5"));
    assert.deepEqual(failed, ["g07.h5 granule"]);
    assert.equal(most, 3);
    const { local_base, path: inner, start_datetime, end_datetime, provider, cells, properties } = rows[0];
    assert.deepEqual(
      { local_base, inner, start_datetime, end_datetime, provider, cells, properties },
      {
        local_base: `${folder}/`,
        inner: "g00.h5",
        start_datetime: 5,
        end_datetime: 9,
        provider: "local",
        cells: summary.cells,
        properties: { groups: ["gt1l"], empty: ["gt1r"], observations: 2 },
      },
    );
  });
});

Deno.test("without a listener the first failure ends the walk; a bug always does", async () => {
  await withNamedFiles(["a.h5", "b.h5", "c.h5"], async (folder) => {
    const options = { checksum: "none", concurrency: 2 } as const;
    const broken: ScanFile = (file) => Promise.reject(new GranaryError("granule", `${file}: broken`));
    await assert.rejects(collect(localRows(findLocalFiles([folder]), { ...options, scan: broken })), {
      tag: "granule",
    });
    const bug: ScanFile = () => Promise.reject(new TypeError("undefined is not a function"));
    const reported: string[] = [];
    const walk = localRows(findLocalFiles([folder]), {
      ...options,
      scan: bug,
      onFailure: (file) => reported.push(file),
    });
    await assert.rejects(collect(walk), TypeError);
    assert.deepEqual(reported, []);
  });
});

Deno.test("building onto a catalog keeps it, replaces by revision, and removes what it is asked to", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "c.parquet");
    const query = (source: string) => ({ source, parameters: {} });
    const first = [
      sampleRow({ id: "kept" }),
      sampleRow({ id: "changed", path: "old" }),
      sampleRow({ id: "deleted" }),
    ];
    await buildCatalog({ rows: first, output: file, cellOrder: 8, queries: [query("a")] });
    const result = await buildCatalog({
      rows: [sampleRow({ id: "changed", path: "new", revision: 2 }), sampleRow({ id: "added" })],
      output: file,
      cellOrder: 8,
      queries: () => [query("b")],
      onto: file,
      removed: { conceptIds: [], names: [{ provider: "TESTER", id: "deleted" }] },
    });
    assert.deepEqual([result.rows, result.replaced, result.removed], [3, 1, 1]);
    const catalog = await openCatalog(file);
    try {
      const paths = Object.fromEntries((await allRows(catalog)).map((row) => [row.id, row.path]));
      assert.deepEqual(paths, { kept: "a/g1.h5", changed: "new", added: "a/g1.h5" });
      assert.deepEqual(catalog.metadata.queries.map(({ source }) => source), ["a", "b"]);
    } finally {
      catalog.close();
    }
  });
});
