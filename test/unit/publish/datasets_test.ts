import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { SourceOpener } from "../../../core/access/open.ts";
import { checkStac } from "../../../core/stac/check.ts";
import { DATASET_NAMES, datasetText } from "../../../products/datasets/index.ts";
import { loadDataset } from "../../../publish/config/load.ts";
import { parseDataset } from "../../../publish/config/parse.ts";
import { publishDataset } from "../../../publish/publish.ts";
import { PublishDirectory } from "../../../publish/run/directory.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

Deno.test("every dataset that comes along is sound, and known by its name", () => {
  assert.equal(DATASET_NAMES.length, 8);
  for (const name of DATASET_NAMES) {
    const dataset = loadDataset(name);
    assert.ok(dataset.discover.every(({ from }) => from === "cmr"), name);
    assert.ok(dataset.collection.title !== null && dataset.collection.license !== "other", name);
    assert.equal(path.basename(dataset.output), name);
  }
  assert.throws(() => loadDataset("omto3e"), /neither a dataset of granary's nor a file.*omto3d/);
});

const REAL: readonly [name: string, file: string, time: string, assets: readonly string[]][] = [
  [
    "omto3d",
    "omi/OMI-Aura_L3-OMTO3d_2016m0331_v003.he5",
    "2016-03-31T00:00:00Z",
    ["ColumnAmountO3", "RadiativeCloudFraction", "UVAerosolIndex"],
  ],
  [
    "omso2e",
    "omi/OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5",
    "2004-10-01T00:00:00Z",
    ["ColumnAmountO3", "ColumnAmountSO2", "QualityFlags_SO2"],
  ],
  ["merra2_slv", "grids/M2T1NXSLV_geo_temporal.nc4", "", ["PS"]],
  ["hls_fmask", "cog/HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif", "2024-10-09T16:51:35Z", ["data"]],
];

for (const [name, file, start, assets] of REAL) {
  Deno.test({
    name: `${name} publishes a real granule`,
    ignore: !hasSharedData,
    fn: async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-dataset-"));
      try {
        const from = sharedData(file);
        const found = {
          from: "local",
          path: path.dirname(from),
          match: path.basename(from),
          id: null,
        } as const;
        const dataset = { ...parseDataset(datasetText(name) ?? "", name), discover: [found] };
        const output = path.join(folder, "out");
        const [target] = dataset.targets;
        const opener = new SourceOpener({ env: { HOME: "/nonexistent" } });
        const published = await publishDataset(
          PublishDirectory.at(path.join(folder, "run"), opener),
          { ...dataset, output, targets: [{ ...target, to: output }] },
          { opener },
        );
        assert.ok("report" in published);
        assert.deepEqual([published.report.published, published.report.failed], [1, []]);
        const collection = JSON.parse(fs.readFileSync(path.join(output, "collection.json"), "utf8"));
        assert.deepEqual(checkStac(collection).faults, []);
        const links: { rel: string; href: string }[] = collection.links;
        const items = links.filter(({ rel }) => rel === "item");
        assert.ok(items.length >= 1);
        for (const { href } of items) {
          const item = JSON.parse(fs.readFileSync(path.join(output, href), "utf8"));
          assert.deepEqual(checkStac(item).faults, []);
          assert.deepEqual(Object.keys(item.assets).sort(), assets);
          if (name === "hls_fmask") {
            const cog = fs.readFileSync(path.join(output, "items", "2024", item.assets.data.href));
            assert.deepEqual(cog, fs.readFileSync(from), "a COG stays as it is, byte for byte");
            assert.equal(
              item.assets.data["file:checksum"],
              `1220${createHash("sha256").update(cog).digest("hex")}`,
            );
          }
          if (start !== "") assert.equal(item.properties.start_datetime ?? item.properties.datetime, start);
        }
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  });
}
