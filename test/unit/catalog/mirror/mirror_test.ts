import assert from "node:assert/strict";
import { parseDrivers } from "../../../../catalog/driver_choice.ts";
import { fetchGranules } from "../../../../catalog/mirror/fetch.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { GranaryError } from "../../../../core/errors.ts";
import fs from "node:fs";
import path from "node:path";
import { assetLocation, locationsOf, parseDriver } from "../../../../catalog/locations.ts";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { mirrorBase, rebaseCatalog } from "../../../../catalog/mirror/rebase.ts";
import { granuleUrls } from "../../../../catalog/query/urls.ts";
import { boxArea } from "../../../../core/geometry/area.ts";
import { writeCatalog } from "../../../../catalog/write/write.ts";
import { allRows, sampleRow, withCatalog, withFolder, withNote } from "../sample.ts";

Deno.test("a location is base and path, or the asset's own href", () => {
  const row = sampleRow();
  assert.deepEqual(locationsOf(row, "s3"), ["s3://bucket/a/g1.h5"]);
  assert.deepEqual(locationsOf(row, "local"), []);
  const asset = {
    key: "k",
    path: null,
    media_type: null,
    size_bytes: null,
    checksum: null,
    s3_href: "s3://other/k",
    https_href: null,
    local_href: null,
    s3_credentials: null,
  };
  assert.equal(assetLocation(row, asset, "s3"), "s3://other/k");
  assert.equal(assetLocation(row, asset, "https"), null);
  assert.throws(() => parseDriver("ftp"), /driver "ftp" is not known \(wanted s3, https, local\)/);
});

Deno.test("rebasing points at provider/collection/path, and only at files that are there when asked", async () => {
  await withFolder(async (folder) => {
    const input = path.join(folder, "in.parquet");
    const mirror = path.join(folder, "mirror");
    const rows = [
      sampleRow({ id: "here", path: "a/here.h5" }),
      sampleRow({ id: "absent", path: "a/absent.h5" }),
      sampleRow({ id: "climber", path: "../../etc/passwd" }),
      sampleRow({ id: "odd", provider: "../up" }),
    ];
    await writeCatalog(input, rows, { queries: [{ source: "test", parameters: {} }] });
    fs.mkdirSync(path.join(mirror, "TESTER", "TEST.001", "a"), { recursive: true });
    fs.writeFileSync(path.join(mirror, "TESTER", "TEST.001", "a", "here.h5"), "x");
    const base = `${mirror}/TESTER/TEST.001/`;
    for (const existingOnly of [false, true]) {
      const output = path.join(folder, `out-${existingOnly}.parquet`);
      const result = await rebaseCatalog(input, output, { mirror, existingOnly });
      assert.deepEqual([result.rebased, result.there, result.unsafe, result.rows], [
        existingOnly ? 1 : 2,
        1,
        2,
        4,
      ]);
      const catalog = await openCatalog(output);
      try {
        const bases = Object.fromEntries((await allRows(catalog)).map((row) => [row.id, row.local_base]));
        assert.deepEqual(bases, { here: base, absent: existingOnly ? null : base, climber: null, odd: null });
        assert.equal(catalog.metadata.queries.length, 1);
      } finally {
        catalog.close();
      }
    }
    assert.ok(fs.existsSync(base + rows[0].path));
  });
  assert.equal(mirrorBase("/m", sampleRow({ collection: "a/b" })), undefined);
  assert.equal(mirrorBase("/m", sampleRow({ path: "/absolute" })), undefined);
});

Deno.test("urls come in canonical order, under filters and the exact test of an area", async () => {
  const rows = [
    sampleRow({ id: "z", collection: "A.1", path: "z" }),
    sampleRow({ id: "a", collection: "B.1", path: "a" }),
    sampleRow({ id: "b", collection: "A.1", path: "b", https_base: null }),
    sampleRow({ id: "c", collection: "A.1", path: "c", geometry: null, bbox: null }),
  ];
  await withCatalog(rows, async (catalog) => {
    const list = async (filter: Parameters<typeof granuleUrls>[2]) => {
      const found: [string, string[]][] = [];
      for await (const { id, urls } of granuleUrls(catalog, "https", filter)) found.push([id, urls]);
      return found;
    };
    const url = (name: string) => [`https://host.example/bucket/${name}`];
    assert.deepEqual(await list({}), [["b", []], ["c", url("c")], ["z", url("z")], ["a", url("a")]]);
    assert.deepEqual(await list({ where: "path > 'b'" }), [["c", url("c")], ["z", url("z")]]);
    // The line runs from 50 W, 70 N to 49.5 W, 72 N: the first box holds a part of it, the second only its box.
    assert.equal((await list({ areas: [boxArea(-49.9, 70.2, -49.7, 71)] })).length, 3);
    assert.equal((await list({ areas: [boxArea(-49.65, 70.1, -49.51, 70.4)] })).length, 0);
    await assert.rejects(list({ where: "nope" }), /--where "nope"/);
  });
});

