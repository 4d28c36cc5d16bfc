/** A dataset by a real Slurm: an array of granules, one of targets, and the end; then the local run's bytes. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { ok, treeDigest } from "../support/run_world.ts";
import { slurmMissing, startSlurm } from "../support/slurm.ts";

const unable = slurmMissing();
if (unable !== undefined) console.log(`no test with a real Slurm: ${unable}`);

Deno.test({
  name: "Slurm's arrays publish a dataset with the bytes of a local run, and a damaged granule is reported",
  ignore: unable !== undefined || !hasSharedData,
  fn: async () => {
    const folder = temporaryFolder("granary-publish-slurm-");
    fs.mkdirSync(path.join(folder, "granules"));
    const bytes = fs.readFileSync(sharedData("omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5"));
    for (const day of [1, 2, 3]) {
      fs.writeFileSync(
        path.join(folder, "granules", `OMI-Aura_L3-OMTO3d_2016m040${day}_v003.he5`),
        bytes.subarray(0, day === 2 ? 90_000 : bytes.length),
      );
    }
    for (const name of ["local", "slurm"]) {
      fs.writeFileSync(
        path.join(folder, `${name}.yaml`),
        `dataset: D.1\ndiscover: [{from: local, path: granules}]\npublish: [{to: ${name}}]\n`,
      );
    }
    const local = await granary(["publish", "run", "local.yaml"], { cwd: folder });
    assert.equal(local.code, 3, local.stderr);
    const slurm = await startSlurm();
    try {
      const options = { cwd: folder, env: slurm.env };
      const run = await granary(
        ["publish", "run", "slurm.yaml", "--backend", "slurm", "--wait", "--json", "--mem", "1500MB"],
        options,
      );
      assert.equal(run.code, 3, run.stderr);
      const report = JSON.parse(run.stdout);
      assert.deepEqual([report.discovered, report.published, report.failed.length], [3, 2, 1]);
      assert.deepEqual(
        treeDigest(path.join(folder, "slurm", "cogs")),
        treeDigest(path.join(folder, "local", "cogs")),
      );
      const items = (name: string) =>
        fs.readdirSync(path.join(folder, name, "items"), { recursive: true }).map(String).sort();
      assert.deepEqual(items("slurm"), items("local"));
      const again = JSON.parse(
        await ok(["publish", "run", "slurm.yaml", "--dry-run", "--json"], options),
      );
      assert.deepEqual([again.convert, again.kept, again.failed.length], [[], 2, 1]);
    } finally {
      await slurm.stop();
    }
  },
});
