import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { openCatalog } from "../../../../catalog/file/open_catalog.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { checkStac } from "../../../../core/stac/check.ts";
import { CollectionSum } from "../../../../core/stac/collection.ts";
import type { StacItem } from "../../../../core/stac/values.ts";
import type { PublishTarget } from "../../../../publish/dataset.ts";
import { openPublishTarget, type OpenTargetOptions } from "../../../../publish/targets/open.ts";
import { fileNameOf } from "../../../../publish/targets/hrefs.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { type FakeStacApi, smallItem, startStacApi } from "../../../support/stac_api.ts";

const item = (id: string, day?: string) => smallItem(id, day) as unknown as StacItem;
const TEXT = {
  id: "C.1",
  title: null,
  description: "ozone",
  license: "CC0-1.0",
  keywords: [],
  providers: [],
  renders: null,
  fields: {},
};
const collectionOf = (...items: StacItem[]) => {
  const sum = new CollectionSum();
  for (const one of items) sum.add(one);
  return sum.result(TEXT, []);
};

function itemTarget(target: PublishTarget, options: OpenTargetOptions) {
  const opened = openPublishTarget(target, options);
  assert.ok(opened.kind === "items");
  return opened.target;
}

function wholeTarget(target: PublishTarget, options: OpenTargetOptions) {
  const opened = openPublishTarget(target, options);
  assert.ok(opened.kind === "whole");
  return opened.target;
}

interface Scene {
  api: FakeStacApi;
  folder: string;
  target(part: Partial<PublishTarget>): PublishTarget;
  options(env?: Record<string, string>): OpenTargetOptions;
}

