/** Products that are folders of many objects: one granule each, when all of its files are there. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openCatalog } from "../../../catalog/file/open_catalog.ts";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { Deadline, NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { DAY_MS } from "../../../feed/ledger/days.ts";
import { keepNotices } from "../../../feed/ledger/inbox.ts";
import { emptyInbox } from "../../../feed/notices/inbox.ts";
import { type Feed, openFeed } from "../../../feed/open.ts";
import { downloadDue } from "../../../feed/queue/download.ts";
import { runFeed } from "../../../feed/run.ts";
import { manifestFiles } from "../../../feed/sources/s3_granules.ts";
import { feedContext } from "../../support/feed_context.ts";
import { type FakeS3, startFakeS3 } from "../../support/s3_fake.ts";

const MINUTE = 60_000;
const FILES = [
  "GRANULE/L1C_T28PHQ/IMG_DATA/T28PHQ_B02.jp2",
  "GRANULE/L1C_T28PHQ/IMG_DATA/T28PHQ_B03.jp2",
  "GRANULE/L1C_T28PHQ/MTD_TL.xml",
  "DATASTRIP/DS/MTD_DS.xml",
  "MTD_MSIL1C.xml",
];
const NAME = (i: number) => `S2A_MSIL1C_20240912T112541_N0511_R137_T28PHQ_2024091213342${i}.SAFE`;

/** As a product's manifest names its files (SAFE, control book volume 1: byteStream and fileLocation). */
const manifestOf = (files: readonly string[]) =>
  `<?xml version="1.0"?><xfdu:XFDU><dataObjectSection>${
    files.map((file, i) =>
      `<dataObject ID="d${i}"><byteStream mimeType="x"><fileLocation locatorType="URL" href="./${file}"/>` +
      `<checksum checksumName="MD5">00</checksum></byteStream></dataObject>`
    ).join("")
  }</dataObjectSection></xfdu:XFDU>`;

interface World {
  fake: FakeS3;
  feed: Feed;
  folder: string;
  now: number;
  put(product: string, file: string, minutesAgo: number, content?: string): string;
}

async function inWorld(more: string, test: (world: World) => Promise<void>): Promise<void> {
  const fake = await startFakeS3();
  fake.readers.set("eodata", new Set(["*"]));
  fake.pageKeys = 4;
  const now = Date.now();
  const day = new Date(now - 60 * MINUTE).toISOString().slice(0, 10).replaceAll("-", "/");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-safe-"));
  const yaml = `
feed: safe
source:
  from: s3
  prefix: "s3://eodata/L1C/{yyyy}/{mm}/{dd}/"
  endpoint: ${fake.server.url}
  access: unsigned
  region: us-west-2
  collection: S2.L1C
  granules: "*.SAFE"
  ${more}
follow: {start: ${new Date(now - 3 * DAY_MS).toISOString().slice(0, 10)}, settle: 1d}
catalog: {to: live}
download: {to: files}
`;
  const feed = await openFeed(parseFeed(yaml, path.join(folder, "f.yaml")), feedContext());
  const put = (product: string, file: string, minutesAgo: number, content = `${product} ${file}`) => {
    const key = `L1C/${day}/${product}/${file}`;
    fake.objects.set(`eodata/${key}`, new TextEncoder().encode(content));
    fake.written.set(`eodata/${key}`, Math.floor((now - minutesAgo * MINUTE) / 1000) * 1000);
    return key;
  };
  try {
    await test({ fake, feed, folder, now, put });
  } finally {
    await feed.close();
    await fake.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

const run = (feed: Feed) => runFeed(feed, { deadline: NO_DEADLINE });
Deno.test("a SAFE is one granule with all its files, and all of them are fetched to their places", async () => {
  await inWorld("manifest: manifest.safe", async ({ fake, feed, folder, put }) => {
    for (const file of FILES) put(NAME(1), file, 30);
    put(NAME(1), "manifest.safe", 29, manifestOf(FILES));
    put("elsewhere", "T28PHQ_B02.jp2", 30);
    const result = await run(feed);
    assert.deepEqual([result.news, result.short], [1, []]);
    assert.equal((await run(feed)).news, 0);
    const catalog = await openCatalog(path.join(folder, "live"));
    const rows = [];
    for await (const chunk of catalog.rows()) rows.push(...chunk.rows);
    catalog.close();
    assert.equal(rows.length, 1);
    const [row] = rows;
    assert.deepEqual([row.id, row.collection], [NAME(1), "S2.L1C"]);
    assert.deepEqual(row.assets.map(({ key }) => key).sort(), [...FILES, "manifest.safe"].sort());
    assert.ok(row.path.endsWith("_B02.jp2"), "a file of observations leads");
    for (const asset of row.assets) {
      const key = `${row.s3_base}${asset.path}`.replace("s3://eodata/", "eodata/");
      assert.equal(fake.objects.get(key)?.length, asset.size_bytes, key);
    }
    const done = await downloadDue(feed, {
      to: path.join(folder, "files"),
      files: 3,
      attempts: 2,
      env: {},
      signal: new AbortController().signal,
      deadline: new Deadline(Infinity),
      onNote: () => {},
    });
    assert.deepEqual([done.files, done.failed], [6, []]);
    for (const file of FILES) {
      const place = path.join(folder, "files", "s3", "S2.L1C", NAME(1), file);
      assert.equal(fs.readFileSync(place, "utf8"), `${NAME(1)} ${file}`);
    }
  });
});

Deno.test("a SAFE without a file of its manifest is known and left out, until the file is there", async () => {
  await inWorld("manifest: manifest.safe", async ({ feed, put }) => {
    for (const file of FILES.slice(1)) put(NAME(2), file, 40);
    put(NAME(2), "manifest.safe", 39, manifestOf(FILES));
    // Another one still comes: nothing is said of it. A third has no manifest yet.
    for (const file of FILES) put(NAME(3), file, 2);
    put(NAME(3), "manifest.safe", 1, manifestOf(FILES));
    for (const file of FILES) put(NAME(4), file, 40);
    assert.equal((await run(feed)).news, 1);
    const rows = await feed.engine.transaction((sql) => sql.all("SELECT state, reason FROM granule"));
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      { state: "filtered", reason: `${FILES[0]} is not there yet` },
    ]);
    put(NAME(2), FILES[0], 20);
    put(NAME(4), "manifest.safe", 15, manifestOf(FILES));
    assert.equal((await run(feed)).news, 2);
    const states = await feed.engine.transaction((sql) => sql.all("SELECT state FROM granule"));
    assert.deepEqual(states.map(({ state }) => state), ["live", "live"]);
    assert.deepEqual((await run(feed)).short, []);
  });
});

