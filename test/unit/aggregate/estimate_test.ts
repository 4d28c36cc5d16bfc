import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { aggregate } from "../../../aggregate/aggregate.ts";
import { loadConfig } from "../../../aggregate/config/load.ts";
import { calibrate } from "../../../aggregate/calibrate.ts";
import { estimateOf } from "../../../aggregate/estimate.ts";
import { LIST_PRICES } from "../../../runs/prices.ts";
import { localGranules } from "../../../aggregate/local_granules.ts";
import { buildCatalog } from "../../../catalog/write/build.ts";
import { simulate } from "../../../products/simulate/simulate.ts";
import { temporaryFolder } from "../../support/binary.ts";

Deno.test("an estimate is what one granule costs, times as many, kept in the cache folder; unknown is said", async () => {
  const folder = temporaryFolder("granary-estimate-");
  const granules = path.join(folder, "granules");
  await simulate(granules, { granules: 4, rows: 1200, seed: 9, sheet: "antarctica" });
  const { pipeline } = loadConfig("atl06");
  const catalog = path.join(folder, "c.parquet");
  const files = fs.readdirSync(granules).sort().map((name) => path.join(granules, name));
  const found = localGranules(files, { config: pipeline, cellOrder: 8, workers: 0 });
  await buildCatalog({ rows: found.rows, output: catalog, cellOrder: 8, queries: [] });
  await found.close();
  const request = {
    config: pipeline,
    catalog,
    store: path.join(folder, "s.zarr"),
    childOrder: 9,
    levels: "9,6",
    workers: 0,
  };
  const { plan } = await aggregate({ ...request, dryRun: true });
  const locations = plan.granules.map((_, g) => ({ kind: "local" as const, url: files[g] }));
  const env = { XDG_CACHE_HOME: path.join(folder, "cache") };
  const sizes = { workers: 2, memoryBytes: 4e9 };

  const measured = await calibrate(plan, { locate: (g) => locations[g], remote: false, env });
  assert.ok(typeof measured !== "string", String(measured));
  const estimate = estimateOf(plan, measured, sizes, LIST_PRICES);
  const { report } = await aggregate(request);
  // All granules are of one kind, so what one costs tells of all.
  const near = (found: number | null, real: number, off: number) =>
    assert.ok(Math.abs(found! / real - 1) < off, `${found} for ${real}`);
  near(estimate.readBytes, report!.reads.bytes, 0.05);
  near(estimate.requests, report!.reads.requests, 0.05);
  near(estimate.observations, report!.storeObservations, 0.15);
  assert.ok(estimate.storeBytes!.least <= 1.5 * report!.storeBytes);
  assert.ok(estimate.storeBytes!.most >= report!.storeBytes / 1.5);
  assert.ok(estimate.seconds! > 0 && estimate.lambda!.dollars! > 0 && estimate.memoryBytes <= 4e9);
  assert.equal(estimate.unknown, null);
  assert.ok(!fs.existsSync(path.join(folder, "s.zarr.run", "calibration")));

  // The second time nothing is read: the granules may be gone.
  const gone = (g: number) => ({ kind: "local" as const, url: `${files[g]}.gone` });
  assert.deepEqual(await calibrate(plan, { locate: gone, remote: false, env }), measured);
  const elsewhere = { XDG_CACHE_HOME: path.join(folder, "other") };
  const none = await calibrate(plan, { locate: gone, remote: false, env: elsewhere });
  assert.match(String(none), /no granule is on this machine/);
  const unknown = estimateOf(plan, none, sizes, LIST_PRICES);
  assert.deepEqual([unknown.readBytes, unknown.seconds, unknown.lambda], [null, null, null]);
  assert.equal(unknown.unknown, none);
  assert.equal(unknown.granuleBytes, files.reduce((sum, file) => sum + fs.statSync(file).size, 0));
});