function scene(run: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const api = await startStacApi();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-targets-"));
    try {
      await run({
        api,
        folder,
        target: (part) => ({
          kind: "transactions",
          to: api.server.url,
          secret: null,
          oauth: null,
          stac: "1.1.0",
          ...part,
        }),
        options: (env = {}) => ({
          collection: "C.1",
          output: folder,
          href: null,
          opener: new SourceOpener({
            env: { HOME: "/nonexistent", ...env },
            retry: { baseMs: 2, capMs: 5 },
            limits: { headersTimeoutMs: 300 },
          }),
          attempts: 4,
          poll: { firstMs: 2, mostMs: 4, limitMs: 200 },
        }),
      });
    } finally {
      await api.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "a static catalog is whole and self-contained, its collection last",
  scene(async ({ folder, target, options }) => {
    const place = itemTarget(target({ kind: "static", to: folder }), options());
    const items = [item("a/b é"), item("c", "2023-12-31")];
    await place.begin(collectionOf(...items));
    assert.deepEqual(await place.put(items), []);
    assert.ok(!fs.existsSync(path.join(folder, "collection.json")), "nothing is announced before the end");
    await place.finish(collectionOf(...items));
    const collection = JSON.parse(fs.readFileSync(path.join(folder, "collection.json"), "utf8"));
    assert.deepEqual(checkStac(collection).faults, []);
    const linked = collection.links.filter(({ rel }: { rel: string }) => rel === "item");
    assert.equal(linked.length, 2);
    for (const { href } of linked) {
      const file = new URL(href, pathToFileURL(path.join(folder, "collection.json")));
      const found = JSON.parse(fs.readFileSync(file, "utf8"));
      assert.deepEqual(checkStac(found).faults, []);
      const root = found.links.find(({ rel }: { rel: string }) => rel === "root").href;
      assert.equal(new URL(root, file).href, pathToFileURL(path.join(folder, "collection.json")).href);
      const asset = new URL(found.assets.ozone.href, file).href;
      assert.equal(asset, pathToFileURL(path.join(folder, "cogs", found.id, "ozone é.tif")).href);
    }
    assert.ok(fs.existsSync(path.join(folder, "items", "2023", "c.json")));
    await place.remove([{ id: "c", year: "2023" }, { id: "never", year: "2023" }]);
    await place.finish(collectionOf(items[0]));
    const after = JSON.parse(fs.readFileSync(path.join(folder, "collection.json"), "utf8"));
    assert.equal(after.links.filter(({ rel }: { rel: string }) => rel === "item").length, 1);
  }),
);

Deno.test("ids become names of files that climb nowhere and never meet", () => {
  const ids = ["a", "a/b", "a=2Fb", "../x", ".hidden", "a\\b", "é", "a b", "a%2Fb", ".."];
  const names = ids.map(fileNameOf);
  assert.equal(new Set(names).size, ids.length);
  for (const name of names) assert.match(name, /^[^./\\][^/\\]*$/);
});

Deno.test(
  "an API gets the collection first, then items in bulk, and the same again does no harm",
  scene(async ({ api, folder, target, options }) => {
    const place = itemTarget(target({}), options());
    const items = ["a", "b", "c"].map((id) => item(id));
    for (let round = 0; round < 2; round++) {
      await place.begin(collectionOf(...items));
      assert.deepEqual(await place.put(items), []);
      await place.finish(collectionOf(...items));
    }
    assert.deepEqual([...api.items.keys()], ["C.1/a", "C.1/b", "C.1/c"]);
    assert.equal(api.server.count(/bulk_items/), 2);
    const stored = api.items.get("C.1/a") as unknown as StacItem;
    assert.equal(stored.assets.ozone.href, pathToFileURL(path.join(folder, "cogs/a/ozone é.tif")).href);
    assert.ok(stored.links.some(({ rel }) => rel === "derived_from"));
    assert.deepEqual(checkStac(stored).faults, []);
    await place.remove([{ id: "b", year: "2024" }, { id: "b", year: "2024" }]);
    assert.deepEqual([...api.items.keys()], ["C.1/a", "C.1/c"]);
  }),
);

Deno.test(
  "without a bulk extension items go one by one; those that are there are replaced",
  scene(async ({ api, target, options }) => {
    api.bulk = false;
    const place = itemTarget(target({ stac: "1.0.0" }), options());
    const items = ["a", "b"].map((id) => item(id));
    await place.begin(collectionOf(...items));
    await place.put(items);
    await place.put(items);
    assert.equal(api.server.count(/bulk_items/), 1, "asked for once");
    const puts = api.server.seen.filter(({ method, url }) => method === "PUT" && /items/.test(url));
    assert.equal(puts.length, 2);
    assert.equal((api.items.get("C.1/a") as { stac_version: string }).stac_version, "1.0.0");
  }),
);

Deno.test(
  "one bad item is refused by name and keeps no other out; it is not sent again and again",
  scene(async ({ api, target, options }) => {
    api.refused.add("b");
    const place = itemTarget(target({}), options());
    const items = ["a", "b", "c"].map((id) => item(id));
    await place.begin(collectionOf(...items));
    const refused = await place.put(items);
    assert.equal(refused.length, 1);
    assert.equal(refused[0].id, "b");
    assert.match(refused[0].reason, /answered 400 .*b is bad/);
    assert.deepEqual([...api.items.keys()].sort(), ["C.1/a", "C.1/c"]);
    const posts = api.server.seen.filter(({ method, url }) => method === "POST" && url.endsWith("/items"));
    assert.equal(posts.length, 3, "a 400 is no trouble that passes");
  }),
);

Deno.test(
  "429, 500, cut connections and silence are waited out",
  scene(async ({ api, target, options }) => {
    const place = itemTarget(target({}), options());
    const items = ["a", "b"].map((id) => item(id));
    await place.begin(collectionOf(...items));
    const path = /bulk_items/;
    api.server.faults = new FaultSchedule([
      { at: [1], fault: { kind: "status", status: 429, headers: { "retry-after": "0" } }, path },
      { at: [2], fault: { kind: "reset" }, path },
      { at: [3], fault: { kind: "silence" }, path },
    ]);
    assert.deepEqual(await place.put(items), []);
    assert.equal(api.server.count(path), 4);
    assert.equal(api.items.size, 2);
  }),
);

Deno.test(
  "a server that stays broken is an error after its tries, and nothing is called refused",
  scene(async ({ api, target, options }) => {
    const place = itemTarget(target({}), options());
    await place.begin(collectionOf(item("a")));
    api.server.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status: 503 } }]);
    await assert.rejects(
      place.put([item("a")]),
      (error) => error instanceof GranaryError && error.tag === "io" && /503, 4 times/.test(error.message),
    );
  }),
);

Deno.test(
  "a page, cut JSON, another's document and an answer without a status are no word of success",
  scene(async ({ api, target, options }) => {
    const items = ["a", "b"].map((id) => item(id));
    const answers = (type: string, body: string) => {
      api.server.faults = new FaultSchedule([{
        at: "every",
        fault: { kind: "status", status: 200, headers: { "content-type": type }, body },
      }]);
    };
    const place = itemTarget(target({}), options());
    await place.begin(collectionOf(...items));
    for (const [type, body] of [["text/html", "<html>log in</html>"], ["application/json", '{"id": "C']]) {
      answers(type, body);
      await assert.rejects(place.put(items), /which is no answer of an API/, type);
      await assert.rejects(
        itemTarget(target({}), options()).begin(collectionOf(...items)),
        /no answer of an API/,
      );
    }
    answers("application/json", "{}");
    await assert.rejects(place.begin(collectionOf(...items)), /which is not that collection/);
    const queue = itemTarget(target({ kind: "ingest" }), options());
    await assert.rejects(queue.put(items), /which states no status; is this an ingestion API\?/);
    assert.equal(api.items.size, 0);
  }),
);

