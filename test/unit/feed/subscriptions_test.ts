/** Subscriptions of the Copernicus Data Space: one is made, its queue emptied, paused, deleted; never lost. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseFeed } from "../../../feed/definition/parse.ts";
import { NO_DEADLINE } from "../../../feed/follow/deadline.ts";
import { rememberSubscription } from "../../../feed/ledger/subscriptions.ts";
import { feedMetrics } from "../../../feed/metrics.ts";
import { listen } from "../../../feed/notices/listen.ts";
import { type Feed, openFeed } from "../../../feed/open.ts";
import { runFeed } from "../../../feed/run.ts";
import { feedStatus } from "../../../feed/status.ts";
import { CdseSubscriptions } from "../../../feed/subscriptions/cdse.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";
import { type CdseServer, startCdse } from "../../support/cdse_server.ts";
import { feedContext } from "../../support/feed_context.ts";

interface World {
  feed: Feed;
  server: CdseServer;
  subscriptions: CdseSubscriptions;
}

async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-subscribe-"));
  const server = await startCdse([]);
  const yaml = `
feed: s2
source: {from: cdse, url: ${server.url}/odata/v1/, token_url: ${server.url}/token, collection: SENTINEL-2, product_type: S2MSI1C}
follow: {start: 2024-01-01, poll: false}
`;
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, CDSE_USERNAME: "me", CDSE_PASSWORD: "secret" };
  const context = feedContext(env);
  const feed = await openFeed(parseFeed(yaml, path.join(folder, "feed.yaml")), context);
  const { source } = feed.definition;
  assert.equal(source.from, "cdse");
  if (source.from !== "cdse") return;
  try {
    await test({ feed, server, subscriptions: new CdseSubscriptions(source, context.io, env) });
  } finally {
    await feed.close();
    await server.close();
    fs.rmSync(folder, { recursive: true });
  }
}

/** The recorded push, as a queue has it, of another product each. */
function notices(count: number): { AckId: string; ProductId: string; value?: Record<string, unknown> }[] {
  const recorded = JSON.parse(fs.readFileSync(sharedData("cdse/push-granule-created-s2-n1.json"), "utf8"));
  return Array.from({ length: count }, (_, i) => ({
    ...recorded,
    AckId: `ack-${i}`,
    ProductId: `00000000-0000-4000-8000-00000000${1000 + i}`,
    value: {
      ...recorded.value,
      Id: `00000000-0000-4000-8000-00000000${1000 + i}`,
      Name: `${i}_${recorded.value.Name}`,
    },
  }));
}

const granules = async ({ engine }: Feed) =>
  Number((await engine.transaction((sql) => sql.all("SELECT count(*) AS n FROM granule")))[0].n);

Deno.test({
  name: "a queue is emptied by pages, each kept before it is acknowledged; read again, it says nothing new",
  ignore: !hasSharedData,
  fn: () =>
    inWorld(async ({ feed, server, subscriptions }) => {
      const id = await subscriptions.create(null);
      await feed.engine.transaction((sql) => rememberSubscription(sql, "s2", id));
      const queue = server.subscriptions.get(id)?.queue;
      assert.ok(queue !== undefined);
      queue.push(...notices(45));
      const result = await runFeed(feed, { deadline: NO_DEADLINE });
      assert.deepEqual([result.news, result.bad, queue.length, await granules(feed)], [45, 0, 0, 45]);
      const asked = server.asked.filter(({ url }) => /Read|Ack/.test(url.pathname))
        .map(({ url }) => url.pathname.split("/").at(-1));
      assert.deepEqual(asked, ["Read", "Ack", "Read", "Ack", "Read", "Ack"]);
      // Ended between the commit and the acknowledgement: the same notices come again.
      queue.push(...notices(45).slice(0, 3));
      assert.equal((await runFeed(feed, { deadline: NO_DEADLINE })).news, 0);
      assert.equal(await granules(feed), 45);
    }),
});

Deno.test({
  name: "a notice that lost its product after three days brings what the catalogue has",
  ignore: !hasSharedData,
  fn: () =>
    inWorld(async ({ feed, server, subscriptions }) => {
      const id = await subscriptions.create(null);
      await feed.engine.transaction((sql) => rememberSubscription(sql, "s2", id));
      const [kept, gone] = notices(2);
      // deno-lint-ignore no-explicit-any
      server.products.push(kept.value as any);
      delete kept.value;
      delete gone.value;
      server.subscriptions.get(id)?.queue.push(kept, gone);
      const result = await runFeed(feed, { deadline: NO_DEADLINE });
      assert.deepEqual([result.news, result.bad, await granules(feed)], [1, 1, 1]);
    }),
});

Deno.test("what is subscribed to is what the feed follows; its password goes to the service and nowhere else", () =>
  inWorld(async ({ server, subscriptions }) => {
    const id = await subscriptions.create({
      url: "https://feed.example/events",
      user: "u",
      password: "hidden",
    });
    const made = server.asked.find(({ url, method }) =>
      method === "POST" && url.pathname.endsWith("Subscriptions")
    );
    const body = JSON.parse(made?.body ?? "{}");
    assert.match(body.FilterParam, /^Collection\/Name eq 'SENTINEL-2' and .*S2MSI1C'\)$/);
    assert.deepEqual([body.NotificationEndpoint, body.NotificationEpPassword, body.SubscriptionEvent], [
      "https://feed.example/events",
      "hidden",
      ["created", "modified", "deleted"],
    ]);
    await subscriptions.setStatus(id, "paused");
    const [listed] = await subscriptions.list();
    assert.deepEqual([listed.id, listed.kind, listed.status], [id, "push", "paused"]);
    assert.doesNotMatch(JSON.stringify(listed), /hidden/);
    await subscriptions.remove(id);
    assert.deepEqual(await subscriptions.list(), []);
    await assert.rejects(subscriptions.remove(id), /404/);
    await assert.rejects(subscriptions.read("../../Products"), /no id of a subscription/);
  }));

Deno.test("metrics want the password, and say what status says", () =>
  inWorld(async ({ feed }) => {
    const metrics = async () => feedMetrics(await feedStatus(feed.engine, "s2", 30));
    const listener = await listen(feed, {
      host: "127.0.0.1",
      port: 0,
      user: "u",
      password: "p",
      metrics,
      onError: () => {},
    });
    try {
      const url = listener.url.replace("/events", "/metrics");
      const ask = async (headers: Record<string, string>) => {
        const response = await fetch(url, { headers });
        return [response.status, await response.text()] as const;
      };
      assert.equal((await ask({}))[0], 401);
      const [status, text] = await ask({ authorization: `Basic ${btoa("u:p")}` });
      assert.equal(status, 200);
      assert.match(text, /^granary_feed_downloads\{feed="s2",state="dead"\} 0$/m);
      for (const line of text.trim().split("\n")) {
        assert.match(line, /^(# (HELP|TYPE) granary_feed_\w+ .+|granary_feed_\w+\{[^}]+\} -?[\d.e+]+)$/);
      }
    } finally {
      await listener.close();
    }
  }));
