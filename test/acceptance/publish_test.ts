/** A dataset kept up to date by the binary: from a fake CMR and from a folder, through kills and faults. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { finish, granary, startGranary, temporaryFolder } from "../support/binary.ts";
import { FaultSchedule } from "../support/faults.ts";
import { Loopback } from "../support/loopback.ts";
import { ok, seeded, treeDigest } from "../support/run_world.ts";
import { startStacApi } from "../support/stac_api.ts";

const KILLS = Number(process.env.GRANARY_PUBLISH_KILLS ?? 8);

const OMTO3D = "OMI-Aura_L3-OMTO3d_2016m0331_v003.he5";
const OMSO2E = "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5";
const granuleBytes = (name: string) => fs.readFileSync(sharedData(`omi/${name}`));

interface Granule {
  id: string;
  bytes: Uint8Array;
  revision: number;
  day: string;
}

/** CMR and an archive in one server; what it holds may change between runs. */
async function startArchive(granules: Map<string, Granule>): Promise<Loopback> {
  const server = await Loopback.start((request, response) => {
    const { pathname } = new URL(request.url!, server.url);
    if (pathname.startsWith("/data/")) {
      const granule = granules.get(decodeURIComponent(pathname.slice("/data/".length)));
      if (granule === undefined) {
        response.writeHead(404).end();
        return;
      }
      server.sendFile(request, response, granule.bytes);
      return;
    }
    const items = [...granules.values()].map(({ id, revision, day, bytes }) => ({
      meta: {
        "concept-id": `G${id.length}${revision}-GES_DISC`,
        "revision-id": revision,
        "native-id": id,
        "provider-id": "GES_DISC",
        "collection-concept-id": "C1-GES_DISC",
      },
      umm: {
        GranuleUR: `OMTO3d.003:${id}`,
        CollectionReference: { ShortName: "OMTO3d", Version: "003" },
        TemporalExtent: {
          RangeDateTime: { BeginningDateTime: `${day}T00:00:00Z`, EndingDateTime: `${day}T23:59:59Z` },
        },
        SpatialExtent: {
          HorizontalSpatialDomain: {
            Geometry: {
              BoundingRectangles: [{
                WestBoundingCoordinate: -180,
                SouthBoundingCoordinate: -90,
                EastBoundingCoordinate: 180,
                NorthBoundingCoordinate: 90,
              }],
            },
          },
        },
        DataGranule: { ArchiveAndDistributionInformation: [{ Name: id, SizeInBytes: bytes.length }] },
        RelatedUrls: [{ URL: `${server.url}/data/${id}`, Type: "GET DATA" }],
      },
    }));
    response.writeHead(200, { "content-type": "application/json", "cmr-hits": String(items.length) });
    response.end(JSON.stringify({ hits: items.length, took: 1, items }));
  });
  return server;
}

