import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { SourceOpener } from "../../../core/access/open.ts";
import { GranaryError } from "../../../core/errors.ts";
import { checkStac } from "../../../core/stac/check.ts";
import { loadDataset } from "../../../publish/config/load.ts";
import { publishJob, status } from "../../../publish/job.ts";
import { publishDataset, type PublishOptions } from "../../../publish/publish.ts";
import { PublishDirectory } from "../../../publish/run/directory.ts";
import type { PublishReport } from "../../../publish/run/finish.ts";
import { planRun } from "../../../publish/run/plan_run.ts";
import { LambdaHandler } from "../../../runs/lambda/lambda_handler.ts";
import { Lease } from "../../../runs/lease.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { FaultSchedule } from "../../support/faults.ts";
import { publishedSchemas } from "../core/stac/schemas.ts";
import { Loopback } from "../../support/loopback.ts";
import { type FakeStacApi, startStacApi } from "../../support/stac_api.ts";

const OMTO3D = "OMI-Aura_L3-OMTO3d_2016m0331_v003.he5";
const SECOND = "OMI-Aura_L3-OMTO3d_2016m0401_v003.he5";

interface Scene {
  folder: string;
  api: FakeStacApi;
  /** Puts a granule: whole, or its first bytes. */
  put(name: string, bytes?: number): void;
  yaml(text: string): void;
  run(options?: Partial<PublishOptions>): Promise<PublishReport>;
  directory(): PublishDirectory;
  opener: SourceOpener;
  /** SHA-256 of every file below the output, by key. */
  output(below?: string): Record<string, string>;
}

const yamlOf = (url: string, variables = '["**/ColumnAmountO3"]') => `
dataset: OMTO3d.test
discover: [{from: local, path: granules, match: "*.he5"}]
convert: {variables: ${variables}}
collection: {title: Ozone, license: CC0-1.0}
publish:
  - {to: out}
  - {to: "${url}", api: transactions}
  - {to: items.ndjson, format: ndjson}
retry: {attempts: 2}
`;

function scene(name: string, run: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasSharedData,
    fn: async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-publish-"));
      const api = await startStacApi();
      const opener = new SourceOpener({
        env: { HOME: "/nonexistent" },
        retry: { attempts: 2, baseMs: 2, capMs: 4 },
      });
      fs.mkdirSync(path.join(folder, "granules"));
      const file = path.join(folder, "d.yaml");
      fs.writeFileSync(file, yamlOf(api.server.url));
      const bytes = fs.readFileSync(sharedData(`omi/${OMTO3D}`));
      const directory = () => PublishDirectory.at(path.join(folder, "d.run"), opener);
      try {
        await run({
          folder,
          api,
          opener,
          directory,
          put: (name, length = bytes.length) =>
            fs.writeFileSync(path.join(folder, "granules", name), bytes.subarray(0, length)),
          yaml: (text) => fs.writeFileSync(file, text),
          run: async (options = {}) => {
            const published = await publishDataset(directory(), loadDataset(file), { opener, ...options });
            assert.ok("report" in published, "another run holds it");
            return published.report;
          },
          output: (below = "") => {
            const root = path.join(folder, "out", below);
            return Object.fromEntries(
              fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
                .map((entry) => path.join(entry.parentPath, entry.name))
                .map((file) => [
                  path.relative(root, file),
                  createHash("sha256").update(fs.readFileSync(file)).digest("hex"),
                ]),
            );
          },
        });
      } finally {
        await api.stop();
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  });
}

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));

