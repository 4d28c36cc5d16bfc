/**
 * A process that works on a feed's ledger until it is done or killed: `poll` walks everything in overlapping
 * pages, `push` registers one at a time and notes in a file what was committed, `drain` leases and finishes.
 *
 *   deno run -A ledger_worker.ts poll|push|drain ADDRESS COUNT SEED NOTES
 */
import fs from "node:fs";
import process from "node:process";
import { openLedger } from "../../feed/ledger/open.ts";
import { type Offer, registerOffers } from "../../feed/ledger/register.ts";
import { finishTasks, leaseTasks } from "../../feed/ledger/tasks.ts";

export const CROWD_FEED = "crowd";
const PAGE = 1000;
const BATCH = 20;
const LEASE_MS = 1500;
const EPOCH = Date.UTC(2026, 0, 1);

function offer(i: number): Offer {
  const changed = EPOCH + i * 60_000;
  return {
    sourceId: `source-${i}`,
    collection: "C",
    id: `granule-${i}`,
    changed,
    revised: changed,
    startMs: changed,
    leftOut: null,
    row: JSON.stringify({ id: `granule-${i}`, more: "x".repeat(1200) }),
    tasks: [{ asset: "product", version: "1", work: JSON.stringify({ url: "https://data.example/x" }) }],
  };
}

if (import.meta.main) {
  const [what, address, countText, seedText, notes] = process.argv.slice(2);
  const count = Number(countText);
  const engine = await openLedger({ address });
  const now = () => Date.now();
  if (what === "poll") {
    for (let at = 0; at < count; at += PAGE - 100) {
      const page = Array.from({ length: Math.min(PAGE, count - at) }, (_, k) => offer(at + k));
      await engine.transaction((sql) => registerOffers(sql, CROWD_FEED, page, now()));
    }
  } else if (what === "push") {
    const log = fs.openSync(notes, "a");
    for (let i = Number(seedText); i < count; i += 97) {
      await engine.transaction((sql) => registerOffers(sql, CROWD_FEED, [offer(i)], now()));
      fs.writeSync(log, `${i}\n`);
    }
    fs.closeSync(log);
  } else {
    const owner = `${process.pid}-${seedText}`;
    for (let idle = 0; idle < 20;) {
      const tasks = await engine.transaction((sql) =>
        leaseTasks(sql, CROWD_FEED, { owner, now: now(), leaseMs: LEASE_MS, limit: BATCH })
      );
      if (tasks.length === 0) {
        idle += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      idle = 0;
      await engine.transaction((sql) => finishTasks(sql, owner, tasks.map(({ n }) => n)));
    }
  }
  await engine.close();
}