Deno.test("without a manifest a folder is whole when its marks are there and nothing was written for a while", async () => {
  await inWorld('complete: ["*.xml", "*/T*_B03.jp2"]\n  quiet: 15m', async ({ feed, put }) => {
    put(NAME(1), FILES[0], 30);
    put(NAME(1), "MTD_MSIL1C.xml", 30);
    assert.equal((await run(feed)).news, 0);
    put(NAME(1), FILES[1], 10);
    assert.equal((await run(feed)).news, 0, "written ten minutes ago");
    put(NAME(1), FILES[1], 16);
    assert.equal((await run(feed)).news, 1);
  });
});

Deno.test("an event of the manifest registers a SAFE at once, one of another file says nothing", async () => {
  await inWorld("manifest: manifest.safe", async ({ fake, feed, now, put }) => {
    const keys = FILES.map((file) => put(NAME(5), file, 1));
    const manifest = put(NAME(5), "manifest.safe", 0, manifestOf(FILES));
    const tell = async (key: string, eventName = "ObjectCreated:Put") => {
      const record = {
        eventSource: "aws:s3",
        eventName,
        eventTime: new Date(now).toISOString(),
        s3: { bucket: { name: "eodata" }, object: { key, size: 10, eTag: "0123456789abcdef" } },
      };
      const body = JSON.stringify({ Records: [record] });
      await feed.engine.transaction((sql) =>
        keepNotices(sql, "safe", [{ source: "push", received: Date.now(), body }])
      );
      return await emptyInbox(feed);
    };
    assert.deepEqual(await tell(keys[0]), { read: 1, bad: 0, news: 0, deleted: 0 });
    const asked = fake.server.seen.length;
    assert.equal(asked, 0, "nothing is listed for it");
    assert.deepEqual(await tell(manifest), { read: 1, bad: 0, news: 1, deleted: 0 });
    assert.equal((await tell(manifest)).news, 0);
    assert.equal((await tell(manifest, "ObjectRemoved:Delete")).deleted, 1);
  });
});

Deno.test("a manifest's files are read whatever its quotes, and settings that fit no folder are refused", () => {
  assert.deepEqual(
    manifestFiles(
      `<a><fileLocation locatorType='URL' href='./a/b.xml'/><fileLocation href="c&amp;d.jp2"/></a>`,
    ),
    ["a/b.xml", "c&d.jp2"],
  );
  const yaml = (more: string) =>
    `feed: a\nsource: {from: s3, prefix: "s3://b/p/", ${more}}\nfollow: {start: 2026-01-01}\n`;
  assert.throws(() => parseFeed(yaml("manifest: m"), "f.yaml"), /f\.yaml:2.*no granules are named/);
  assert.throws(() => parseFeed(yaml('granules: "a/b"'), "f.yaml"), /wanted a name of folders/);
  assert.throws(() => parseFeed(yaml('granules: "*.SAFE", match: "*.nc"'), "f.yaml"), /folders of them/);
});