Deno.test(
  "tokens come from the environment, go to the API alone, and stand in no message",
  scene(async ({ api, target, options }) => {
    api.wanted = "Bearer hush-hush";
    const place = itemTarget(target({ secret: "T" }), options({ T: "hush-hush" }));
    await place.begin(collectionOf(item("a")));
    const wrong = itemTarget(target({ secret: "T" }), options({ T: "not-this-one" }));
    await assert.rejects(wrong.begin(collectionOf(item("a"))), (error) => {
      assert.ok(error instanceof GranaryError && error.tag === "credential");
      assert.doesNotMatch(JSON.stringify(error), /hush|not-this/);
      return true;
    });
    assert.throws(
      () => itemTarget(target({ secret: "T" }), options()),
      /its token is read from T, which is not set/,
    );
    assert.throws(
      () => itemTarget(target({ secret: "T", to: "http://stac.example.org" }), options({ T: "hush" })),
      (error) =>
        error instanceof GranaryError && /by https only/.test(error.message) && !/hush/.test(error.message),
    );
  }),
);

Deno.test(
  "an ingestion API gets one token a run, and each item is asked after until it is reported",
  scene(async ({ api, target, options }) => {
    api.wanted = "Bearer made-token";
    api.refused.add("b");
    const oauth = { url: `${api.server.url}/oauth2/token`, clientId: "client", scope: "ingest" };
    const ingest = target({ kind: "ingest", secret: "S", oauth });
    const place = itemTarget(ingest, options({ S: "client-secret" }));
    await place.begin(collectionOf(item("a")));
    const refused = await place.put([item("a"), item("b"), item("c")]);
    assert.deepEqual(refused, [{ id: "b", reason: "the ingestion failed: asset not reachable" }]);
    assert.equal(api.tokensGiven, 1);
    api.queuedPolls = 1e6;
    await assert.rejects(place.put([item("d")]), /still queued after 0.2 s/);
    await assert.rejects(place.remove([{ id: "a", year: "2024" }]), /cannot be taken away/);
    const wrong = itemTarget(ingest, options({ S: "wrong" }));
    await assert.rejects(wrong.begin(collectionOf(item("a"))), (error) => {
      assert.ok(error instanceof GranaryError && error.tag === "credential", String(error));
      assert.doesNotMatch(error.message, /wrong/);
      return true;
    });
  }),
);

Deno.test(
  "whole files hold every item: ndjson with absolute hrefs, a catalog, stac-geoparquet",
  scene(async ({ folder, target, options }) => {
    const items = [item("a"), item("b", "2023-01-01")];
    const all = async function* () {
      yield* items;
    };
    const at = (name: string) => path.join(folder, "lists", name);
    for (
      const [kind, name] of [["ndjson", "i.ndjson"], ["catalog", "c.parquet"], [
        "geoparquet",
        "g.parquet",
      ]] as const
    ) {
      await wholeTarget(target({ kind, to: at(name) }), {
        ...options(),
        href: "https://data.example.org/o3/",
      })
        .write(collectionOf(...items), all);
    }
    const lines = fs.readFileSync(at("i.ndjson"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ id }) => id), ["a", "b"]);
    for (const line of lines) assert.deepEqual(checkStac(line).faults, []);
    assert.equal(lines[0].assets.ozone.href, "https://data.example.org/o3/cogs/a/ozone%20%C3%A9.tif");
    const catalog = await openCatalog(at("c.parquet"));
    try {
      assert.equal(await catalog.count(), 2);
      for await (const { rows } of catalog.rows()) {
        for (const row of rows) {
          assert.equal(row.local_base! + row.path, path.join(folder, "cogs", row.id, "ozone é.tif"));
          assert.equal(row.checksum, `sha256:${"ab".repeat(32)}`);
          assert.ok(row.cells.length > 0);
        }
      }
    } finally {
      catalog.close();
    }
    assert.deepEqual(fs.readdirSync(path.dirname(at("x"))).sort(), ["c.parquet", "g.parquet", "i.ndjson"]);
  }),
);
