/** A dataset whose granules, output and run directory lie in S3, by a server that nobody here wrote. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { checkStac } from "../../core/stac/check.ts";
import { parseDataset } from "../../publish/config/parse.ts";
import { publishDataset } from "../../publish/publish.ts";
import { PublishDirectory } from "../../publish/run/directory.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { hasMoto, startMoto } from "../support/moto.ts";

Deno.test({
  name: "granules in a bucket become COGs and a static catalog in another, with the run's records there too",
  ignore: !hasMoto || !hasSharedData,
  fn: async () => {
    const moto = await startMoto();
    try {
      for (const bucket of ["archive", "published"]) await moto.createBucket(bucket);
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
        retry: { attempts: 3, baseMs: 5, capMs: 20 },
      });
      const archive = openTarget("s3://archive/omi", opener);
      const bytes = new Uint8Array(fs.readFileSync(sharedData("omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5")));
      const put = (day: string, length = bytes.length) =>
        archive.put(`2016/OMI-Aura_L3-OMTO3d_2016m${day}_v003.he5`, bytes.slice(0, length));
      await put("0331");
      const dataset = parseDataset(
        "dataset: OMTO3d.003\ndiscover: [{from: s3, prefix: s3://archive/omi/, match: '*.he5'}]\n" +
          'convert: {variables: ["**/ColumnAmountO3"]}\n' +
          "publish: [{to: s3://published/omto3d, href: https://data.example.org/omto3d}]\n",
        "d.yaml",
      );
      const directory = () => PublishDirectory.at("s3://published/runs/omto3d", opener);
      const run = async () => {
        const published = await publishDataset(directory(), dataset, { opener });
        assert.ok("report" in published);
        return published.report;
      };
      assert.deepEqual((await run()).published, 1);
      const output = openTarget("s3://published/omto3d", opener);
      const json = async (key: string) => JSON.parse(new TextDecoder().decode(await output.get(key)));
      assert.deepEqual(await output.list(""), [
        "cogs/OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif",
        "collection.json",
        "items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json",
      ]);
      const item = await json("items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json");
      assert.deepEqual(checkStac(item).faults, []);
      assert.deepEqual(checkStac(await json("collection.json")).faults, []);
      const cog = await output.get("cogs/OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif");
      assert.equal(item.assets.ColumnAmountO3["file:size"], cog?.length);
      assert.ok(
        item.links.some(({ href }: { href: string }) =>
          href === "s3://archive/omi/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5"
        ),
      );
      await put("0401");
      await put("0402", 50_000);
      const second = await run();
      assert.deepEqual([second.discovered, second.published, second.failed.length], [3, 2, 1]);
      assert.deepEqual(second.converted, { new: 2 });
      // The object's tag tells that it is another: nothing else would.
      await put("0402");
      const third = await run();
      assert.deepEqual([third.published, third.failed], [3, []]);
      const records = await directory().target.list("");
      assert.ok(records.includes("catalog.parquet") && records.includes("report.json"));
    } finally {
      await moto.stop();
    }
  },
});
