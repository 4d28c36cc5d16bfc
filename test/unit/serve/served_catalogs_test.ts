/** Which files of a folder are catalogs. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { writeCellIndex } from "../../../catalog/cell_index/write_index.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { ServedCatalogs } from "../../../serve/search/served_catalogs.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";

Deno.test("of a folder the catalogs are served, not the cell indices beside them", async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, "s2.parquet");
    await writeCatalog(file, [sampleRow()]);
    await writeCellIndex(file);
    // A catalog of such a name that lies beside no other is one.
    fs.copyFileSync(file, path.join(folder, "land.cells.parquet"));
    const served = await ServedCatalogs.open([folder], { note: () => {} });
    assert.deepEqual(served.names(), ["land.cells", "s2"]);
    served.close();
  });
});

Deno.test("the first question after a catalog's file was replaced is answered by the new one", () =>
  withFolder(async (folder) => {
    const file = path.join(folder, "s2.parquet");
    const next = path.join(folder, "next");
    await writeCatalog(file, [sampleRow()]);
    const notes: string[] = [];
    let now = 0;
    const served = await ServedCatalogs.open([file], {
      note: (text) => void notes.push(text),
      now: () => now,
    });
    const size = async () => (await served.get("s2"))?.size;
    assert.equal(await size(), 1);
    await writeCatalog(next, [sampleRow(), sampleRow({ id: "another" })]);
    fs.renameSync(next, file);
    now += 2000;
    assert.equal(await size(), 2);
    fs.writeFileSync(file, "no catalog");
    now += 2000;
    assert.equal(await size(), 2);
    assert.match(notes.join("\n"), /taken up[^]*could not be read; the old one stays/);
    served.close();
  }));