scene("a folder of granules becomes COGs, items and a collection at every target", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND);
  const report = await s.run();
  assert.deepEqual([report.discovered, report.published, report.items, report.failed], [2, 2, 2, []]);
  assert.deepEqual(report.converted, { new: 2 });
  const collection = json(path.join(s.folder, "out/collection.json"));
  assert.deepEqual(checkStac(collection).faults, []);
  assert.deepEqual(collection.extent.temporal.interval, [[
    "2016-03-31T00:00:00Z",
    "2016-04-01T23:59:59.999Z",
  ]]);
  const item = json(path.join(s.folder, "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json"));
  assert.deepEqual(checkStac(item).faults, []);
  const faultsOf = publishedSchemas();
  for (
    const document of [
      collection,
      item,
      s.api.items.values().next().value,
      s.api.collections.get("OMTO3d.test"),
    ]
  ) {
    assert.deepEqual(faultsOf(document), [], "the published schemas find nothing");
  }
  const { ColumnAmountO3: asset } = item.assets;
  const cog = fs.readFileSync(path.join(s.folder, "out/items/2016", asset.href));
  assert.equal(asset["file:size"], cog.length);
  assert.equal(asset["file:checksum"], `1220${createHash("sha256").update(cog).digest("hex")}`);
  assert.deepEqual([...s.api.items.keys()].sort(), [
    "OMTO3d.test/OMI-Aura_L3-OMTO3d_2016m0331_v003",
    "OMTO3d.test/OMI-Aura_L3-OMTO3d_2016m0401_v003",
  ]);
  assert.deepEqual(s.api.collections.get("OMTO3d.test")?.extent, collection.extent);
  assert.equal(fs.readFileSync(path.join(s.folder, "items.ndjson"), "utf8").trim().split("\n").length, 2);
});

scene("a run with nothing new converts nothing and tells nobody; one granule more is one more", async (s) => {
  s.put(OMTO3D);
  await s.run();
  const before = s.output();
  const asked = s.api.server.seen.filter(({ url }) => /items/.test(url)).length;
  const again = await s.run();
  assert.deepEqual(again.converted, {});
  assert.equal(s.api.server.seen.filter(({ url }) => /items/.test(url)).length, asked);
  assert.deepEqual(s.output(), before);
  s.put(SECOND);
  const more = await s.run();
  assert.deepEqual([more.discovered, more.published, more.converted], [2, 2, { new: 1 }]);
  const after = s.output("cogs");
  for (const [key, hash] of Object.entries(before)) {
    if (key.startsWith("cogs/")) assert.equal(after[key.slice("cogs/".length)], hash);
  }
});

scene("a damaged file is reported once, keeps no other out, and is taken when it is repaired", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND, 100_000);
  const report = await s.run();
  assert.deepEqual([report.discovered, report.published, report.failed.length], [2, 1, 1]);
  assert.match(report.failed[0].reason, /100000 of 674378 bytes/);
  assert.ok(report.failed[0].permanent);
  const again = await s.run();
  assert.deepEqual([again.converted, again.failed.length], [{}, 1], "it is not tried in vain");
  const retried = await s.run({ retry: true });
  assert.deepEqual([retried.converted, retried.failed.length], [{ retry: 1 }, 1]);
  s.put(SECOND);
  const repaired = await s.run();
  assert.deepEqual([repaired.published, repaired.failed], [2, []]);
});

scene("a changed source replaces its files and its item, which stays the same item", async (s) => {
  s.put(OMTO3D);
  await s.run({ now: Date.UTC(2024, 0, 1) });
  const file = path.join(s.folder, "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json");
  const { created, updated } = json(file).properties;
  assert.deepEqual([created, updated], ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"]);
  const before = s.output("cogs");
  // The same bytes at another time: the item has not changed, and nobody is reported.
  fs.utimesSync(path.join(s.folder, "granules", OMTO3D), 1, 1);
  const touched = await s.run({ now: Date.UTC(2024, 0, 2) });
  assert.deepEqual(touched.converted, { source: 1 });
  assert.equal(json(file).properties.updated, "2024-01-01T00:00:00Z");
  assert.deepEqual(s.output("cogs"), before);
  // Other variables: another config; the item is updated, and what it has no longer is gone.
  s.yaml(yamlOf(s.api.server.url, '["**/UVAerosolIndex"]'));
  const kept = await s.run({ keepOld: true });
  assert.deepEqual(kept.converted, {});
  const changed = await s.run({ now: Date.UTC(2024, 0, 3) });
  assert.deepEqual(changed.converted, { config: 1 });
  const item = json(file);
  assert.deepEqual(Object.keys(item.assets), ["UVAerosolIndex"]);
  assert.deepEqual([item.properties.created, item.properties.updated], [created, "2024-01-03T00:00:00Z"]);
  assert.deepEqual(Object.keys(s.output("cogs")), ["OMI-Aura_L3-OMTO3d_2016m0331_v003/UVAerosolIndex.tif"]);
  assert.deepEqual(Object.keys((s.api.items.values().next().value as typeof item).assets), [
    "UVAerosolIndex",
  ]);
});

scene("a file that was deleted at the output is made again, with the same bytes", async (s) => {
  s.put(OMTO3D);
  await s.run();
  const before = s.output();
  fs.rmSync(path.join(s.folder, "out/cogs"), { recursive: true });
  const report = await s.run();
  assert.deepEqual(report.converted, { outputs: 1 });
  assert.deepEqual(s.output(), before);
});

scene("items that a static catalog lost are put again, and nobody else is told", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND);
  await s.run();
  const before = s.output();
  fs.rmSync(path.join(s.folder, "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0401_v003.json"));
  s.api.server.seen.length = 0;
  const report = await s.run();
  assert.deepEqual([report.converted, report.items], [{}, 2]);
  assert.deepEqual(s.output(), before);
  assert.ok(!s.api.server.seen.some(({ url }) => url.includes("/items")), "the API has them");
});

