import assert from "node:assert/strict";
import path from "node:path";
import { aggregate } from "../../../aggregate/aggregate.ts";
import { planFromCatalog } from "../../../aggregate/plan_from_catalog.ts";
import { requestedPipeline } from "../../../aggregate/requested_pipeline.ts";
import { LazyDuck } from "../../../core/tables/lazy_duck.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";

/** A catalog of granules that the preset takes. */
async function catalogIn(folder: string): Promise<string> {
  const catalog = path.join(folder, "catalog.parquet");
  const rows = ["a", "b"].map((id) => sampleRow({ id, collection: "ATL06.006" }));
  await writeCatalog(catalog, rows);
  return catalog;
}

Deno.test("a small catalog is planned from without DuckDB, and one is started for a condition; the plans are the same", async () => {
  await withFolder(async (folder) => {
    const catalog = await catalogIn(folder);
    const { pipeline } = await requestedPipeline({ config: "atl06" }, assert.fail);
    const planned = async (where: string | undefined, started: boolean) => {
      const duck = new LazyDuck({ threads: 1 });
      if (started) await duck.start();
      const { plan } = await planFromCatalog(catalog, { duck }, pipeline, { filter: { where } }, undefined);
      return { asked: duck.isOpen, plan };
    };
    const [plain, started, conditioned] = [
      await planned(undefined, false),
      await planned(undefined, true),
      await planned("true", false),
    ];
    assert.deepEqual([plain.asked, started.asked, conditioned.asked], [false, true, true]);
    assert.deepEqual(plain.plan, started.plan);
    assert.equal(JSON.stringify(plain.plan), JSON.stringify(started.plan));
    assert.deepEqual(plain.plan.ranks, conditioned.plan.ranks);
  });
});

Deno.test("a scratch folder that cannot be is refused where DuckDB needs none, too", async () => {
  await withFolder(async (folder) => {
    const request = {
      config: "atl06",
      catalog: await catalogIn(folder),
      store: path.join(folder, "s"),
      dryRun: true,
    };
    await aggregate(request);
    const refused = /cannot make a scratch folder .*--scratch/;
    await assert.rejects(aggregate({ ...request, scratch: "/dev/null/none" }), refused);
  });
});
