/** How PostgreSQL finds the tasks that are due. */
import assert from "node:assert/strict";
import type { Statements } from "../../../../feed/ledger/engine.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import { registerOffers } from "../../../../feed/ledger/register.ts";
import { leaseTasks } from "../../../../feed/ledger/tasks.ts";
import { madeOffer } from "../../../support/feed_offers.ts";
import { HAS_POSTGRES, startPostgres } from "../../../support/postgres.ts";

const FEED = "s2";

function waiting(id: string) {
  return { ...madeOffer({ id, start: 1 }), tasks: [{ asset: "product", version: "1", work: "{}" }] };
}

Deno.test({
  name: "a lease from a queue that was only just filled sorts nothing and reads along the indices",
  ignore: !HAS_POSTGRES,
  // The driver's timers end with its connections, not at once.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const server = await startPostgres();
    const engine = await openLedger({ address: server.url });
    try {
      const offers = Array.from({ length: 3000 }, (_, k) => waiting(`g-${k}`));
      await engine.transaction((sql) => registerOffers(sql, FEED, offers, 1));
      const plan: string[] = [];
      const explained = (sql: Statements): Statements => ({
        ...sql,
        all: async (text, values) => {
          for (const row of await sql.all(`EXPLAIN ${text}`, values)) {
            plan.push(String(Object.values(row)[0]));
          }
          return sql.all(text, values);
        },
      });
      const request = { owner: "me", now: 5, leaseMs: 10, limit: 20 };
      const tasks = await engine.transaction((sql) => leaseTasks(explained(sql), FEED, request));
      assert.equal(tasks.length, 20);
      assert.ok(plan.some((line) => /Index Scan using task_open/.test(line)), plan.join("\n"));
      assert.ok(!plan.some((line) => /Sort|Bitmap|Seq Scan/.test(line)), plan.join("\n"));
    } finally {
      await engine.close();
      await server.close();
    }
  },
});
