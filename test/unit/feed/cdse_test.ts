/** Following the Copernicus Data Space: recorded products behind a fake catalogue, a recorded push. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { defaultHttpIo } from "../../../catalog/discover/draft/http_text.ts";
import type { GranuleRow } from "../../../catalog/granule.ts";
import { mergeCatalogs } from "../../../catalog/write/merge.ts";
import { openCatalog } from "../../../catalog/file/open_catalog.ts";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { newestManifest } from "../../../catalog/file/live_manifest.ts";
import { publishFile, publishParts } from "../../../feed/live/publish.ts";
import { keepNotices } from "../../../feed/ledger/inbox.ts";
import { emptyInbox } from "../../../feed/notices/inbox.ts";
import { listen } from "../../../feed/notices/listen.ts";
import { type Feed, openFeed } from "../../../feed/open.ts";
import { runFeed } from "../../../feed/run.ts";
import { feedStatus } from "../../../feed/status.ts";
import { createFootprinter } from "../../../catalog/discover/draft/footprinter.ts";
import { productTasks } from "../../../feed/sources/offer.ts";
import { feedContext } from "../../support/feed_context.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { type CdseServer, type FakeProduct, startCdse } from "../../support/cdse_server.ts";

const read = (name: string) => fs.readFileSync(sharedData(`cdse/${name}`), "utf8");
const recorded = (): FakeProduct[] =>
  [1, 2, 3, 4, 5].flatMap((page) => JSON.parse(read(`cdsetool/odata_page_${page}.json`)).value);
/** A test on recorded answers. */
const recordedTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: !hasSharedData, fn });
const PUSH = "push-granule-created-s2-n1.json";

interface World {
  feed: Feed;
  server: CdseServer;
  folder: string;
}

async function inWorld(
  yaml: (server: CdseServer) => string,
  test: (world: World) => Promise<void>,
  products = recorded(),
): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-feed-"));
  const server = await startCdse(products);
  const feed = await openFeed(parseFeed(yaml(server), path.join(folder, "feed.yaml")), feedContext());
  try {
    await test({ feed, server, folder });
  } finally {
    await feed.close();
    await server.close();
    fs.rmSync(folder, { recursive: true });
  }
}

const AUX = (server: CdseServer) => `
feed: aux
source: {from: cdse, url: ${server.url}/odata/v1/, collection: SENTINEL-1}
follow: {start: 2023-01-01}
catalog: {to: aux.live}
download: {to: files}
`;

const S2 = (keep: string) => (server: CdseServer) => `
feed: s2
source: {from: cdse, url: ${server.url}/odata/v1/, collection: SENTINEL-2, product_type: S2MSI1C}
follow: {start: 2024-01-01, poll: false}
keep: {${keep}}
catalog: {to: s2.live}
download: {to: files}
`;

const counts = async ({ engine }: Feed, table: string) =>
  Number((await engine.transaction((sql) => sql.all(`SELECT count(*) AS n FROM ${table}`)))[0].n);

recordedTest("the 47 recorded products become 47 rows, 47 tasks and one catalog", async () => {
  await inWorld(AUX, async ({ feed, server, folder }) => {
    server.faults.add(0);
    const result = await runFeed(feed, { deadline: NO_DEADLINE });
    assert.deepEqual([result.news, result.short, result.more], [47, [], false]);
    assert.deepEqual([await counts(feed, "granule"), await counts(feed, "task")], [47, 47]);
    const again = await runFeed(feed, { deadline: NO_DEADLINE });
    assert.equal(again.news, 0);
    const status = await feedStatus(feed.engine, "aux", 4000);
    const known = status.days.reduce((sum, day) => sum + day.known, 0);
    assert.deepEqual([known, status.days.some((day) => day.short), status.tasks.waiting], [47, false, 47]);

    const file = path.join(folder, "aux.parquet");
    assert.equal(await publishFile(feed.engine, "aux", file, 8), 47);
    const catalog = await openCatalog(file);
    const rows: GranuleRow[] = [];
    for await (const chunk of catalog.rows()) rows.push(...chunk.rows);
    catalog.close();
    assert.equal(rows.reduce((sum, row) => sum + Number(row.size_bytes), 0), 7_395_503_599);
    assert.ok(rows.every((row) => /^md5:[0-9a-f]{32}$/.test(row.checksum ?? "")));
    const merged = await mergeCatalogs([path.join(folder, "aux.live")], path.join(folder, "merged.parquet"));
    assert.deepEqual([merged.rows, merged.replaced], [47, 0]);
    const live = await openCatalog(path.join(folder, "aux.live"));
    assert.equal(await live.count(), 47);
    const liveRows: GranuleRow[] = [];
    for await (const chunk of live.rows("collection = 'SENTINEL-1.AUX_INS'")) liveRows.push(...chunk.rows);
    const numbers = await live.duck.connection.runAndReadAll(
      `SELECT count(DISTINCT file_row_number), (SELECT count(*) FROM granules) FROM ${live.table}`,
    );
    live.close();
    assert.deepEqual(numbers.getRows()[0].map(Number), [47, 47]);
    const ids = (some: typeof rows) => some.map((row) => row.id).sort();
    assert.deepEqual(ids(liveRows), ids(rows.filter((row) => row.collection === "SENTINEL-1.AUX_INS")));
    assert.equal(new Set(rows.map((row) => row.collection)).size, 8);
    assert.equal(rows.filter((row) => row.collection === "SENTINEL-1.AUX_INS").length, 9);
    assert.ok(rows.every((row) => row.s3_base === "s3://eodata/" && row.path.startsWith("Sentinel-1/AUX/")));
  });
});