scene("files of others at the output and at targets are never replaced unasked", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND);
  const mine = (name: string) => {
    fs.mkdirSync(path.dirname(path.join(s.folder, name)), { recursive: true });
    fs.writeFileSync(path.join(s.folder, name), "mine");
  };
  const isMine = (name: string) => fs.readFileSync(path.join(s.folder, name), "utf8") === "mine";
  mine("items.ndjson");
  await assert.rejects(s.run(), /items\.ndjson: there is a file, and .* has no run that made it/);
  assert.ok(isMine("items.ndjson"));
  fs.rmSync(path.join(s.folder, "items.ndjson"));
  const cog = "out/cogs/OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif";
  const item = "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0401_v003.json";
  mine(cog);
  mine(item);
  const report = await s.run();
  assert.deepEqual([report.discovered, report.published], [2, 0]);
  assert.match(report.failed.map(({ reason }) => reason).join("\n"), /ColumnAmountO3\.tif is there already/);
  assert.match(report.failed.map(({ reason }) => reason).join("\n"), /0401_v003\.json is there already/);
  assert.ok(isMine(cog) && isMine(item));
  const shown = await status(path.join(s.folder, "d.run"));
  assert.deepEqual(shown.failed.map(({ reason }) => /is there already/.test(reason)), [true, true]);
  fs.rmSync(path.join(s.folder, item));
  assert.equal((await s.run({ retry: true, overwrite: true })).published, 2);
  assert.ok(!isMine(cog));
});

scene("a target that fails stops no conversion, and the next run tells it all", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND);
  s.api.server.faults = new FaultSchedule([{
    at: "every",
    fault: { kind: "status", status: 500 },
    path: /items/,
  }]);
  await assert.rejects(s.run(), (error) => error instanceof GranaryError && error.tag === "io");
  const found = await status(path.join(s.folder, "d.run"));
  assert.deepEqual(found.stages.map(({ name, left }) => [name, left]), [["convert", []], ["register", [1]]]);
  assert.equal(found.finished, false);
  assert.ok(!fs.existsSync(path.join(s.folder, "out/collection.json")), "the end comes last");
  s.api.server.faults = new FaultSchedule();
  const report = await s.run();
  assert.deepEqual([report.published, report.converted], [2, {}]);
  assert.equal(s.api.items.size, 2);
});

scene(
  "status names granules of which a target has the items of before, until it has the new ones",
  async (s) => {
    const outdated = async () => (await status(path.join(s.folder, "d.run"))).outdated;
    s.put(OMTO3D);
    await s.run();
    assert.deepEqual(await outdated(), []);
    s.yaml(yamlOf(s.api.server.url, '["**/ColumnAmountO3", "**/UVAerosolIndex"]'));
    s.api.server.faults = new FaultSchedule([{
      at: "every",
      fault: { kind: "status", status: 500 },
      path: /items/,
    }]);
    await assert.rejects(s.run(), /answered 500/);
    assert.deepEqual(await outdated(), ["OMI-Aura_L3-OMTO3d_2016m0331_v003.he5"]);
    s.api.server.faults = new FaultSchedule();
    await s.run();
    assert.deepEqual(await outdated(), []);
  },
);

