/**
 * A feed's ledger, its push endpoint and its catalog, at the size of a year of a mission.
 *
 *   deno task bench feed [--granules 100000] [--rows 1000000] [--only crowd|push|publish]
 *
 * Fill and drain: eight and six processes, one killed every quarter of a second. Push: 64 connections. Publish:
 * 100 granules that are new among --rows.
 */
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { openLedger } from "../../feed/ledger/open.ts";
import { registerOffers } from "../../feed/ledger/register.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { publishParts } from "../../feed/live/publish.ts";
import { listen } from "../../feed/notices/listen.ts";
import { madeOffer } from "../support/feed_offers.ts";
import { HAS_POSTGRES, startPostgres } from "../support/postgres.ts";
import { runCrowd } from "../support/ledger_crowd.ts";

const { values } = parseArgs({
  options: {
    granules: { type: "string", default: "100000" },
    rows: { type: "string", default: "1000000" },
    /** crowd, push or publish. */
    only: { type: "string" },
  },
  strict: false,
});
const only = values.only as string | undefined;
const granules = Number(values.granules);
const rows = Number(values.rows);
const DAY_MS = 86_400_000;
const KILLS = 25;

console.log(`load at the start: ${os.loadavg().map((one) => one.toFixed(1)).join(" ")}`);
if (only === undefined || only === "crowd") {
  await inFolder((folder) => crowd("SQLite", path.join(folder, "ledger.sqlite"), folder));
  if (HAS_POSTGRES) {
    const server = await startPostgres();
    try {
      await inFolder((folder) => crowd("PostgreSQL", server.url, folder));
    } finally {
      await server.close();
    }
  }
}
if (only === undefined || only === "push") await inFolder(push);
if (only === undefined || only === "publish") await inFolder(publish);

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-feed-bench-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function crowd(name: string, address: string, folder: string): Promise<void> {
  const world = { address, count: granules, folder, kills: KILLS, killEveryMs: 250 };
  const filled = await runCrowd(["poll", "poll", "poll", "poll", "push", "push", "push", "push"], world);
  const drained = await runCrowd(["drain", "drain", "drain", "drain", "drain", "drain"], world);
  const engine = await openLedger({ address });
  const [row] = await engine.transaction((sql) =>
    sql.all("SELECT count(*) AS done, sum(attempts) AS runs FROM task WHERE state = 'done'")
  );
  await engine.close();
  console.log(
    `${name}: ${granules} granules filled in ${filled.seconds.toFixed(1)} s (${filled.kills} kills), ` +
      `${Number(row.done)} tasks drained in ${drained.seconds.toFixed(1)} s ` +
      `(${drained.kills} kills, ${Number(row.runs)} runs, 2 s of it waiting at the end)`,
  );
}

/** Requests a second of the endpoint, and how long the slowest hundredth waited. */
async function push(folder: string): Promise<void> {
  const engine = await openLedger({ address: path.join(folder, "ledger.sqlite") });
  const feed = { engine, definition: { name: "bench" } } as unknown as Parameters<typeof listen>[0];
  const listener = await listen(feed, {
    host: "127.0.0.1",
    port: 0,
    user: "u",
    password: "p",
    onError: (message) => console.error(message),
  });
  const body = JSON.stringify({ SubscriptionEvent: "created", value: { more: "x".repeat(7600) } });
  const headers = {
    authorization: `Basic ${btoa("u:p")}`,
    "content-type": "application/json",
    "content-length": body.length,
  };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const waits: number[] = [];
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const began = performance.now();
      const request = http.request(listener.url, { method: "POST", headers, agent }, (response) => {
        response.resume();
        response.once("end", () => {
          waits.push(performance.now() - began);
          resolve();
        });
      });
      request.once("error", reject);
      request.end(body);
    });
  const began = performance.now();
  let left = 10_000;
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (left-- > 0) await one();
  }));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  await listener.close();
  await engine.close();
  waits.sort((a, b) => a - b);
  console.log(
    `push: ${(waits.length / seconds).toFixed(0)} a second, p50 ${waits[waits.length >> 1].toFixed(0)} ms, ` +
      `p99 ${waits[Math.floor(waits.length * 0.99)].toFixed(0)} ms (client and server in one process)`,
  );
}

async function publish(folder: string): Promise<void> {
  const engine = await openLedger({ address: path.join(folder, "ledger.sqlite") });
  const live = path.join(folder, "live");
  const target = new FolderTarget(live);
  const start = Date.UTC(2024, 0, 1);
  const days = 365;
  const properties = { more: "x".repeat(200) };
  const offer = (id: string, share: number) =>
    madeOffer({ id, start: start + Math.floor(share * days) * DAY_MS, properties });
  const register = (offers: ReturnType<typeof offer>[]) =>
    engine.transaction((sql) => registerOffers(sql, "bench", offers, Date.now()));
  const publishing = () => timed(() => publishParts({ engine, feed: "bench", target, cellOrder: 8 }));
  for (let at = 0; at < rows; at += 1000) {
    const page = Array.from(
      { length: Math.min(1000, rows - at) },
      (_, k) => offer(`g-${at + k}`, (at + k) / rows),
    );
    await register(page);
  }
  const whole = await publishing();
  await register(Array.from({ length: 100 }, (_, k) => offer(`late-${k}`, 0.999)));
  const late = await publishing();
  const apart: number[] = [];
  for (let round = 0; round < 10; round++) {
    await register(Array.from({ length: 100 }, (_, k) => offer(`apart-${round}-${k}`, k / 100)));
    apart.push(await publishing());
  }
  // The same again, of granules that are there.
  await register(
    Array.from({ length: 100 }, (_, k) => ({ ...offer(`g-${k * 7}`, k * 7 / rows), revised: Date.now() })),
  );
  const revised = await publishing();
  const reading = await timed(async () => {
    const catalog = await openCatalog(live);
    console.log(`rows read: ${await catalog.count()}`);
    catalog.close();
  });
  await engine.close();
  console.log(
    `publish: ${rows} rows first ${whole.toFixed(1)} s; 100 more of a day ${late.toFixed(2)} s, ` +
      `of 100 days ${apart.map((one) => one.toFixed(2)).join(", ")} s, 100 revised ${
        revised.toFixed(2)
      } s; ` +
      `opened and counted in ${reading.toFixed(2)} s (${
        Math.round(process.memoryUsage().rss / 1e6)
      } MB resident)`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