recordedTest("a poll of products in pages of ten brings the same rows", async () => {
  await inWorld(AUX, async ({ feed, server }) => {
    const { odataSource } = await import("../../../feed/sources/odata.ts");
    const source = odataSource({
      url: `${server.url}/odata/v1/`,
      query: { collection: "SENTINEL-1" },
      io: defaultHttpIo(),
      maker: { footprinter: createFootprinter(8), test: () => null, download: productTasks },
      pageSize: 10,
    });
    await runFeed({ ...feed, source }, { deadline: NO_DEADLINE });
    assert.equal(await counts(feed, "granule"), 47);
  });
});

recordedTest("a deleted product leaves the catalog, one that came back under another id stays", async () => {
  await inWorld(AUX, async ({ feed, server, folder }) => {
    const first = server.products[0];
    const copy = { ...first, Id: "00000000-aaaa-4000-8000-000000000000" };
    server.products.push(copy);
    await runFeed(feed, { deadline: NO_DEADLINE });
    assert.equal(await counts(feed, "granule"), 48);
    const before = newestManifest(path.join(folder, "aux.live"));
    assert.equal(await countOf(path.join(folder, "aux.live")), 47);
    const gone = server.products[5];
    for (const { Id, Name } of [first, gone]) {
      server.products.splice(server.products.findIndex((one) => one.Id === Id), 1);
      server.deleted.push({
        Id,
        Name,
        DeletionDate: new Date().toISOString(),
        DeletionCause: "Duplicated product",
      });
    }
    feed.definition.deletionsEveryMs = 0;
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the server's clock counts seconds
    assert.equal((await runFeed(feed, { deadline: NO_DEADLINE })).deleted, 2);
    const after = newestManifest(path.join(folder, "aux.live"));
    assert.equal(await countOf(path.join(folder, "aux.live")), 46);
    const names = new Set(after?.parts.map(({ file }) => file?.name));
    const lost = before?.parts.filter(({ file }) => file !== null && !names.has(file.name));
    assert.ok((lost?.length ?? 0) <= 2, "only the files of parts that changed are replaced");
  });
});

recordedTest("publishing again without news writes nothing", async () => {
  await inWorld(AUX, async ({ feed, folder }) => {
    await runFeed(feed, { deadline: NO_DEADLINE });
    const live = path.join(folder, "again.live");
    const first = await publishParts({
      engine: feed.engine,
      feed: "aux",
      target: new FolderTarget(live),
      cellOrder: 8,
    });
    const second = await publishParts({
      engine: feed.engine,
      feed: "aux",
      target: new FolderTarget(live),
      cellOrder: 8,
    });
    assert.deepEqual([second.number, second.written, first.parts > 0], [first.number, 0, true]);
  });
});

/** Posts a body as the provider does. */
function post(url: string, body: string, password = "secret"): Promise<number> {
  const authorization = `Basic ${btoa(`cdse:${password}`)}`;
  return fetch(url, { method: "POST", body, headers: { authorization } }).then(async (reply) => {
    await reply.text();
    return reply.status;
  });
}

async function whileListening(feed: Feed, work: (url: string) => Promise<void>): Promise<void> {
  const options = { host: "127.0.0.1", port: 0, user: "cdse", password: "secret", onError: assert.fail };
  const listener = await listen(feed, options);
  try {
    await work(listener.url);
  } finally {
    await listener.close();
  }
}

