/** A planned run whose run directory and store lie in an S3 that nobody here wrote, a task at a time. */
import assert from "node:assert/strict";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { granary } from "../support/binary.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { objectDigest, ok, simulatedWorld, treeDigest } from "../support/run_world.ts";
import path from "node:path";

Deno.test({
  name: "tasks over S3: plan, scatter, reduce and finish with the bytes of a local run",
  ignore: !hasMoto,
  fn: async () => {
    const { folder, args } = await simulatedWorld(6, 300);
    await ok([...args, "-o", "local.zarr"], { cwd: folder });
    const moto = await startMoto();
    try {
      await moto.createBucket("stores");
      await moto.authenticate();
      const env = {
        AWS_ENDPOINT_URL_S3: moto.url,
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const options = { cwd: folder, env };
      const store = "s3://stores/tasks/s.zarr", run = `${store}.run`;
      const state = async () => JSON.parse(await ok(["runs", run, "--json"], options));
      await ok([...args, "-o", store, "--plan-only", "--batches", "3"], options);
      const early = await granary(["work", run, "--reduce", "0"], options);
      assert.equal(early.code, 2);
      assert.match(early.stderr, /not scattered yet/);
      for (const n of (await state()).batches.left) await ok(["work", run, "--scatter", String(n)], options);
      for (const n of (await state()).shards.left) await ok(["work", run, "--reduce", String(n)], options);
      await ok(["finish", run], options);
      assert.equal((await state()).finished, true);

      const opener = new SourceOpener({ env: { HOME: folder, ...env } });
      const target = openTarget(store, opener);
      assert.deepEqual(await objectDigest(target), treeDigest(path.join(folder, "local.zarr")));

      // An object that was cut is found by its size, and made again.
      const [shard] = (await target.list("12/")).filter((key) => /\/c\/\d+$/.test(key));
      const bytes = (await target.get(shard))!;
      await target.put(shard, bytes.subarray(0, bytes.length - 7));
      const resumed = await granary([...args, "-o", store, "--resume", "--json"], options);
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stderr, /1 because their objects are gone or damaged/);
      assert.deepEqual(await target.get(shard), bytes);
      await opener.close();
    } finally {
      await moto.stop();
    }
  },
});
