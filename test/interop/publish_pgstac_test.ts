/** Publishing to a STAC API with transactions and to a pgstac database that nobody here wrote. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { SourceOpener } from "../../core/access/open.ts";
import { loadDataset } from "../../publish/config/load.ts";
import { publishDataset } from "../../publish/publish.ts";
import { PublishDirectory } from "../../publish/run/directory.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { hasPgstac, type StacFastapi, startStacFastapi } from "../support/stac_fastapi.ts";

const OMTO3D = "OMI-Aura_L3-OMTO3d_2016m0331_v003.he5";
const OMSO2E = "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5";

/** Of all tests here, each with a collection of its own. */
let server: StacFastapi;
if (hasPgstac && hasSharedData) {
  Deno.test.beforeAll(async () => {
    server = await startStacFastapi();
  });
  Deno.test.afterAll(() => server.close());
}

async function json(url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, init);
  const text = await response.text();
  assert.ok(response.ok, `${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

for (
  const [name, collection, target] of [
    ["a STAC API with transactions", "OMI.api", (url: string) => `{to: "${url}", api: transactions}`],
    ["a pgstac database", "OMI.database", () => "{to: pgstac, api: pgstac, token: env:PGSTAC_URL}"],
  ] as const
) {
  Deno.test({
    name: `granules published to ${name} are found by a search there, and published again change nothing`,
    ignore: !hasPgstac || !hasSharedData,
    fn: async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-pgstac-"));
      try {
        fs.mkdirSync(path.join(folder, "granules"));
        for (const file of [OMTO3D, OMSO2E]) {
          fs.copyFileSync(sharedData(`omi/${file}`), path.join(folder, "granules", file));
        }
        const yaml = path.join(folder, "omi.yaml");
        const write = (variable: string) =>
          fs.writeFileSync(
            yaml,
            `dataset: ${collection}\ndiscover: [{from: local, path: granules}]\n` +
              `convert: {variables: ["**/${variable}"]}\ncollection: {title: Ozone, license: CC0-1.0}\n` +
              `publish:\n  - {to: out}\n  - ${target(server.url)}\n`,
          );
        write("ColumnAmountO3");
        const opener = new SourceOpener({ env: { HOME: "/nonexistent", PGSTAC_URL: server.database } });
        const run = async () => {
          const directory = PublishDirectory.at(path.join(folder, "omi.run"), opener);
          const published = await publishDataset(directory, loadDataset(yaml), { opener });
          assert.ok("report" in published);
          return published.report;
        };
        const first = await run();
        assert.deepEqual([first.published, first.failed], [2, []]);
        const search = (body: object) =>
          json(`${server.url}/search`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ collections: [collection], ...body }),
          });
        const all = await search({}) as {
          features: { id: string; assets: Record<string, { href: string }> }[];
        };
        assert.deepEqual(all.features.map(({ id }) => id).sort(), [
          "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353",
          "OMI-Aura_L3-OMTO3d_2016m0331_v003",
        ]);
        for (const { assets } of all.features) {
          assert.ok(fs.existsSync(new URL(assets.ColumnAmountO3.href)), "the href leads to the file");
        }
        const one = await search({ datetime: "2016-03-31T12:00:00Z", bbox: [10, 10, 20, 20] }) as typeof all;
        assert.deepEqual(one.features.map(({ id }) => id), ["OMI-Aura_L3-OMTO3d_2016m0331_v003"]);
        const there = await json(`${server.url}/collections/${collection}`);
        const own = JSON.parse(fs.readFileSync(path.join(folder, "out/collection.json"), "utf8"));
        assert.deepEqual(
          (there.extent as { spatial: unknown }).spatial,
          own.extent.spatial,
          "the extent is that of the items",
        );
        assert.deepEqual((await run()).converted, {});
        write("UVAerosolIndex");
        // Only one of the two has this variable: the other fails, and stays as it was announced.
        const changed = await run();
        assert.deepEqual([changed.discovered, changed.published, changed.failed.length], [2, 1, 1]);
        const after = await search({}) as typeof all;
        assert.deepEqual(after.features.map(({ assets }) => Object.keys(assets)).flat().sort(), [
          "ColumnAmountO3",
          "UVAerosolIndex",
        ]);
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  });
}

Deno.test({
  name: "pypgstac loads the static catalog's collection and the lines of items, and the API finds them",
  ignore: !hasPgstac || !hasSharedData,
  fn: async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-pgstac-"));
    try {
      fs.mkdirSync(path.join(folder, "granules"));
      fs.copyFileSync(sharedData(`omi/${OMTO3D}`), path.join(folder, "granules", OMTO3D));
      const yaml = path.join(folder, "omi.yaml");
      fs.writeFileSync(
        yaml,
        "dataset: OMI.lines\ndiscover: [{from: local, path: granules}]\n" +
          "publish:\n  - {to: out, href: https://data.example.org/o3}\n  - {to: items.ndjson, format: ndjson}\n",
      );
      const opener = new SourceOpener({ env: { HOME: "/nonexistent" } });
      const directory = PublishDirectory.at(path.join(folder, "omi.run"), opener);
      assert.ok("report" in await publishDataset(directory, loadDataset(yaml), { opener }));
      for (const [table, file] of [["collections", "out/collection.json"], ["items", "items.ndjson"]]) {
        const load = spawnSync(
          process.env.GRANARY_TEST_PYTHON ?? "",
          ["-m", "pypgstac.pypgstac", "load", table, path.join(folder, file), "--dsn", server.database],
          { encoding: "utf8" },
        );
        assert.equal(load.status, 0, load.stderr);
      }
      const item = await json(`${server.url}/collections/OMI.lines/items/OMI-Aura_L3-OMTO3d_2016m0331_v003`);
      const assets = item.assets as Record<string, { href: string }>;
      assert.equal(Object.keys(assets).length, 5);
      assert.equal(
        assets.ColumnAmountO3.href,
        "https://data.example.org/o3/cogs/OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif",
      );
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
});
