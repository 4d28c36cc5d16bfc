/** A whole run within an S3 that nobody here wrote: granules, store and run directory as objects. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { finish, granary, startGranary, temporaryFolder } from "../support/binary.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { objectDigest } from "../support/run_world.ts";
import { changeCatalog, treeDigests, treeText } from "../support/remote_world.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

Deno.test({
  name:
    "granules in S3 become a store in S3 with the bytes of a local run, also after a kill, and are looked at there",
  ignore: !hasMoto || !hasSharedData,
  fn: async () => {
    const golden = fs.readdirSync(sharedData("atl06")).filter((name) => /_002_01\.h5$/.test(name)).map((
      name,
    ) => sharedData(`atl06/${name}`));
    const folder = temporaryFolder("granary-s3-run-");
    const local = path.join(folder, "local.parquet");
    const built = await granary([
      "catalog",
      "build",
      "--from",
      "local",
      ...golden,
      "-c",
      "atl06",
      "-o",
      local,
    ]);
    assert.equal(built.code, 0, built.stderr);
    const plain = await granary([
      "aggregate",
      "-c",
      "atl06",
      "--catalog",
      local,
      "-o",
      path.join(folder, "local.zarr"),
    ]);
    assert.equal(plain.code, 0, plain.stderr);

    const moto = await startMoto();
    try {
      await moto.createBucket("granules");
      await moto.createBucket("stores");
      await moto.authenticate();
      const env = {
        AWS_ENDPOINT_URL_S3: moto.url,
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const opener = new SourceOpener({ env: { HOME: folder, ...env } });
      const source = openTarget("s3://granules/ATL06 (006)", opener);
      for (const file of golden) await source.put(path.basename(file), new Uint8Array(fs.readFileSync(file)));
      const catalog = path.join(folder, "s3.parquet");
      await changeCatalog(local, catalog, (row) => ({
        local_base: null,
        s3_base: "s3://granules/ATL06 (006)/",
        path: path.basename(row.path),
      }));
      const run = await granary(
        [
          "aggregate",
          "-c",
          "atl06",
          "--catalog",
          catalog,
          "--driver",
          "s3",
          "-o",
          "s3://stores/runs/one.zarr",
        ],
        { env },
      );
      assert.equal(run.code, 0, run.stderr);
      const store = openTarget("s3://stores/runs/one.zarr", opener);
      const digests = await objectDigest(store);
      assert.deepEqual(digests, treeDigests(path.join(folder, "local.zarr")));
      // A run that is killed while its store grows, and goes on from what S3 has.
      const place = "s3://stores/runs/killed.zarr";
      const again = ["aggregate", "-c", "atl06", "--catalog", catalog, "--driver", "s3", "-o", place];
      const child = startGranary([...again, "--checkpoint", "0"], { env });
      const ended = finish(child);
      const records = openTarget(`${place}.run`, opener);
      for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
        if ((await records.list("scatter/")).length > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGKILL");
      assert.equal((await ended).signal, "SIGKILL");
      const killed = openTarget(place, opener);
      assert.equal(await killed.get("zarr.json"), undefined, "a store that is not whole is no store");
      const resumed = await granary([...again, "--resume"], { env, timeoutMs: 200_000 });
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.deepEqual(await objectDigest(killed), digests);

      const here = await granary(["inspect", path.join(folder, "local.zarr"), "--json"]);
      const there = await granary(["inspect", place, "--json"], { env });
      assert.equal(there.code, 0, there.stderr);
      assert.deepEqual(JSON.parse(there.stdout).levels, JSON.parse(here.stdout).levels);
      const maps = ["here.png", "there.png"].map((name) => path.join(folder, name));
      for (const [i, store] of [path.join(folder, "local.zarr"), place].entries()) {
        const drawn = await granary(["plot", store, "--variable", "h_mean", "-o", maps[i], "--title", "h"], {
          env,
        });
        assert.equal(drawn.code, 0, drawn.stderr);
      }
      assert.equal(Buffer.compare(fs.readFileSync(maps[0]), fs.readFileSync(maps[1])), 0);
      const shown = run.stdout + run.stderr + treeText(folder);
      assert.ok(!shown.includes(moto.keys.secretAccessKey) && !shown.includes(moto.keys.accessKeyId));
    } finally {
      await moto.stop();
    }
  },
});
