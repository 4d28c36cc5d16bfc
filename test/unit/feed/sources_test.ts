/** Every kind of source, followed through a changing world: nothing missing, nothing twice, counts equal. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { DAY_MS } from "../../../feed/ledger/days.ts";
import { keepNotices } from "../../../feed/ledger/inbox.ts";
import { emptyInbox } from "../../../feed/notices/inbox.ts";
import { type Feed, openFeed } from "../../../feed/open.ts";
import { runFeed } from "../../../feed/run.ts";
import { feedStatus } from "../../../feed/status.ts";
import { feedContext } from "../../support/feed_context.ts";
import {
  CONCEPT,
  emptyWorld,
  type FollowWorld,
  stacItem,
  startFollowCmr,
  startFollowStac,
} from "../../support/follow_servers.ts";
import type { TestServer } from "../../support/http_server.ts";
import { randoms } from "./follow/world.ts";

const START = Date.UTC(2026, 0, 1);

async function withFeed(yaml: string, test: (feed: Feed, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-sources-"));
  const feed = await openFeed(parseFeed(yaml, path.join(folder, "feed.yaml")), {
    ...feedContext(),
    pageSize: 10,
  });
  try {
    await test(feed, folder);
  } finally {
    await feed.close();
    fs.rmSync(folder, { recursive: true });
  }
}

async function stateOf({ engine }: Feed): Promise<Record<string, string[]>> {
  const rows = await engine.transaction((sql) =>
    sql.all("SELECT id, state FROM granule ORDER BY id, source_id")
  );
  const states: Record<string, string[]> = {};
  for (const row of rows) (states[String(row.state)] ??= []).push(String(row.id));
  return states;
}

const run = (feed: Feed) => runFeed(feed, { deadline: NO_DEADLINE });

/** Adds granules that changed before now; some at one millisecond, some in a day's last. */
function publish(world: FollowWorld, random: () => number, from: number, to: number, count: number): void {
  for (let i = 0; i < count; i += 1) {
    let updated = from + Math.floor(random() * (to - from));
    if (random() < 0.4) updated = from + Math.floor((to - from) / 2);
    if (random() < 0.1) updated = Math.min(to - 1, Math.floor(updated / DAY_MS) * DAY_MS + DAY_MS - 1);
    const id = String(1000 + world.granules.size + world.deleted.length);
    world.granules.set(id, { id, updated, observed: updated - DAY_MS });
  }
}

/** Follows a world that grows, is revised and shrinks; each time the ledger agrees with it. */
async function follow(
  world: FollowWorld,
  server: TestServer,
  yaml: string,
  byDeletion: boolean,
): Promise<void> {
  const random = randoms(7);
  const now = Date.now();
  publish(world, random, START, now - 3 * DAY_MS, 60);
  await withFeed(yaml, async (feed) => {
    world.faults.add(server.asked.length + 2);
    await run(feed);
    const live = () => [...world.granules.keys()].sort();
    assert.deepEqual((await stateOf(feed)).live, live());
    assert.equal((await run(feed)).news, 0, "a quiet poll brings nothing");

    // Later arrivals with times already walked, a revision, one that goes.
    publish(world, random, now - 2 * DAY_MS, now - DAY_MS, 7);
    const [revised, gone] = [...world.granules.values()].filter((one) => one.updated > now - 2 * DAY_MS);
    assert.ok(revised !== undefined && gone !== undefined);
    await run(feed);
    world.granules.set(revised.id, { ...revised, updated: now - 1000 });
    world.granules.delete(gone.id);
    if (byDeletion) world.deleted.push({ id: gone.id, at: now - 500 });
    // A feed asks for deletions and sweeps now and then; here at once.
    feed.definition.deletionsEveryMs = 0;
    feed.definition.sweepEveryMs = 0;
    await new Promise((resolve) => setTimeout(resolve, 1100)); // services tell their time in seconds
    await run(feed);
    const states = await stateOf(feed);
    assert.deepEqual(states.live, live());
    assert.deepEqual([...(states.deleted ?? []), ...(states.absent ?? [])], [gone.id]);
    const status = await feedStatus(feed.engine, feed.definition.name, 4000);
    assert.deepEqual(status.days.filter((day) => day.short), []);
    assert.equal(status.days.reduce((sum, day) => sum + day.kept, 0), world.granules.size);
  });
}