recordedTest("a notice pushed twice is one row and one task", async () => {
  await inWorld(S2("cloud_at_most: 99"), async ({ feed }) => {
    await whileListening(feed, async (url) => {
      assert.deepEqual([await post(url, read(PUSH)), await post(url, read(PUSH))], [204, 204]);
    });
    assert.deepEqual(await emptyInbox(feed), { read: 2, bad: 0, news: 1, deleted: 0 });
    const [row] = await feed.engine.transaction((sql) => sql.all("SELECT * FROM granule"));
    assert.deepEqual([row.collection, row.state], ["SENTINEL-2.S2MSI1C", "live"]);
    const tasks = await feed.engine.transaction((sql) => sql.all("SELECT version, work FROM task"));
    assert.deepEqual(tasks.map((task) => task.version), ["md5:700a3f2014ab3670408b94e4310924dd"]);
    assert.equal(JSON.parse(String(tasks[0].work)).sizeBytes, 132_384_463);
    assert.equal((await feedStatus(feed.engine, "s2", 4000)).notices.bad, 0);
  });
});

recordedTest("a granule acquired long ago is known and left out", async () => {
  await inWorld(S2("recent: 30d"), async ({ feed }) => {
    const notice = JSON.parse(read(PUSH));
    notice.value.ContentDate = { Start: "1999-01-01T00:00:00Z", End: "1999-01-01T00:00:00Z" };
    await whileListening(feed, async (url) => assert.equal(await post(url, JSON.stringify(notice)), 204));
    await emptyInbox(feed);
    const rows = await feed.engine.transaction((sql) => sql.all("SELECT state, reason FROM granule"));
    assert.deepEqual(rows.map((row) => ({ ...row })), [{
      state: "filtered",
      reason: "observed too long ago",
    }]);
    assert.equal(await counts(feed, "task"), 0);
  });
});

recordedTest(
  "what does not fulfil keep.where is left out with the reason, polled and pushed alike",
  async () => {
    const { value } = JSON.parse(read(PUSH));
    const clouds = [3, 19, 21, 90];
    const like = clouds.map((cloud, i): FakeProduct => ({
      ...value,
      Id: `00000000-0000-4000-8000-00000000000${i}`,
      Name: value.Name.replace("T133420", `T13342${i}`),
      Attributes: value.Attributes.map((one: { Name: string }) =>
        one.Name === "cloudCover" ? { ...one, Value: cloud } : one
      ),
    }));
    const yaml = (server: CdseServer) =>
      S2(`recent: 20000d, where: "(properties->>'cloudCover')::DOUBLE < 20 AND id LIKE 'S2A%'"`)(server)
        .replace("poll: false", "poll: true");
    await inWorld(yaml, async ({ feed, folder }) => {
      const result = await runFeed(feed, { deadline: NO_DEADLINE });
      assert.deepEqual([result.news, result.short], [2, []]);
      await whileListening(feed, async (url) => {
        for (const one of [like[1], like[3]]) {
          const body = { ...JSON.parse(read(PUSH)), ProductId: one.Id, ProductName: one.Name, value: one };
          assert.equal(await post(url, JSON.stringify(body)), 204);
        }
      });
      await emptyInbox(feed);
      const rows = await feed.engine.transaction((sql) =>
        sql.all("SELECT source_id, state, reason FROM granule ORDER BY source_id")
      );
      const out = "does not fulfil keep.where";
      assert.deepEqual(rows.map(({ state, reason }) => [state, reason]), [
        ["live", null],
        ["live", null],
        ["filtered", out],
        ["filtered", out],
      ]);
      assert.equal(await counts(feed, "task"), 2);
      const day = (await feedStatus(feed.engine, "s2", 4000)).days.find((one) => one.day === "2024-09-12");
      assert.deepEqual([day?.known, day?.kept, day?.filtered], [4, 2, 2]);
      await publishParts({
        engine: feed.engine,
        feed: "s2",
        target: new FolderTarget(path.join(folder, "s2.live")),
        cellOrder: 8,
      });
      assert.equal(newestManifest(path.join(folder, "s2.live"))?.parts[0].file?.rows, 2);
    }, [like[0], like[2]]);
  },
);

