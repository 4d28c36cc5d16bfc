/** The library alone, by mod.ts: catalog, plan, run and look at the real granules. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  aggregate,
  buildCatalog,
  catalogInfo,
  GranaryError,
  loadConfig,
  localGranules,
  openCatalog,
  openStore,
  planRun,
  prepareRun,
  select,
} from "../../mod.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const GREENLAND = /^processed_ATL06_2019.*_002_01\.h5$/;

Deno.test({
  name: "a program of a page catalogs, plans, aggregates and reads the real granules",
  ignore: !hasSharedData,
  fn: async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-library-"));
    try {
      const files = fs.readdirSync(sharedData("atl06")).filter((name) => GREENLAND.test(name))
        .map((name) => sharedData(`atl06/${name}`));
      const { pipeline } = loadConfig("atl06");
      const output = path.join(folder, "catalog.parquet");
      const found = localGranules(files, { config: pipeline, workers: 2 });
      try {
        const written = await buildCatalog({
          rows: found.rows,
          queries: () => [found.query()],
          output,
          cellOrder: 8,
        });
        assert.equal(written.rows, 8);
        assert.deepEqual(found.failures, []);
      } finally {
        await found.close();
      }

      const catalog = await openCatalog(output);
      try {
        assert.equal((await catalogInfo(catalog)).granules, 8);
        const { parents, ranks, granules } = await select(catalog, { order: 6, convention: "authalic" });
        const selection = { parents: Array.from(parents), granules, ranks, leftOut: [] };
        // The pure planner, and the one that takes the config's word for what is selected, agree.
        assert.equal(planRun(selection, pipeline).key, (await prepareRun(catalog, pipeline)).key);
      } finally {
        catalog.close();
      }

      const place = path.join(folder, "store.zarr");
      const { plan, report } = await aggregate({
        config: pipeline,
        catalog: output,
        store: place,
        workers: 2,
      });
      assert.equal(plan.granules.length, 8);
      assert.equal(report!.observations.kept, 22_284);
      await assert.rejects(
        aggregate({ config: pipeline, catalog: output, store: place }),
        (error) => error instanceof GranaryError && error.tag === "input",
      );

      const store = await openStore(place);
      try {
        const { cellIds, values } = await store.read("count", 12);
        const counts = new Map<number, number>();
        cellIds.forEach((id, i) => {
          const count = Number((values as ArrayLike<number>)[i]);
          if (count > 0) counts.set(Number(id), count);
        });
        const golden = JSON.parse(
          fs.readFileSync(sharedData("golden/atl06_greenland_o12_authalic.json"), "utf8"),
        ).cells as { cell: number; count: number }[];
        assert.deepEqual(counts, new Map(golden.map(({ cell, count }) => [cell, count])));
      } finally {
        await store.close();
      }
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
});
