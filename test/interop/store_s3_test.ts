/** A store in an S3 that nobody here wrote: written, listed, described and read back by range. */
import assert from "node:assert/strict";
import { describeStore } from "../../core/store/describe.ts";
import { openStore } from "../../core/store/open.ts";
import { targetReader } from "../../core/zarr/reader.ts";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { hasMoto, startMoto } from "../support/moto.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "./store_fixture.ts";

Deno.test({
  name: "a store in S3 gives the cells and values that were put, by range and by listing",
  ignore: !hasMoto,
  fn: async () => {
    const moto = await startMoto();
    try {
      await moto.createBucket("granary-stores");
      await moto.authenticate();
      const opener = new SourceOpener({
        env: {
          HOME: "/nonexistent",
          AWS_ENDPOINT_URL_S3: moto.url,
          AWS_REGION: "us-west-2",
          AWS_ACCESS_KEY_ID: moto.keys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: moto.keys.secretAccessKey,
          AWS_EC2_METADATA_DISABLED: "true",
        },
      });
      const target = openTarget("s3://granary-stores/some where/fixture.zarr", opener);
      const spec = fixtureSpec("compact");
      await writeFixture(spec, target);
      const store = await openStore(targetReader(target));
      for (const order of spec.levels) {
        const ids: number[] = [];
        for await (const part of store.cells("h_best", order)) {
          part.ids.forEach((id, i) => assert.equal(part.values[i], id / 3));
          ids.push(...part.ids);
        }
        assert.deepEqual(ids, fixtureIds(spec, order));
      }
      const description = await describeStore(store);
      assert.equal(description.objects, (await target.list("")).length);
      assert.equal(description.levels[0].cells_with_data, fixtureIds(spec, 9).length);
      await store.close();
    } finally {
      await moto.stop();
    }
  },
});
