/** A feed whose rules of what is kept were changed. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { Deadline, NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { refilterLeftOut } from "../../../feed/refilter.ts";
import { registerOffers } from "../../../feed/ledger/register.ts";
import { type Feed, openFeed } from "../../../feed/open.ts";
import { publishParts } from "../../../feed/live/publish.ts";
import { newestManifest } from "../../../catalog/file/live_manifest.ts";
import { feedContext } from "../../support/feed_context.ts";
import { madeOffer } from "../../support/feed_offers.ts";

const START = Date.UTC(2026, 0, 1);

const YAML = (keep: string) => `
feed: f
source: {from: stac, url: "http://127.0.0.1:9/", collections: [TEST]}
follow: {start: 2026-01-01}
keep: {${keep}}
catalog: {to: live}
download: {to: files}
`;

async function withFeed(folder: string, keep: string, work: (feed: Feed) => Promise<void>): Promise<void> {
  const feed = await openFeed(parseFeed(YAML(keep), path.join(folder, "f.yaml")), feedContext());
  try {
    await work(feed);
  } finally {
    await feed.close();
  }
}

const cloudy = (id: string, cloudCover: number, leftOut: string | null = null) =>
  madeOffer({ id, start: START, properties: { cloudCover }, leftOut });

Deno.test("what was left out is filtered again when the rules change, and nobody is asked for it", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-refilter-"));
  try {
    const notes: string[] = [];
    const refilter = (feed: Feed) => refilterLeftOut(feed, NO_DEADLINE, (note) => notes.push(note));
    const states = (feed: Feed) =>
      feed.engine.transaction((sql) => sql.all("SELECT id, state, reason FROM granule ORDER BY id"))
        .then((rows) => rows.map(({ id, state, reason }) => [id, state, reason]));
    await withFeed(folder, "cloud_at_most: 20", async (feed) => {
      assert.equal(await refilter(feed), 0);
      const offers = [cloudy("a", 10), cloudy("b", 40, "too cloudy"), cloudy("c", 70, "too cloudy")];
      await feed.engine.transaction((sql) => registerOffers(sql, "f", offers, 0));
      assert.equal(await refilter(feed), 0, "the rules are the same");
      const { engine, catalog } = feed;
      await publishParts({ engine, feed: "f", target: catalog!, cellOrder: 8 });
      assert.deepEqual(notes, []);
    });
    await withFeed(folder, "cloud_at_most: 50", async (feed) => {
      assert.equal(await refilterLeftOut(feed, new Deadline(0)), 0, "the deadline came first");
      assert.equal(await refilter(feed), 1);
      assert.deepEqual(await states(feed), [["a", "live", null], ["b", "live", null], [
        ...["c", "filtered", "too cloudy"],
      ]]);
      assert.match(notes[0], /f: what is kept has changed; 1 granule that had been left out is kept now/);
      const tasks = await feed.engine.transaction((sql) => sql.all("SELECT id FROM task"));
      assert.deepEqual(tasks.map(({ id }) => id), ["b"], "its file is on the queue");
      const { engine, catalog } = feed;
      await publishParts({ engine, feed: "f", target: catalog!, cellOrder: 8 });
      assert.equal(newestManifest(path.join(folder, "live"))?.parts[0].file?.rows, 2);
      assert.equal(await refilter(feed), 0);
    });
    // A condition in SQL and a list are rules, too; what was kept stays, and reasons are those of now.
    fs.writeFileSync(path.join(folder, "tiles.txt"), "28PHQ\n");
    await withFeed(folder, `tiles: tiles.txt, where: "id = 'c'"`, async (feed) => {
      assert.equal(await refilter(feed), 0);
      assert.deepEqual(await states(feed), [["a", "live", null], ["b", "live", null], [
        ...["c", "filtered", "tile unknown"],
      ]]);
    });
    await withFeed(folder, `where: "id = 'c'"`, async (feed) => {
      assert.equal(await refilter(feed), 1);
      assert.equal((await states(feed)).filter(([, state]) => state === "live").length, 3);
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