scene("an item that a target refuses counts as failed, until it is tried again", async (s) => {
  s.put(OMTO3D);
  s.put(SECOND);
  s.api.refused.add("OMI-Aura_L3-OMTO3d_2016m0401_v003");
  const report = await s.run();
  assert.deepEqual([report.discovered, report.published, report.failed.length], [2, 1, 1]);
  assert.match(report.failed[0].reason, /answered 400/);
  s.api.refused.clear();
  assert.equal((await s.run()).failed.length, 1, "a refusal is no trouble that passes by itself");
  const retried = await s.run({ retry: true });
  assert.deepEqual([retried.published, retried.failed], [2, []]);
});

scene("a second run that meets a living one does nothing and says who", async (s) => {
  s.put(OMTO3D);
  const lease = await Lease.take(s.directory().target);
  const dataset = loadDataset(path.join(s.folder, "d.yaml"));
  const met = await publishDataset(s.directory(), dataset, { opener: s.opener });
  assert.ok("heldBy" in met);
  assert.equal(met.heldBy.pid, process.pid);
  assert.ok(!fs.existsSync(path.join(s.folder, "out")));
  await lease.release();
  assert.equal((await s.run()).published, 1);
});

scene(
  "tasks of a plan are done anywhere, one after the other, and the same twice does no harm",
  async (s) => {
    s.put(OMTO3D);
    s.put(SECOND);
    const runDirectory = path.join(s.folder, "d.run");
    const plan = await planRun(s.directory(), loadDataset(path.join(s.folder, "d.yaml")), {
      opener: s.opener,
    });
    await assert.rejects(publishJob.finish(runDirectory, {}), /2 of 2 granules are not converted/);
    const worker = publishJob.worker({ workers: 1 });
    try {
      for (const task of [0, 1, 1]) {
        const outcome = await worker.do(runDirectory, "convert", task, { planKey: plan.key });
        assert.deepEqual([outcome.failed, outcome.left], [[], 0]);
      }
      await assert.rejects(publishJob.finish(runDirectory, {}), /out has yet to receive 2 granules/);
      for (const task of [0, 1]) await worker.do(runDirectory, "register", task);
      await assert.rejects(worker.do(runDirectory, "convert", 2), /no convert task 2/);
      await assert.rejects(worker.do(runDirectory, "scatter", 0), /no stage of publishing/);
    } finally {
      await worker.close();
    }
    const { failed, detail } = await publishJob.finish(runDirectory, {});
    assert.deepEqual([failed, detail.published], [[], 2]);
    assert.ok((await status(runDirectory)).finished);
  },
);

scene(
  "a catalog that no run of here made is not taken over unasked, and a dry run writes nothing",
  async (s) => {
    s.put(OMTO3D);
    const dataset = loadDataset(path.join(s.folder, "d.yaml"));
    const dry = await planRun(s.directory(), dataset, { opener: s.opener, dryRun: true });
    assert.equal(dry.convert.length, 1);
    assert.deepEqual(fs.readdirSync(s.folder).sort(), ["d.yaml", "granules"]);
    fs.mkdirSync(path.join(s.folder, "out"));
    fs.writeFileSync(path.join(s.folder, "out/collection.json"), "{}");
    await assert.rejects(s.run(), /there is a catalog, and .* has no run that made it/);
    assert.equal(fs.readFileSync(path.join(s.folder, "out/collection.json"), "utf8"), "{}");
    assert.equal((await s.run({ overwrite: true })).published, 1);
  },
);