Deno.test({
  name:
    "runs like cron's: new granules, a damaged one, a new revision and a target's faults; counts agree each time",
  ignore: !hasSharedData,
  fn: async () => {
    const folder = temporaryFolder("granary-publish-");
    const granules = new Map<string, Granule>();
    const put = (id: string, bytes: Uint8Array, revision: number, day: string) =>
      granules.set(id, { id, bytes, revision, day });
    put("a.he5", granuleBytes(OMTO3D), 1, "2016-03-31");
    const archive = await startArchive(granules);
    const api = await startStacApi();
    try {
      fs.writeFileSync(
        path.join(folder, "d.yaml"),
        `dataset: OMTO3d.003\ndiscover: [{from: cmr, short_name: OMTO3d, version: "003", url: "${archive.url}"}]\n` +
          'convert: {variables: ["**/ColumnAmountO3"]}\npublish:\n  - {to: out}\n' +
          `  - {to: "${api.server.url}", api: transactions, token: env:STAC_TOKEN}\nretry: {attempts: 2}\n`,
      );
      api.wanted = "Bearer hush-hush";
      const env = { STAC_TOKEN: "hush-hush", GRANARY_HTTP_ATTEMPTS: "2" };
      const run = async (...more: string[]) => {
        const { code, stdout, stderr } = await granary(["publish", "run", "d.yaml", "--json", ...more], {
          cwd: folder,
          env,
        });
        assert.doesNotMatch(stdout + stderr, /hush/);
        const report = stdout === "" ? null : JSON.parse(stdout);
        if (report !== null && "discovered" in report) {
          assert.equal(report.discovered, report.published + report.failed.length + report.set_aside);
        }
        return { code, report, stderr };
      };
      const item = (id: string) =>
        JSON.parse(fs.readFileSync(path.join(folder, `out/items/2016/${id}.json`), "utf8"));

      const first = await run();
      assert.deepEqual([first.code, first.report.published], [0, 1], first.stderr);
      assert.equal(item("a").properties.start_datetime, "2016-03-31T00:00:00Z");
      assert.ok(
        item("a").links.some(({ rel, href }: { rel: string; href: string }) =>
          rel === "derived_from" && href === `${archive.url}/data/a.he5`
        ),
      );

      put("b.he5", granuleBytes(OMTO3D).subarray(0, 50_000), 1, "2016-04-01");
      put("c.he5", granuleBytes(OMTO3D), 1, "2016-04-02");
      const damaged = await run();
      assert.deepEqual([damaged.code, damaged.report.discovered, damaged.report.published], [3, 3, 2]);
      assert.deepEqual(damaged.report.failed.map(({ id }: { id: string }) => id), ["OMTO3d.003:b.he5"]);
      const fetched = archive.count(/data\/b/);
      assert.equal((await run()).code, 3);
      assert.equal(archive.count(/data\/b/), fetched, "what failed for good is not fetched again");

      put("b.he5", granuleBytes(OMTO3D), 2, "2016-04-01");
      put("a.he5", granuleBytes(OMSO2E), 2, "2016-03-31");
      api.server.faults = new FaultSchedule([
        {
          at: "every",
          fault: { kind: "status", status: 503, headers: { "retry-after": "0" } },
          path: /items/,
        },
      ]);
      const before = item("a");
      const faulty = await run();
      assert.equal(faulty.code, 1, faulty.stderr);
      assert.ok(!fs.existsSync(path.join(folder, "d.run/report.json")));
      api.server.faults = new FaultSchedule([
        { at: [1], fault: { kind: "status", status: 500 }, path: /items/ },
      ]);
      const repaired = await run();
      assert.deepEqual(
        [repaired.code, repaired.report.published, repaired.report.failed],
        [0, 3, []],
        repaired.stderr,
      );
      const after = item("a");
      assert.equal(after.properties.created, before.properties.created);
      assert.notEqual(after.properties.updated, before.properties.updated);
      assert.notEqual(
        after.assets.ColumnAmountO3["file:checksum"],
        before.assets.ColumnAmountO3["file:checksum"],
      );
      assert.match(after.properties["processing:lineage"], /revision 2/);
      assert.deepEqual([...api.items.keys()].sort(), ["OMTO3d.003/a", "OMTO3d.003/b", "OMTO3d.003/c"]);
      const reported = api.items.get("OMTO3d.003/a") as typeof after;
      assert.equal(
        reported.assets.ColumnAmountO3["file:checksum"],
        after.assets.ColumnAmountO3["file:checksum"],
      );
      const { links } = JSON.parse(fs.readFileSync(path.join(folder, "out/collection.json"), "utf8"));
      assert.equal(links.filter(({ rel }: { rel: string }) => rel === "item").length, 3);

      // An archive that is down for a while: nothing of the granule is there, and the next run has it.
      put("d.he5", granuleBytes(OMTO3D), 1, "2016-04-03");
      archive.faults = new FaultSchedule([{
        at: "every",
        fault: { kind: "status", status: 503 },
        path: /data\/d/,
      }]);
      const down = await run();
      assert.deepEqual([down.code, down.report.published, down.report.failed.length], [3, 3, 1], down.stderr);
      assert.equal(down.report.failed[0].permanent, false);
      assert.ok(!fs.existsSync(path.join(folder, "out/cogs/d/ColumnAmountO3.tif")));
      archive.faults = new FaultSchedule();
      const up = await run();
      assert.deepEqual([up.code, up.report.published, up.report.converted], [0, 4, { retry: 1 }]);

      const status = await granary(["publish", "status", "d.yaml", "--json"], { cwd: folder });
      assert.equal(status.code, 0);
      assert.ok(JSON.parse(status.stdout).finished);
      for (
        const file of fs.readdirSync(path.join(folder, "d.run"), { recursive: true, withFileTypes: true })
      ) {
        if (!file.isFile()) continue;
        assert.ok(!fs.readFileSync(path.join(file.parentPath, file.name)).includes("hush"), file.name);
      }
    } finally {
      await archive.stop();
      await api.stop();
    }
  },
});

