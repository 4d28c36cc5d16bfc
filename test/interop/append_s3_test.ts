/** A store that grows in an S3 that nobody here wrote: a month by this machine, the next by Lambda's functions. */
import assert from "node:assert/strict";
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { temporaryFolder } from "../support/binary.ts";
import { LambdaEmulator } from "../support/lambda.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { objectDigest, ok, treeDigest } from "../support/run_world.ts";

const MONTHS = [["january", "2024-01-05"], ["february", "2024-02-05"]];
const GRIDS = {
  healpix: ["--child-order", "8", "--levels", "8,5", "--shard", "64"],
  plane: ["--crs", "EPSG:3031", "--resolution", "20000"],
};

Deno.test({
  name: "--append in S3, of cells and of a plane, also by Lambda: the bytes of one local run over all",
  ignore: !hasMoto,
  fn: async () => {
    const folder = temporaryFolder("granary-append-s3-");
    for (const [seed, [month, start]] of MONTHS.entries()) {
      const size = ["--granules", "2", "--rows", "100", "--seed", String(seed), "--start", start];
      await ok(["simulate", month, ...size], { cwd: folder });
      await ok(["catalog", "build", "--from", "local", month, "-c", "atl06", "-o", `${month}.parquet`], {
        cwd: folder,
      });
    }
    const catalogs = MONTHS.map(([month]) => `${month}.parquet`);
    await ok(["catalog", "merge", ...catalogs, "-o", "all.parquet"], { cwd: folder });
    const moto = await startMoto();
    try {
      await moto.createBucket("stores");
      await moto.authenticate();
      const s3 = {
        AWS_ENDPOINT_URL_S3: moto.url,
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const lambda = new LambdaEmulator({ most: 2, env: s3 });
      const opener = new SourceOpener({ env: { HOME: folder, ...s3 } });
      try {
        const options = { cwd: folder, env: { ...s3, AWS_ENDPOINT_URL_LAMBDA: await lambda.listen() } };
        const invoked = ["--backend", "lambda", "--function-name", "granary", "--batches", "2"];
        for (const [name, grid] of Object.entries(GRIDS)) {
          const run = (catalog: string, store: string, ...more: string[]) => {
            const job = ["aggregate", "-c", "atl06", "--every", "month", ...grid];
            return ok([...job, "--catalog", catalog, "-o", store, ...more], options);
          };
          const [local, grown] = [`${name}.zarr`, `s3://stores/${name}.zarr`];
          await run("all.parquet", local);
          await run(catalogs[0], grown);
          await run(catalogs[1], grown, "--append", ...invoked);
          const digests = await objectDigest(openTarget(grown, opener));
          assert.deepEqual(digests, treeDigest(path.join(folder, local)), name);
        }
        assert.ok(lambda.invocations >= 6, `${lambda.invocations} invocations`);
      } finally {
        await lambda.stop();
        await opener.close();
      }
    } finally {
      await moto.stop();
    }
  },
});
