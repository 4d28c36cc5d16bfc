/** What cannot be read is left out of lists, and said once. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { GranaryError } from "../../../core/errors.ts";
import { LeftOut } from "../../../serve/http/left_out.ts";
import { startServing } from "../../support/serving.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";

Deno.test("of a folder of catalogs one that cannot be read takes no other from people", () =>
  withFolder(async (folder) => {
    await writeCatalog(path.join(folder, "s2.parquet"), [sampleRow()]);
    const { get, warnings, stop } = await startServing({ catalogs: [folder], workers: 0 });
    try {
      fs.writeFileSync(path.join(folder, "bad.parquet"), "no catalog");
      for (let turn = 0; turn < 3; turn++) {
        const all = await get("/catalogs");
        const text = await all.text();
        assert.equal(all.status, 200, text);
        assert.deepEqual(JSON.parse(text).catalogs.map(({ id }: { id: string }) => id), ["s2"]);
        const layers = await (await get("/map/layers")).json();
        assert.ok(layers.collections.length > 0);
        assert.ok(layers.collections.every(({ catalog }: { catalog: string }) => catalog === "s2"));
      }
      const own = await get("/catalogs/bad");
      assert.equal(own.status, 502);
      assert.deepEqual(await own.json(), { detail: "the catalog bad could not be read" });
      assert.equal(
        warnings.filter((line) => /^catalog bad cannot be read and is left out/.test(line)).length,
        1,
      );
      // It may be in the one that cannot be read: nobody is told that there is no such collection.
      const elsewhere = await get("/timeseries?concept_id=C1-X&temporal=2020-01-01/2020-02-01");
      assert.notEqual(elsewhere.status, 404, await elsewhere.text());
    } finally {
      await stop();
    }
  }));

Deno.test("each reason is said once until there is another; bugs and ends of requests are no reasons", async () => {
  const said: string[] = [];
  const leftOut = new LeftOut((what, why) => void said.push(`${what}: ${why}`));
  const read = (why: string | null) => () =>
    why === null ? Promise.resolve(1) : Promise.reject(new GranaryError("io", why));
  for (const why of [null, "a", "a", "b", "b", null, null, "a"]) await leftOut.one("x", read(why));
  assert.deepEqual(said, ["x: a", "x: b", "x: null", "x: a"]);
  await assert.rejects(leftOut.one("x", () => Promise.reject(new TypeError("a bug"))), TypeError);
  const stopping = new GranaryError("interrupted", "stopping");
  await assert.rejects(leftOut.one("x", () => Promise.reject(stopping)), stopping);
});
