/** Sentinel-2 L1C for a list of tiles: polled and pushed at once for a while, then pushed only. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { feedContext } from "../../support/feed_context.ts";
import { openCatalog } from "../../../catalog/file/open_catalog.ts";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { emptyInbox } from "../../../feed/notices/inbox.ts";
import { listen } from "../../../feed/notices/listen.ts";
import { openFeed } from "../../../feed/open.ts";
import { runFeed } from "../../../feed/run.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { type FakeProduct, startCdse } from "../../support/cdse_server.ts";

const TILES = ["28PHQ", "28PHR", "29PKL", "54PXA"];
const LISTED = new Set(TILES.slice(0, 2));

/** Products alike to the recorded one, one an hour, over the tiles by turns. */
function productsLike(notice: { value: FakeProduct }, count: number): FakeProduct[] {
  const from = Date.now() - 20 * 3_600_000;
  return Array.from({ length: count }, (_, i) => {
    const tile = TILES[i % TILES.length];
    const modified = new Date(from + i * 600_000).toISOString();
    const attributes = (notice.value.Attributes as { Name: string }[]).map((one) =>
      one.Name === "tileId" ? { ...one, Value: tile } : one
    );
    return {
      ...notice.value,
      Id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
      Name: `S2A_MSIL1C_20240912T112541_N0511_R137_T${tile}_${String(i).padStart(15, "0")}.SAFE`,
      ModificationDate: modified,
      PublicationDate: modified,
      ContentDate: { Start: modified, End: modified },
      Attributes: attributes,
    };
  });
}

Deno.test({
  name: "from polling over both to push alone, each granule is one row and one task",
  ignore: !hasSharedData,
  async fn() {
    const notice = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
    const products = productsLike(notice, 100);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-transition-"));
    fs.writeFileSync(path.join(folder, "tiles.txt"), `# listed\n${[...LISTED].join("\n")}\n`);
    const server = await startCdse([]);
    const yaml = (poll: boolean) => `
feed: s2
source: {from: cdse, url: ${server.url}/odata/v1/, collection: SENTINEL-2, product_type: S2MSI1C}
follow: {start: ${new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)}, poll: ${poll}}
keep: {tiles: tiles.txt, recent: 30d}
catalog: {to: s2.live}
download: {to: files}
`;
    const open = (poll: boolean) =>
      openFeed(parseFeed(yaml(poll), path.join(folder, "s2.yaml")), feedContext());
    const push = async (feed: Awaited<ReturnType<typeof open>>, some: readonly FakeProduct[]) => {
      const options = { host: "127.0.0.1", port: 0, user: "u", password: "p", onError: assert.fail };
      const listener = await listen(feed, options);
      const headers = { authorization: `Basic ${btoa("u:p")}` };
      await Promise.all(some.map(async (value) => {
        const body = JSON.stringify({ ...notice, ProductId: value.Id, ProductName: value.Name, value });
        const reply = await fetch(listener.url, { method: "POST", body, headers });
        await reply.text();
        assert.equal(reply.status, 204);
      }));
      await listener.close();
      await emptyInbox(feed);
    };
    const transition = await open(true);
    // The catalogue lists 60; 40 of them and 20 that it does not list yet are pushed, while it is polled.
    server.products.push(...products.slice(0, 60));
    await Promise.all([
      runFeed(transition, { deadline: NO_DEADLINE }),
      push(transition, [...products.slice(20, 60), ...products.slice(60, 80)]),
    ]);
    server.products.push(...products.slice(60, 80));
    const settled = await runFeed(transition, { deadline: NO_DEADLINE });
    assert.deepEqual(settled.short, []);
    await transition.close();

    const pushed = await open(false);
    const before = server.asked.length;
    await push(pushed, products.slice(80));
    await runFeed(pushed, { deadline: NO_DEADLINE });
    assert.equal(server.asked.length, before, "the catalogue is not asked any more");
    const count = async (text: string) =>
      Number((await pushed.engine.transaction((sql) => sql.all(`SELECT count(*) AS n FROM ${text}`)))[0].n);
    assert.deepEqual(
      [
        await count("granule"),
        await count("granule WHERE state = 'filtered'"),
        await count("granule WHERE state = 'live'"),
      ],
      [100, 50, 50],
    );
    assert.equal(await count("task"), 50);
    assert.equal(await count("(SELECT DISTINCT source_id FROM task) AS once"), 50);
    await pushed.close();

    const catalog = await openCatalog(path.join(folder, "s2.live"));
    const ids: string[] = [];
    for await (const { rows } of catalog.rows()) ids.push(...rows.map((row) => row.id));
    catalog.close();
    const expected = products.filter(({ Name }) => [...LISTED].some((tile) => Name.includes(`_T${tile}_`)));
    assert.deepEqual(ids.sort(), expected.map(({ Name }) => Name).sort());
    await server.close();
    fs.rmSync(folder, { recursive: true });
  },
});
