/** The demo: from nothing to a map, in an empty folder. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { decode } from "fast-png";
import { granary, temporaryFolder } from "../support/binary.ts";

Deno.test("the demo makes granules, a catalog, a store and a map, and shows the commands that did it", async () => {
  const folder = temporaryFolder();
  const { code, stdout, stderr } = await granary(["demo", "--granules", "6"], { cwd: folder });
  assert.equal(code, 0, stderr);
  // Data is not what a demo prints.
  assert.equal(stdout, "");
  const at = path.join(folder, "granary-demo");
  assert.equal(fs.readdirSync(path.join(at, "granules")).length, 6);
  assert.equal(fs.readFileSync(path.join(at, "catalog.parquet")).subarray(0, 4).toString(), "PAR1");
  assert.ok(fs.existsSync(path.join(at, "store.zarr", "zarr.json")));
  const map = decode(fs.readFileSync(path.join(at, "map.png")));
  assert.ok(map.width >= 600 && map.height >= 400);
  for (const command of ["simulate", "catalog build", "aggregate", "plot"]) {
    assert.match(stderr, new RegExp(`^\\$ granary ${command} `, "m"));
  }
  assert.match(stderr, /real data/);

  const again = await granary(["demo"], { cwd: folder });
  assert.equal(again.code, 2);
  assert.match(again.stderr, /granary-demo exists already/);
});
