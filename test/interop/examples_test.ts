/** The Python examples run as they stand. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { ROOT, shell, temporaryFolder } from "../support/binary.ts";
import { hasPeer } from "../support/python.ts";

Deno.test({
  name: "read_store.py opens a store in xarray and xdggs",
  ignore: !hasPeer("xarray", "zarr", "xdggs"),
  fn: async () => {
    const folder = temporaryFolder("granary-examples-");
    const made = await shell(`bash ${path.join(ROOT, "examples", "map.sh")} ${folder}`);
    assert.equal(made.code, 0, made.stderr);
    const script = path.join(ROOT, "examples", "read_store.py");
    const run = spawnSync(process.env.GRANARY_TEST_PYTHON!, [script, path.join(folder, "store.zarr"), "12"], {
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stderr);
    const { cells, mean_height, southernmost } = JSON.parse(run.stdout.trim().split("\n").at(-1)!);
    assert.ok(cells > 100);
    assert.ok(mean_height > 0 && mean_height < 4500);
    assert.ok(southernmost < -80 && southernmost >= -90);
  },
});