Deno.test("CMR is followed by revision dates, its deletions included", async () => {
  const world = emptyWorld();
  const server = await startFollowCmr(world);
  try {
    const yaml = `
feed: cmr
source: {from: cmr, url: ${server.url}, short_name: TEST, version: "1"}
follow: {start: 2026-01-01, settle: 5d}
`;
    await follow(world, server, yaml, true);
    const windows = server.asked.map(({ url }) => url.searchParams.get("revision_date[]"))
      .filter((text) => text !== null);
    assert.ok(windows.every((text) => /^\S+\.\d{3}Z,\S+\.\d{3}Z$/.test(text)), windows[0] ?? "");
  } finally {
    await server.close();
  }
});

Deno.test("a quiet poll of CMR asks for two counts and nothing else", async () => {
  const world = emptyWorld();
  const server = await startFollowCmr(world);
  publish(world, randoms(3), START, Date.now() - 3 * DAY_MS, 20);
  const yaml = `
feed: cmr
source: {from: cmr, url: ${server.url}, short_name: TEST}
follow: {start: 2026-01-01}
`;
  try {
    await withFeed(yaml, async (feed) => {
      await run(feed);
      await run(feed);
      const before = server.asked.length;
      await run(feed);
      const asked = server.asked.slice(before).map(({ url }) => url.searchParams.get("page_size"));
      assert.ok(asked.length <= 2, JSON.stringify(asked));
    });
  } finally {
    await server.close();
  }
});

for (const filter of ["cql2", "query"] as const) {
  for (const sorts of [true, false]) {
    Deno.test(`a STAC API with ${filter}, ${sorts ? "sorted" : "in no order"}, is followed by updated`, async () => {
      const world = emptyWorld();
      const server = await startFollowStac(world, { filter, sorts });
      try {
        await follow(
          world,
          server,
          `
feed: stac
source: {from: stac, url: ${server.url}/, collections: [TEST]}
follow: {start: 2026-01-01, settle: 5d}
`,
          false,
        );
      } finally {
        await server.close();
      }
    });
  }
}

Deno.test("a STAC API that filters by no property is followed by what was observed, when that is said", async () => {
  const world = emptyWorld();
  const server = await startFollowStac(world, { filter: "none", sorts: true });
  const yaml = (time: string) => `
feed: stac
source: {from: stac, url: ${server.url}/, collections: [TEST]${time}}
follow: {start: 2025-12-01, settle: 30d}
`;
  try {
    publish(world, randoms(5), Date.now() - 20 * DAY_MS, Date.now() - 3 * DAY_MS, 30);
    await withFeed(yaml(""), async (feed) => {
      await assert.rejects(run(feed), /filters by no property.*time: datetime/s);
    });
    await withFeed(yaml(", time: datetime"), async (feed) => {
      await run(feed);
      assert.equal((await stateOf(feed)).live.length, 30);
      // A revision of what was observed long ago is found by the sweep, under its old time.
      const [one] = world.granules.values();
      world.granules.set(one.id, { ...one, updated: Date.now() });
      feed.definition.sweepEveryMs = 0;
      await new Promise((resolve) => setTimeout(resolve, 1100)); // services tell their time in seconds
      assert.equal((await run(feed)).news, 1);
      assert.equal((await stateOf(feed)).live.length, 30);
    });
  } finally {
    await server.close();
  }
});

Deno.test("a search on another host, and a next page there, are refused", async () => {
  const world = emptyWorld();
  const server = await startFollowStac(world, { filter: "cql2", sorts: true });
  const { startServer } = await import("../../support/http_server.ts");
  const elsewhere = await startServer(() => ({
    body: JSON.stringify({
      type: "Catalog",
      id: "x",
      conformsTo: ["https://api.stacspec.org/v1.0.0/item-search#filter"],
      links: [{ rel: "search", href: `${server.url}/search`, method: "POST" }],
    }),
  }));
  try {
    const yaml = `
feed: stac
source: {from: stac, url: ${elsewhere.url}/, collections: [TEST]}
follow: {start: 2026-01-01}
`;
    await withFeed(yaml, async (feed) => {
      await assert.rejects(run(feed), /another host/);
      assert.equal(server.asked.length, 0);
    });
  } finally {
    await server.close();
    await elsewhere.close();
  }
});

/** A message as Amazon's topics send it. */
const fromTopic = (message: unknown, attributes: Record<string, string> = {}) =>
  JSON.stringify({
    Type: "Notification",
    TopicArn: "arn:aws:sns:us-east-1:123456789012:news",
    Timestamp: new Date().toISOString(),
    Message: JSON.stringify(message),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, Value]) => [name, { Type: "String", Value }]),
    ),
  });

async function push(feed: Feed, body: string) {
  await feed.engine.transaction((sql) =>
    keepNotices(sql, feed.definition.name, [{ source: "push", received: Date.now(), body }])
  );
  return await emptyInbox(feed);
}