/** The tree below the output, with items freed of the times of their making. */
function announced(folder: string): Record<string, string> {
  const digest = treeDigest(path.join(folder, "out"));
  for (const key of Object.keys(digest)) {
    if (!/^items\//.test(key)) continue;
    const item = JSON.parse(fs.readFileSync(path.join(folder, "out", key), "utf8"));
    delete item.properties.created;
    delete item.properties.updated;
    digest[key] = JSON.stringify(item);
  }
  return digest;
}

Deno.test({
  name: `a run killed at any of ${KILLS} moments and run again announces what is there, with the same bytes`,
  ignore: !hasSharedData,
  fn: async () => {
    const prepare = () => {
      const folder = temporaryFolder("granary-publish-");
      fs.mkdirSync(path.join(folder, "granules"));
      for (let day = 1; day <= 6; day++) {
        fs.writeFileSync(
          path.join(folder, "granules", `OMI-Aura_L3-OMTO3d_2016m040${day}_v003.he5`),
          granuleBytes(OMTO3D),
        );
      }
      fs.writeFileSync(
        path.join(folder, "d.yaml"),
        "dataset: D.1\ndiscover: [{from: local, path: granules}]\npublish:\n  - {to: out}\n" +
          "  - {to: catalog.parquet, format: catalog}\n",
      );
      return folder;
    };
    const undisturbed = prepare();
    await ok(["publish", "run", "d.yaml"], { cwd: undisturbed });
    const started = performance.now();
    await ok(["publish", "run", "d.yaml", "--run-dir", "again.run", "--overwrite"], { cwd: undisturbed });
    const ms = performance.now() - started;
    const clean = announced(undisturbed);
    const random = seeded(20261125);
    let kills = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const folder = prepare();
      const lives = random() < 0.4 ? 2 : 1;
      for (let life = 0; life < lives; life++) {
        const child = startGranary(["publish", "run", "d.yaml", "--quiet"], { cwd: folder });
        const timer = setTimeout(() => child.kill("SIGKILL"), ms * (0.1 + 0.9 * random()));
        const { signal } = await finish(child);
        clearTimeout(timer);
        if (signal === "SIGKILL") kills += 1;
        // What a collection announces is there, at any moment.
        const file = path.join(folder, "out/collection.json");
        if (!fs.existsSync(file)) continue;
        for (const { rel, href } of JSON.parse(fs.readFileSync(file, "utf8")).links) {
          if (rel !== "item") continue;
          const item = JSON.parse(fs.readFileSync(path.join(folder, "out", href), "utf8"));
          for (const asset of Object.values(item.assets) as { href: string; "file:size": number }[]) {
            const cog = path.join(folder, "out", path.dirname(href), asset.href);
            assert.equal(fs.statSync(cog).size, asset["file:size"]);
          }
        }
      }
      const report = JSON.parse(await ok(["publish", "run", "d.yaml", "--json"], { cwd: folder }));
      assert.deepEqual([report.discovered, report.published, report.items], [6, 6, 6], `kill ${kill}`);
      assert.deepEqual(announced(folder), clean, `kill ${kill}`);
      fs.rmSync(folder, { recursive: true });
    }
    assert.ok(kills > KILLS / 3, `only ${kills} runs were killed in time`);
  },
});

