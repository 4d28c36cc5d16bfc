import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bridgeScenes } from "../../../support/bridge_scenes.ts";

for (const [name, run] of Object.entries(bridgeScenes)) Deno.test(name, run);

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bun = path.join(root, "node_modules", ".bin", "bun");

Deno.test({
  name: "the bridge does the same in Bun, which makes the binary",
  ignore: !fs.existsSync(bun),
  fn: async () => {
    const script = path.join(root, "test", "support", "bridge_scenes_bun.ts");
    const { stdout } = await promisify(execFile)(bun, [script], { cwd: root, timeout: 60_000 });
    assert.deepEqual(stdout.trim().split("\n"), Object.keys(bridgeScenes).map((name) => `ok ${name}`));
  },
});