Deno.test("CMR's notices register what CMR has under the id; deletions take it out; polls find no more", async () => {
  const world = emptyWorld();
  const server = await startFollowCmr(world);
  const updated = Date.now() - 10_000;
  world.granules.set("1001", { id: "1001", updated, observed: updated });
  const yaml = `
feed: cmr
source: {from: cmr, url: ${server.url}, short_name: TEST}
follow: {start: 2026-01-01}
`;
  try {
    await withFeed(yaml, async (feed) => {
      const notice = { "concept-id": CONCEPT("1001"), "granule-ur": "1001", location: "https://elsewhere/x" };
      // A queue wraps a topic's message once more.
      const queued = JSON.stringify({ Body: fromTopic(notice, { mode: "New" }), ReceiptHandle: "r" });
      assert.deepEqual(await push(feed, queued), { read: 1, bad: 0, news: 1, deleted: 0 });
      assert.deepEqual(await push(feed, fromTopic(notice)), { read: 1, bad: 0, news: 0, deleted: 0 });
      assert.equal((await run(feed)).news, 0);
      const unknown = { "concept-id": CONCEPT("9"), "granule-ur": "9" };
      assert.equal((await push(feed, fromTopic(unknown))).bad, 1);
      world.granules.delete("1001");
      assert.equal((await push(feed, fromTopic(notice, { mode: "Delete" }))).deleted, 1);
      assert.deepEqual(await stateOf(feed), { deleted: ["1001"] });
    });
  } finally {
    await server.close();
  }
});

Deno.test("STAC items from a topic register; those of other collections and broken ones stay as bad", async () => {
  const world = emptyWorld();
  const server = await startFollowStac(world, { filter: "cql2", sorts: true });
  const yaml = `
feed: stac
source: {from: stac, url: ${server.url}/, collections: [TEST]}
follow: {start: 2026-01-01}
`;
  try {
    await withFeed(yaml, async (feed) => {
      const item = stacItem({ id: "a", updated: Date.now(), observed: Date.now() });
      assert.equal((await push(feed, fromTopic(item))).news, 1);
      for (const body of [fromTopic({ ...item, collection: "OTHER" }), "no json", "[]", fromTopic({})]) {
        assert.equal((await push(feed, body)).bad, 1, body);
      }
      assert.deepEqual(await stateOf(feed), { live: ["a"] });
    });
  } finally {
    await server.close();
  }
});