Deno.test("a mirror's catalog keeps the rows of before, newer ones of the same granule replace them", async () => {
  await withFolder(async (folder) => {
    const [first, second, output] = ["first", "second", "mirror"].map((name) =>
      path.join(folder, `${name}.parquet`)
    );
    const query = (source: string) => [{ source, parameters: {} }];
    await writeCatalog(first, [sampleRow({ id: "a" }), sampleRow({ id: "b", revision: 1 })], {
      cellOrder: 8,
      queries: query("one"),
    });
    await writeCatalog(second, [
      sampleRow({ id: "b", revision: 2, path: "new/b.h5" }),
      sampleRow({ id: "c" }),
    ], {
      cellOrder: 8,
      queries: query("two"),
    });
    await rebaseCatalog(first, output, { mirror: folder });
    for (let again = 0; again < 2; again++) {
      await rebaseCatalog(second, output, { mirror: folder, onto: output });
    }
    const catalog = await openCatalog(output);
    try {
      const rows = new Map((await allRows(catalog)).map((row) => [row.id, row]));
      assert.deepEqual([...rows.keys()].sort(), ["a", "b", "c"]);
      assert.deepEqual([rows.get("b")!.revision, rows.get("b")!.path], [2, "new/b.h5"]);
      assert.deepEqual(catalog.metadata.queries.map(({ source }) => source), ["one", "two"]);
    } finally {
      catalog.close();
    }
  });
});

Deno.test("a mirror that is not there is refused, and nothing is written", async () => {
  await withFolder(async (folder) => {
    const input = path.join(folder, "in.parquet");
    await writeCatalog(input, [sampleRow()]);
    for (const mirror of [path.join(folder, "none"), input]) {
      const output = path.join(folder, "out.parquet");
      await assert.rejects(rebaseCatalog(input, output, { mirror }), /no such folder/);
      assert.ok(!fs.existsSync(output));
    }
  });
});

Deno.test("granules that lie on this machine alone cannot be fetched, and their catalog says so", async () => {
  await withFolder(async (folder) => {
    const input = path.join(folder, "in.parquet");
    const local = { s3_base: null, https_base: null, local_base: `${folder}/` };
    await writeCatalog(input, [sampleRow({ id: "1", ...local }), sampleRow({ id: "2", ...local })]);
    const to = path.join(folder, "mirror");
    const options = { to, opener: new SourceOpener({ env: {} }), drivers: parseDrivers("auto") };
    await assert.rejects(fetchGranules(input, options), (error: unknown) => {
      assert.ok(error instanceof GranaryError && error.tag === "input");
      assert.match(error.message, /none of 2 granules has an address to fetch from/);
      return true;
    });
    assert.ok(!fs.existsSync(to));
  });
});

Deno.test("columns of others are not lost by rebasing in place, or by a mirror's next fetch", async () => {
  await withFolder(async (folder) => {
    const [plain, noted, out] = ["plain", "noted", "out"].map((name) => path.join(folder, name));
    await writeCatalog(plain, [sampleRow()]);
    await withNote(plain, noted);
    const before = fs.readFileSync(noted);
    await assert.rejects(rebaseCatalog(noted, noted, { mirror: folder }), /noted: it would lose .*"note"/);
    const onto = rebaseCatalog(plain, noted, { mirror: folder, onto: noted });
    await assert.rejects(onto, /noted: it would lose .*"note"/);
    assert.deepEqual(fs.readFileSync(noted), before);
    const warnings: string[] = [];
    await rebaseCatalog(noted, out, { mirror: folder, warn: (message) => warnings.push(message) });
    assert.deepEqual(warnings, [`${noted}: left out its columns that are not a catalog's: "note"`]);
  });
});