scene(
  "a function plans a dataset from its YAML, does its tasks, and leaves a living run alone",
  async (s) => {
    s.put(OMTO3D);
    const folder = path.join(s.folder, "granules");
    const place = (name: string) => path.join(s.folder, name);
    // A function knows no folder of the YAML's: its places are absolute.
    s.yaml(
      yamlOf(s.api.server.url).replace("path: granules", `path: "${folder}"`).replace(
        "to: out",
        `to: "${place("out")}"`,
      )
        .replace("to: items.ndjson", `to: "${place("items.ndjson")}"`),
    );
    const handler = new LambdaHandler({ publish: () => Promise.resolve(publishJob) }, () => {});
    const ask = async (event: object) =>
      JSON.parse(
        await handler.handle(
          new TextEncoder().encode(JSON.stringify({ run_dir: place("d.run"), ...event })),
          Date.now() + 60_000,
        ),
      );
    try {
      const plan = { kind: "publish", plan_from: place("d.yaml") };
      const planned = await ask(plan);
      assert.deepEqual([planned.held, planned.tasks], [false, { convert: 1, register: 2 }]);
      const lease = await Lease.take(s.directory().target);
      assert.equal((await ask(plan)).held, true);
      await lease.release();
      assert.equal((await ask({ stage: "convert", task: 0, plan: planned.key })).left, 0);
      for (const task of [0, 1]) assert.equal((await ask({ stage: "register", task })).left, 0);
      assert.equal((await ask({ finish: true })).published, 1);
      assert.equal(s.api.items.size, 1);
      await assert.rejects(ask({ kind: "aggregate", plan_from: "x" }), /no runs of kind "aggregate"/);
      await assert.rejects(ask({ ...plan, stage: "convert", task: 0 }), /the event has a kind/);
    } finally {
      await handler.close();
    }
  },
);

scene("files of a try that failed are not left behind where no item tells of them", async (s) => {
  const tiff = fs.readFileSync(sharedData("cog/cog_nodata.tif"));
  s.yaml(
    "dataset: B.1\ndiscover: [{from: local, path: granules, id: '^(x_[0-9]+)[.]'}]\n" +
      'convert: {time: {name: "_(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)[.]"}}\npublish: [{to: out}]\n',
  );
  // The first of its files is whole and is put, the second ends too early.
  fs.writeFileSync(path.join(s.folder, "granules", "x_20240102.B04.tif"), tiff);
  fs.writeFileSync(path.join(s.folder, "granules", "x_20240102.B05.tif"), tiff.subarray(0, tiff.length / 2));
  const report = await s.run();
  assert.deepEqual([report.published, report.failed.length], [0, 1]);
  assert.match(report.failed[0].reason, /B05|damaged/);
  assert.ok(!fs.existsSync(path.join(s.folder, "out/cogs/x_20240102/B04.tif")));
});

scene("a target that fails keeps no other from being reported", async (s) => {
  s.put(OMTO3D);
  const text = yamlOf(s.api.server.url);
  const [first = "", second = ""] = text.match(/^ {2}- \{to: .*$/gm) ?? [];
  s.yaml(text.replace(first, "FIRST").replace(second, first).replace("FIRST", second));
  s.api.server.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status: 500 } }]);
  await assert.rejects(s.run(), /answered 500/);
  assert.ok(fs.existsSync(path.join(s.folder, "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json")));
  s.api.server.faults = new FaultSchedule();
  assert.equal((await s.run()).published, 1);
});

scene("what one dataset published is discovered by another, through its catalog", async (s) => {
  s.put(OMTO3D);
  s.yaml(
    yamlOf(s.api.server.url, '["**/ColumnAmountO3", "**/UVAerosolIndex"]')
      .replace("to: items.ndjson, format: ndjson", "to: first.parquet, format: catalog"),
  );
  await s.run();
  const file = path.join(s.folder, "second.yaml");
  fs.writeFileSync(
    file,
    "dataset: SECOND.1\ndiscover: [{from: catalog, path: first.parquet}]\n" +
      "convert: {assets: [UVAerosolIndex], cogs: rewrite, compress: zstd}\npublish: [{to: second}]\n",
  );
  const directory = PublishDirectory.at(path.join(s.folder, "second.run"), s.opener);
  const published = await publishDataset(directory, loadDataset(file), { opener: s.opener });
  assert.ok("report" in published);
  assert.deepEqual([published.report.published, published.report.failed], [1, []]);
  const item = json(path.join(s.folder, "second/items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json"));
  const before = json(path.join(s.folder, "out/items/2016/OMI-Aura_L3-OMTO3d_2016m0331_v003.json"));
  const [name] = Object.keys(item.assets);
  assert.equal(name, "UVAerosolIndex");
  // The same cells, packed otherwise.
  assert.deepEqual(item.assets[name].statistics, before.assets[name].statistics);
  assert.notEqual(item.assets[name]["file:checksum"], before.assets[name]["file:checksum"]);
  assert.deepEqual(item.properties.start_datetime, before.properties.start_datetime);
});

