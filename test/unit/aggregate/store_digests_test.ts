/**
 * The bytes of stores and catalogs are those that earlier versions made: digests that were taken once. One may
 * change only where its results are meant to, together with ENGINE_VERSION (stores), or where DuckDB writes
 * other bytes for the same rows (catalogs).
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { aggregate, type AggregateRequest } from "../../../aggregate/aggregate.ts";
import { boxArea } from "../../../core/geometry/area.ts";
import { simulate } from "../../../products/simulate/simulate.ts";
import { writeCatalog } from "../../../catalog/write/write.ts";
import { sampleRow, withFolder } from "../catalog/sample.ts";
import { catalogOf, digests, scratchFolder } from "./engine/granules.ts";

const STORES: Readonly<Record<string, [request: Partial<AggregateRequest>, digest: string]>> = {
  "a preset": [{}, "64da83bc89bff310"],
  "a sphere of several levels": [
    { layout: "sphere", levels: "9,11,4", childOrder: 11, parentOrder: 5 },
    "f82d09fa83544385",
  ],
  "geodetic cells and shards of one parent": [{ latitude: "geodetic", shard: 1 }, "59a1292007025f52"],
  "a clipped box": [{ areas: [boxArea(-52, 61, -30, 78)], clip: "observations" }, "61acbba13e0ce2fa"],
};

let made: Promise<string> | undefined;

function catalog(): Promise<string> {
  return made ??= (async () => {
    const folder = scratchFolder();
    const files = await simulate(path.join(folder, "h5"), {
      granules: 4,
      rows: 400,
      seed: 21,
      sheet: "greenland",
    });
    const file = path.join(folder, "catalog.parquet");
    await catalogOf(files.map((one) => one.path), file);
    return file;
  })();
}

/** Of every object but the root's document, which names the version of this program. */
function digestOf(store: string): string {
  const objects = Object.entries(digests(store)).filter(([key]) => key !== "zarr.json").sort();
  return createHash("sha256").update(JSON.stringify(objects)).digest("hex").slice(0, 16);
}

for (const [what, [request, digest]] of Object.entries(STORES)) {
  Deno.test(`the objects of ${what} are those of earlier versions`, async () => {
    const store = path.join(scratchFolder(), "store.zarr");
    await aggregate({ config: "atl06", catalog: await catalog(), workers: 1, ...request, store });
    assert.equal(digestOf(store), digest);
  });
}

Deno.test("the bytes of a catalog are those of earlier versions", () =>
  withFolder(async (folder) => {
    const file = path.join(folder, "c.parquet");
    await writeCatalog(file, ["b", "a", "c"].map((id) => sampleRow({ id })));
    assert.equal(
      createHash("sha256").update(fs.readFileSync(file)).digest("hex").slice(0, 16),
      "52b43fa071b72e28",
    );
  }));