recordedTest(
  "a push that has fallen silent makes one poll, and says so; one that is usual makes none",
  async () => {
    await inWorld(S2("recent: 20000d"), async ({ feed, server }) => {
      const { engine, definition: { name } } = feed;
      const notes: string[] = [];
      const run = () => runFeed(feed, { deadline: NO_DEADLINE, onNote: (note) => notes.push(note) });
      const hear = (times: readonly number[]) =>
        engine.transaction((sql) =>
          keepNotices(sql, name, times.map((received) => ({ source: "cdse", received, body: read(PUSH) })))
        );
      const hour = 3_600_000;
      const last = Date.now() - 3 * hour;
      await hear([...Array(150).keys()].map((i) => last - (149 - i) * 4 * hour));
      await run();
      assert.deepEqual([server.asked.length, notes], [0, []], "three hours are usual where four are");
      assert.equal((await feedStatus(engine, name, 10)).silent, false);

      // The same five hours later.
      await engine.transaction((sql) => sql.all(`UPDATE feed SET pushed = pushed - ${2 * hour}`));
      assert.equal((await feedStatus(engine, name, 10)).silent, true);
      const result = await run();
      assert.ok(server.asked.length > 0);
      assert.equal(await counts(feed, "granule"), 48);
      assert.equal(result.short.length, 0);
      assert.match(notes.join(), /nothing was pushed for 5h 0m, the longest that is usual is 4h/);
      const asked = server.asked.length;
      await run();
      assert.equal(server.asked.length, asked, "one poll a silence");
      assert.equal(notes.length, 1);
      await hear([Date.now()]);
      await run();
      assert.equal((await feedStatus(engine, name, 10)).silent, false);
    });
  },
);

recordedTest("a notice that cannot be read is answered, kept and counted as bad", async () => {
  await inWorld(S2("cloud_at_most: 99"), async ({ feed }) => {
    const none = JSON.parse(read(PUSH));
    none.value.Locations = [];
    const two = JSON.parse(read(PUSH));
    two.value.Locations.push(two.value.Locations[0]);
    await whileListening(feed, async (url) => {
      for (const body of [JSON.stringify(none), JSON.stringify(two), "{", "[]"]) {
        assert.equal(await post(url, body), 204);
      }
    });
    assert.deepEqual(await emptyInbox(feed), { read: 4, bad: 4, news: 0, deleted: 0 });
    assert.equal(await counts(feed, "inbox"), 4);
  });
});

recordedTest("a deletion that is pushed before the creation wins", async () => {
  await inWorld(S2("cloud_at_most: 99"), async ({ feed }) => {
    const { ProductId, ProductName } = JSON.parse(read(PUSH));
    const deletion = {
      SubscriptionEvent: "deleted",
      ProductId,
      ProductName,
      NotificationDate: "2024-09-13T00:00:00.000Z",
      value: { Id: ProductId, Name: ProductName, DeletionDate: "2024-09-13T00:00:00.000Z" },
    };
    await whileListening(feed, async (url) => {
      assert.equal(await post(url, JSON.stringify(deletion)), 204);
      assert.equal(await post(url, read(PUSH)), 204);
    });
    await emptyInbox(feed);
    const rows = await feed.engine.transaction((sql) => sql.all("SELECT state FROM granule"));
    assert.deepEqual(rows.map((row) => row.state), ["deleted"]);
  });
});

recordedTest("the endpoint refuses wrong passwords, other paths, other methods and long bodies", async () => {
  await inWorld(S2("cloud_at_most: 99"), async ({ feed }) => {
    await whileListening(feed, async (url) => {
      assert.equal(await post(url, read(PUSH), "wrong"), 401);
      assert.equal(await post(url.replace("/events", "/other"), read(PUSH)), 404);
      assert.equal((await fetch(url).then(async (reply) => (await reply.text(), reply))).status, 405);
      assert.equal(await post(url, "x".repeat(1_000_001)), 413);
    });
    assert.equal(await counts(feed, "inbox"), 0);
  });
});

Deno.test("a feed's YAML is refused with line and column", () => {
  const text =
    "feed: a b\nsource:\n  from: cdse\n  colection: X\nfollow: {start: 2024-01-01, settle: soon}\n";
  assert.throws(() => parseFeed(text, "f.yaml"), (error: Error) => {
    assert.match(error.message, /f\.yaml:1:7: feed: wanted letters/);
    assert.match(error.message, /f\.yaml:4:3: unknown key "colection" in source.*collection/);
    assert.match(error.message, /f\.yaml:5:\d+: follow\.settle: wanted a number with s, m, h or d/);
    return true;
  });
});

async function countOf(place: string): Promise<number> {
  const catalog = await openCatalog(place);
  try {
    return await catalog.count();
  } finally {
    catalog.close();
  }
}