scene(
  "files of one id become one item with an asset a file; what tells no id is set aside and counted",
  async (s) => {
    const [tiff] = [fs.readFileSync(sharedData("cog/cog_nodata.tif"))];
    for (const name of ["x_20240102.B04.tif", "x_20240102.B05.tif", "x_20240103.B04.tif", "odd.tif"]) {
      fs.writeFileSync(path.join(s.folder, "granules", name), tiff);
    }
    s.yaml(
      "dataset: B.1\ndiscover: [{from: local, path: granules, id: '^(x_[0-9]+)[.]'}]\n" +
        'convert: {time: {name: "_(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)[.]"}}\npublish: [{to: out}]\n',
    );
    const report = await s.run();
    assert.deepEqual(report.failed, []);
    assert.deepEqual([report.discovered, report.published, report.setAside, report.items], [3, 2, 1, 2]);
    const item = json(path.join(s.folder, "out/items/2024/x_20240102.json"));
    assert.deepEqual(Object.keys(item.assets), ["B04", "B05"]);
    assert.equal(item.properties.start_datetime, "2024-01-02T00:00:00Z");
    // Another of its files: the granule is another, and the others stay.
    fs.rmSync(path.join(s.folder, "granules", "x_20240102.B05.tif"));
    const after = await s.run();
    assert.deepEqual(after.converted, { source: 1 });
    assert.deepEqual(Object.keys(json(path.join(s.folder, "out/items/2024/x_20240102.json")).assets), [
      "B04",
    ]);
    assert.ok(!fs.existsSync(path.join(s.folder, "out/cogs/x_20240102/B05.tif")));
  },
);

scene("a STAC API's items are discovered, with their times and revisions of their files", async (s) => {
  const bytes = fs.readFileSync(sharedData("cog/cog_nodata.tif"));
  const archive = await Loopback.start((request, response) => {
    if (request.url?.startsWith("/data/")) return archive.sendFile(request, response, bytes);
    response.writeHead(200, { "content-type": "application/geo+json" });
    const item = {
      type: "Feature",
      stac_version: "1.0.0",
      id: "scene",
      collection: "scenes",
      geometry: { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]] },
      bbox: [0, 0, 1, 1],
      properties: { datetime: "2024-05-06T07:08:09Z" },
      links: [],
      assets: {
        B04: { href: `${archive.url}/data/scene_B04.tif`, roles: ["data"], "file:size": bytes.length },
        B05: { href: `${archive.url}/data/scene_B05.tif`, roles: ["data"], "file:size": bytes.length },
        thumbnail: { href: `${archive.url}/data/t.png`, roles: ["thumbnail"] },
      },
    };
    response.end(JSON.stringify({ type: "FeatureCollection", features: [item], links: [] }));
  });
  try {
    s.yaml(
      `dataset: S.1\ndiscover: [{from: stac, url: "${archive.url}/items"}]\nconvert: {assets: [B05]}\n` +
        "publish: [{to: out}]\n",
    );
    const report = await s.run();
    assert.deepEqual([report.published, report.failed], [1, []]);
    const item = json(path.join(s.folder, "out/items/2024/scene.json"));
    assert.equal(item.properties.datetime, "2024-05-06T07:08:09Z");
    assert.deepEqual(Object.keys(item.assets), ["B05"]);
    assert.deepEqual((await s.run()).converted, {});
    assert.equal(archive.count(/B04/), 0, "what is not chosen is not read");
  } finally {
    await archive.stop();
  }
});