Deno.test("no topic is confirmed but one that push.topics names, and only at Amazon's address", async () => {
  const confirmation = (topic: string, url: string) =>
    JSON.stringify({ Type: "SubscriptionConfirmation", TopicArn: topic, SubscribeURL: url });
  const topic = "arn:aws:sns:us-east-1:123456789012:news";
  const yaml = `
feed: cmr
source: {from: cmr, url: "http://127.0.0.1:9/", short_name: TEST}
follow: {start: 2026-01-01}
push: {topics: ["${topic}"]}
`;
  await withFeed(yaml, async (feed) => {
    const at = (host: string) => `https://${host}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=x`;
    for (
      const body of [
        confirmation("arn:aws:sns:us-east-1:123456789012:other", at("sns.us-east-1.amazonaws.com")),
        confirmation(topic, at("sns.us-east-1.amazonaws.com.evil.example")),
        confirmation(topic, at("evil.example")),
        confirmation(topic, at("sns.us-east-1.amazonaws.com").replace("https", "http")),
        confirmation(topic, at("sns.us-east-1.amazonaws.com").replace(topic, "arn:aws:sns:us-east-1:1:x")),
        confirmation(topic, at("user@sns.us-east-1.amazonaws.com")),
      ]
    ) {
      assert.equal((await push(feed, body)).bad, 1, body);
    }
    const rows = await feed.engine.transaction((sql) => sql.all("SELECT error FROM inbox ORDER BY n"));
    assert.match(String(rows[0].error), /push\.topics does not name it/);
    assert.ok(rows.slice(1).every((row) => /not Amazon's/.test(String(row.error))), JSON.stringify(rows));
  });
});

Deno.test("a folder's files are rows when they are whole; one that goes is taken out, a broken one is named", async () => {
  const { simulate } = await import("../../../products/simulate/simulate.ts");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-folder-"));
  const granules = path.join(folder, "granules");
  await simulate(granules, { granules: 3, rows: 20 });
  const yaml = `
feed: disk
source: {from: local, path: ${granules}}
follow: {start: 2026-01-01, settle: 5d}
download: {to: elsewhere}
`;
  const { localSource } = await import("../../../feed/sources/local.ts");
  const { createFootprinter } = await import("../../../catalog/discover/draft/footprinter.ts");
  try {
    await withFeed(yaml, async (feed) => {
      assert.equal((await run(feed)).news, 0, "files that changed just now may still be written");
      const source = localSource({
        folder: granules,
        layout: feedContext().layout(undefined),
        cellOrder: 8,
        maker: { footprinter: createFootprinter(8), test: () => null, download: () => [] },
        quietMs: 0,
      });
      const eager = { ...feed, source };
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal((await run(eager)).news, 3);
      const rows = await feed.engine.transaction((sql) => sql.all("SELECT granule_row FROM granule"));
      for (const row of rows) {
        const { collection, cells, checksum } = JSON.parse(String(row.granule_row));
        assert.ok(collection.startsWith("ATL06.") && cells.length > 0 && checksum !== null);
      }
      const names = fs.readdirSync(granules).sort();
      fs.rmSync(path.join(granules, names[0]));
      fs.writeFileSync(path.join(granules, "broken.h5"), "no file of HDF5");
      await new Promise((resolve) => setTimeout(resolve, 5));
      await run(eager);
      const states = await stateOf(feed);
      assert.deepEqual([states.live?.length, states.absent, states.filtered], [2, [names[0]], ["broken.h5"]]);
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("a bucket is followed by days in its keys; its events say what a poll would", async () => {
  const { startFakeS3 } = await import("../../support/s3_fake.ts");
  const fake = await startFakeS3();
  fake.readers.set("data", new Set(["*"]));
  fake.pageKeys = 3;
  const now = Date.now();
  const put = (daysAgo: number, name: string, written = now - daysAgo * DAY_MS) => {
    const day = new Date(now - daysAgo * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "/");
    const key = `l3/${day}/${name}`;
    fake.objects.set(`data/${key}`, new Uint8Array(10));
    fake.written.set(`data/${key}`, Math.floor(written / 1000) * 1000);
    return key;
  };
  for (let i = 0; i < 10; i += 1) put(i % 4 + 1, `f${i}.nc`);
  put(1, "readme.txt");
  put(300, "long_ago.nc");
  const start = new Date(now - 10 * DAY_MS).toISOString().slice(0, 10);
  const yaml = `
feed: bucket
source:
  from: s3
  prefix: "s3://data/l3/{yyyy}/{mm}/{dd}/"
  endpoint: ${fake.server.url}
  access: unsigned
  region: us-west-2
  collection: L3.1
follow: {start: ${start}, settle: 3d}
download: {to: files}
`;
  try {
    await withFeed(yaml, async (feed) => {
      await run(feed);
      const states = await stateOf(feed);
      assert.deepEqual(states.live, Array.from({ length: 10 }, (_, i) => `f${i}.nc`));
      assert.equal(states.filtered?.length, 1);
      assert.equal((await run(feed)).news, 0);
      const asked = fake.server.seen.map(({ url }) => new URL(url, "http://s3").searchParams.get("prefix"));
      assert.ok(asked.every((prefix) => /^l3\/\d{4}\/\d\d\/\d\d\/$/.test(prefix ?? "")), String(asked[0]));

      // A late arrival below an old day, one of today by its event, one that goes.
      put(5, "late.nc", now - 1000);
      const key = put(0, "today.nc", now - 2000);
      const record = (eventName: string) => ({
        Records: [{
          eventSource: "aws:s3",
          eventName,
          eventTime: new Date(now - 2000).toISOString(),
          s3: { bucket: { name: "data" }, object: { key, size: 10, eTag: "0123456789abcdef" } },
        }],
      });
      assert.equal((await push(feed, fromTopic(record("ObjectCreated:Put")))).news, 1);
      await run(feed);
      const tasks = await feed.engine.transaction((sql) =>
        sql.all("SELECT id FROM task WHERE id = 'today.nc'")
      );
      assert.equal(tasks.length, 1);
      assert.ok((await stateOf(feed)).live.includes("late.nc"));
      fake.objects.delete(`data/${key}`);
      assert.equal((await push(feed, JSON.stringify(record("ObjectRemoved:Delete")))).deleted, 1);
      await run(feed);
      assert.deepEqual((await stateOf(feed)).deleted, ["today.nc"]);
      const elsewhere = { Records: [{ ...record("ObjectCreated:Put").Records[0] }] };
      elsewhere.Records[0].s3 = { bucket: { name: "other" }, object: { key, size: 1, eTag: "x" } };
      assert.equal((await push(feed, JSON.stringify(elsewhere))).bad, 1);
    });
  } finally {
    await fake.stop();
  }
});
