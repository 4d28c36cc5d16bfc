/** A feed's state over HTTP: what status says, and the footprints as the source stated them. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { openServedFeeds } from "../../../cli/commands/serve_feeds.ts";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { openFeed } from "../../../feed/open.ts";
import { runFeed } from "../../../feed/run.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { type FakeProduct, startCdse } from "../../support/cdse_server.ts";
import { feedContext } from "../../support/feed_context.ts";
import { startServing } from "../../support/serving.ts";

Deno.test({
  name: "a server shows a feed's counts, its footprints and a page of both, and knows no other feed",
  ignore: !hasSharedData,
  async fn() {
    const notice = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
    const now = Date.now();
    const at = (hoursAgo: number) => new Date(now - hoursAgo * 3_600_000).toISOString();
    const product = (i: number, tile: string, hoursAgo: number): FakeProduct => ({
      ...notice.value,
      Id: `00000000-0000-4000-8000-00000000000${i}`,
      Name: `S2A_MSIL1C_20240912T112541_N0511_R137_T${tile}_2024091213342${i}.SAFE`,
      ModificationDate: at(hoursAgo),
      PublicationDate: at(hoursAgo),
      Attributes: [{ Name: "tileId", Value: tile }],
    });
    const cdse = await startCdse([
      product(1, "28PHQ", 30),
      product(2, "28PHQ", 2),
      product(3, "28PHR", 1),
      product(4, "28PHQ", 24 * 6),
    ]);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-served-feed-"));
    const file = path.join(folder, "s2.yaml");
    fs.writeFileSync(path.join(folder, "tiles.txt"), "28PHQ\n");
    fs.writeFileSync(
      file,
      `feed: s2
source: {from: cdse, url: ${cdse.url}/odata/v1/, collection: SENTINEL-2, product_type: S2MSI1C}
follow: {start: ${at(24 * 8).slice(0, 10)}}
keep: {tiles: tiles.txt}
catalog: {to: live}
`,
    );
    await assert.rejects(openServedFeeds([file], {}), /has no ledger yet/);
    const feed = await openFeed(parseFeed(fs.readFileSync(file, "utf8"), file), feedContext());
    await runFeed(feed, { deadline: NO_DEADLINE });
    await feed.close();
    const feeds = await openServedFeeds([file], {});
    const { get, stop } = await startServing({ feeds: feeds.served, catalogs: feeds.catalogs });
    try {
      const list = await (await get("/feeds")).json();
      assert.deepEqual(list.feeds.map(({ id }: { id: string }) => id), ["s2"]);
      const [, link] = /<a href="\.\/(feed[^"]*)">Feed s2</.exec(await (await get("/map")).text()) ?? [];
      assert.equal((await get(`/${link}`)).headers.get("content-type")?.split(";")[0], "text/html");
      const state = await (await get(new URL(list.feeds[0].state).pathname)).json();
      const sum = (name: string) =>
        state.days.reduce((total: number, day: Record<string, number>) => total + day[name], 0);
      assert.deepEqual(["known", "kept", "filtered"].map(sum), [4, 3, 1]);
      assert.equal(state.feed, "s2");
      assert.ok(Date.parse(state.watermark) < Date.now());

      const reply = await get("/feed/s2/footprints?days=3");
      assert.equal(reply.headers.get("content-type"), "application/geo+json");
      const { features } = await reply.json();
      assert.deepEqual(
        features.map((one: { properties: { id: string; day: string } }) => [
          one.properties.id.slice(-6, -5),
          one.properties.day,
        ]),
        [["2", at(2).slice(0, 10)], ["1", at(30).slice(0, 10)]],
      );
      const stated = notice.value.GeoFootprint.coordinates[0] as number[][];
      const ring = features[0].geometry.coordinates[0] as number[][];
      for (const [lon, lat] of stated) {
        assert.ok(
          ring.some(([x, y]) => Math.abs(x - lon) < 1e-9 && Math.abs(y - lat) < 1e-9),
          `${lon} ${lat}`,
        );
      }
      assert.equal((await (await get("/feed/s2/footprints?days=9&limit=1")).json()).features.length, 1);

      const page = await get("/feed/s2/status.html");
      const text = await page.text();
      assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.match(text, /<td>\d{4}-\d\d-\d\d<\/td>/);
      assert.match(text, /M-11\.97 -9\.03/, "north is above");
      assert.doesNotMatch(text, /<script|https?:\/\//);

      assert.equal((await get("/feed/other").then(async (one) => (await one.text(), one))).status, 404);
      assert.equal((await get("/feed/s2?days=0").then(async (one) => (await one.text(), one))).status, 422);
      const catalogs = await (await get("/catalogs")).json();
      assert.deepEqual(
        catalogs.catalogs.map((one: { id: string; granules: number }) => [one.id, one.granules]),
        [
          ["s2", 3],
        ],
      );
      // A second one of the name would hide the first.
      await assert.rejects(openServedFeeds([file, file], {}), /a second feed "s2"/);
    } finally {
      await stop();
      await feeds.close();
      await cdse.close();
      fs.rmSync(folder, { recursive: true });
    }
  },
});