scene(
  "a run ends early where an archive is down, tells what it has, and goes on with the rest",
  async (s) => {
    const bytes = fs.readFileSync(sharedData("cog/cog_nodata.tif"));
    let down = false;
    const ids = Array.from({ length: 40 }, (_, i) => `scene_${String(i).padStart(2, "0")}`);
    const archive = await Loopback.start((request, response) => {
      if (request.url?.startsWith("/data/")) {
        if (!down || request.url.endsWith("_00.tif")) return archive.sendFile(request, response, bytes);
        response.writeHead(503, { "retry-after": "0" }).end();
        return;
      }
      response.writeHead(200, { "content-type": "application/geo+json" });
      const features = ids.map((id) => ({
        type: "Feature",
        stac_version: "1.0.0",
        id,
        collection: "scenes",
        geometry: null,
        properties: { datetime: "2024-05-06T07:08:09Z" },
        links: [],
        assets: { data: { href: `${archive.url}/data/${id}.tif`, roles: ["data"] } },
      }));
      response.end(JSON.stringify({ type: "FeatureCollection", features, links: [] }));
    });
    try {
      s.yaml(
        `dataset: S.1\ndiscover: [{from: stac, url: "${archive.url}/items"}]\npublish: [{to: out}]\n` +
          "retry: {attempts: 1}\n",
      );
      down = true;
      await assert.rejects(s.run(), (error) => {
        assert.ok(error instanceof GranaryError && error.tag === "io");
        assert.match(error.message, /20 granules in a row failed .*503.* the others were not begun/);
        return true;
      });
      const left = (await status(path.join(s.folder, "d.run"))).stages[0].left.length;
      assert.ok(left >= 15 && left <= 20, `${left} left`);
      assert.ok(!fs.existsSync(path.join(s.folder, "out/collection.json")));
      down = false;
      const report = await s.run();
      assert.deepEqual([report.discovered, report.published, report.failed], [40, 40, []]);
    } finally {
      await archive.stop();
    }
  },
);

scene("a COG stays byte for byte; another TIFF, or one that is to be rewritten, is made one", async (s) => {
  for (const name of ["cog_nodata.tif", "nocog.tif"]) {
    fs.copyFileSync(
      sharedData(`cog/${name}`),
      path.join(s.folder, "granules", name.replace(".tif", "_20240102.tif")),
    );
  }
  const text = (more: string) =>
    `dataset: C.1\ndiscover: [{from: local, path: granules}]\nconvert: {${more}` +
    'time: {name: "_(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)"}}\npublish: [{to: out}]\n';
  const read = (folder: string, name: string) => fs.readFileSync(path.join(s.folder, folder, name));
  s.yaml(text(""));
  assert.deepEqual((await s.run()).failed, []);
  const cog = "cogs/cog_nodata_20240102/data.tif";
  assert.deepEqual(read("out", cog), read("granules", "cog_nodata_20240102.tif"));
  assert.notDeepEqual(read("out", "cogs/nocog_20240102/data.tif"), read("granules", "nocog_20240102.tif"));
  const before = json(path.join(s.folder, "out/items/2024/cog_nodata_20240102.json"));
  s.yaml(text("cogs: rewrite, "));
  assert.deepEqual((await s.run()).converted, { config: 2 });
  assert.notDeepEqual(read("out", cog), read("granules", "cog_nodata_20240102.tif"));
  const after = json(path.join(s.folder, "out/items/2024/cog_nodata_20240102.json"));
  for (const [key, value] of Object.entries(before.assets.data.statistics as Record<string, number>)) {
    const found = after.assets.data.statistics[key];
    assert.ok(Math.abs(found - value) <= 1e-9 * Math.abs(value), `${key}: the cells are the same`);
  }
  assert.deepEqual(after.assets.data["raster:histogram"], before.assets.data["raster:histogram"]);
});

/** Where the first chunk of UVAerosolIndex lies in the file, by h5py. */
const DAMAGED_AT = 413_671;

