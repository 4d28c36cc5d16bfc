import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bun = path.join(root, "node_modules", ".bin", "bun");
const here = path.join(root, "test", "unit", "core", "access");

/** Those whose code meets the engine's own fetch, sockets, workers, files and codecs. */
const FILES = [
  "https",
  "s3",
  "earthdata",
  "aws",
  "download",
  "bridge",
  "ahead",
  "file_source",
  "folder_target",
  "../deflate",
  "../geotiff/write/pack_pool",
  "../inflate",
];

Deno.test({
  name: "reading files and over networks does the same in Bun, which makes the binary",
  ignore: !fs.existsSync(bun),
  fn: () => {
    const files = FILES.map((name) => path.join(here, `${name}_test.ts`));
    const run = spawnSync(bun, [path.join(root, "test", "support", "under_bun.ts"), ...files], {
      cwd: root,
      encoding: "utf8",
      timeout: 180_000,
    });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    const [, passed, all] = /(\d+) of (\d+) passed\n$/.exec(run.stdout)!;
    assert.equal(passed, all);
    assert.ok(Number(all) > 100);
  },
});