Deno.test({
  name: "datasets are checked by their places, and the ones that come along are sound",
  fn: async () => {
    const folder = temporaryFolder("granary-publish-");
    fs.writeFileSync(
      path.join(folder, "bad.yaml"),
      "dataset: a b\ndiscover: []\npublish: [{to: out, tokn: x}]\n",
    );
    const bad = await granary(["publish", "check", "bad.yaml"], { cwd: folder });
    assert.equal(bad.code, 2);
    for (const place of [/bad\.yaml:1:\d+: dataset/, /bad\.yaml:3:\d+: .*tokn/]) {
      assert.match(bad.stderr, place);
    }
    const names = [
      "omdoao3e",
      "omso2e",
      "omto3d",
      "omno2d",
      "gpm_3imergm",
      "merra2_slv",
      "ghrsst_mur",
      "hls_fmask",
    ];
    const good = await granary(["publish", "check", ...names], { cwd: folder });
    assert.equal(good.stdout.match(/^OK: /gm)?.length, names.length, good.stderr);
    const yaml = await ok(["publish", "dataset", "omto3d"], { cwd: folder });
    fs.writeFileSync(path.join(folder, "omto3d.yaml"), yaml);
    assert.match(
      await ok(["publish", "check", "omto3d.yaml"], { cwd: folder }),
      /^OK: omto3d\.yaml: OMTO3d\.003/,
    );
    assert.equal(JSON.parse(await ok(["publish", "schema"], { cwd: folder })).type, "object");
  },
});

Deno.test({
  name: "what was published is served: values at points are those that h5py read from the source",
  ignore: !hasSharedData,
  fn: async () => {
    const folder = temporaryFolder("granary-publish-");
    fs.mkdirSync(path.join(folder, "granules"));
    fs.writeFileSync(path.join(folder, "granules", OMTO3D), granuleBytes(OMTO3D));
    fs.writeFileSync(
      path.join(folder, "d.yaml"),
      'dataset: OMTO3d.003\ndiscover: [{from: local, path: granules}]\nconvert: {variables: ["**/ColumnAmountO3"]}\n' +
        "publish:\n  - {to: out}\n  - {to: catalog.parquet, format: catalog}\n",
    );
    await ok(["publish", "run", "d.yaml"], { cwd: folder });
    const golden = JSON.parse(
      fs.readFileSync(sharedData("golden/grids/OMI-Aura_L3-OMTO3d_2016m0331_v003.json"), "utf8"),
    );
    const grid = golden.grids.find(({ variable }: { variable: string }) =>
      variable.endsWith("/ColumnAmountO3")
    );
    const pixels: { x: number; y: number; value: number | null }[] = grid.bands[0].pixels;
    const child = startGranary(["serve", "--catalog", "catalog.parquet", "--port", "0"], { cwd: folder });
    const ended = finish(child);
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = "";
        child.stderr?.on("data", (data) => {
          said += new TextDecoder().decode(data);
          const found = /listening on (http:\/\/\S+)/.exec(said);
          if (found !== null) resolve(found[1]);
        });
        child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
      });
      let compared = 0;
      for (const { x, y, value } of pixels) {
        if (typeof value !== "number" || value < 0) continue;
        const query = "collection_concept_id=OMTO3d.003&datetime=2016-03-31T12:00:00Z";
        const response = await fetch(`${url}/rasterio/point/${x},${y}?${query}`);
        const answer = await response.json();
        assert.equal(response.status, 200, JSON.stringify(answer));
        assert.ok(
          Math.abs(answer.assets[0].values[0] - value) < 1e-3,
          `${x},${y}: ${JSON.stringify(answer)}`,
        );
        compared += 1;
      }
      assert.ok(compared >= 3);
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  },
});