scene(
  "a damaged variable does not lose the others: it is reported, and what is whole is published",
  async (s) => {
    s.yaml(yamlOf(s.api.server.url, '["**/ColumnAmountO3", "**/UVAerosolIndex"]'));
    s.put(OMTO3D);
    s.put(SECOND);
    const damaged = path.join(s.folder, "granules", SECOND);
    const bytes = fs.readFileSync(damaged);
    bytes.fill(0xff, DAMAGED_AT, DAMAGED_AT + 1000);
    fs.writeFileSync(damaged, bytes);
    const first = await s.run();
    assert.deepEqual([first.discovered, first.published, first.items], [2, 1, 2]);
    assert.deepEqual(first.failed.map(({ id, permanent }) => [id, permanent]), [[SECOND, true]]);
    assert.match(
      first.failed[0].reason,
      /UVAerosolIndex: cannot be read .*; its other 1 files are published/,
    );
    assert.deepEqual(Object.keys(s.output("cogs")).sort(), [
      "OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif",
      "OMI-Aura_L3-OMTO3d_2016m0331_v003/UVAerosolIndex.tif",
      "OMI-Aura_L3-OMTO3d_2016m0401_v003/ColumnAmountO3.tif",
    ]);
    const item = s.api.items.get("OMTO3d.test/OMI-Aura_L3-OMTO3d_2016m0401_v003") ??
      [...s.api.items.values()].find(({ id }) => id === "OMI-Aura_L3-OMTO3d_2016m0401_v003");
    assert.deepEqual(Object.keys(item?.assets ?? {}), ["ColumnAmountO3"]);
    const again = await s.run();
    assert.deepEqual([again.converted, again.failed.length], [{}, 1]);
    // A file of the others that is gone comes back.
    fs.rmSync(path.join(s.folder, "out/cogs/OMI-Aura_L3-OMTO3d_2016m0401_v003/ColumnAmountO3.tif"));
    assert.deepEqual((await s.run()).converted, { outputs: 1 });
    assert.equal(Object.keys(s.output("cogs")).length, 3);
    // The source repaired is a new revision, and whole.
    s.put(SECOND);
    fs.utimesSync(damaged, new Date(), new Date(Date.now() + 5000));
    const repaired = await s.run();
    assert.deepEqual([repaired.published, repaired.failed], [2, []]);
    assert.equal(Object.keys(s.output("cogs")).length, 4);
  },
);

scene(
  "a revision that cannot be read whole leaves the files and the item of before as they were",
  async (s) => {
    s.yaml(yamlOf(s.api.server.url, '["**/ColumnAmountO3", "**/UVAerosolIndex"]'));
    s.put(OMTO3D);
    await s.run();
    const before = s.output();
    const file = path.join(s.folder, "granules", OMTO3D);
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, DAMAGED_AT, DAMAGED_AT + 1000);
    fs.writeFileSync(file, bytes);
    fs.utimesSync(file, new Date(), new Date(Date.now() + 5000));
    const report = await s.run();
    assert.deepEqual([report.published, report.failed.length, report.items], [0, 1, 1]);
    assert.deepEqual(s.output(), before);
  },
);

scene(
  "a run that was killed while files were replaced converts the granule again, whatever it keeps",
  async (s) => {
    s.put(OMTO3D);
    await s.run();
    const before = s.output();
    const directory = s.directory();
    const [[name, record]] = [...await directory.convertRecords()];
    await directory.putConvert(name, { ...record, replacing: true });
    assert.deepEqual((await status(path.join(s.folder, "d.run"))).outdated, [record.id]);
    const cog = path.join(s.folder, "out/cogs/OMI-Aura_L3-OMTO3d_2016m0331_v003/ColumnAmountO3.tif");
    const bytes = fs.readFileSync(cog);
    bytes[bytes.length - 100] ^= 1; // another file of the same size
    fs.writeFileSync(cog, bytes);
    const report = await s.run({ keepOld: true });
    assert.deepEqual([report.converted, report.published], [{ outputs: 1 }, 1]);
    assert.deepEqual(s.output(), before);
    assert.deepEqual((await s.run()).converted, {});
  },
);
