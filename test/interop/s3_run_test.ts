/** A whole run within an S3 that nobody here wrote: granules, store and run directory as objects. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { SourceOpener } from "../../catalog/access/open.ts";
import { openTarget } from "../../catalog/access/targets.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { changeCatalog, treeDigests, treeText } from "../support/remote_world.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

Deno.test({
  name: "granules in S3 become a store in S3 with the bytes of a local run, signed throughout",
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
      const digests: Record<string, string> = {};
      for (const key of await store.list("")) {
        digests[key] = crypto.createHash("sha256").update((await store.get(key))!).digest("hex");
      }
      assert.deepEqual(digests, treeDigests(path.join(folder, "local.zarr")));
      const shown = run.stdout + run.stderr + treeText(folder);
      assert.ok(!shown.includes(moto.keys.secretAccessKey) && !shown.includes(moto.keys.accessKeyId));
    } finally {
      await moto.stop();
    }
  },
});
