import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { reasonsLeftOut } from "../../../feed/left_out.ts";
import { openLedger } from "../../../feed/ledger/open.ts";
import { registerOffers } from "../../../feed/ledger/register.ts";
import { madeOffer } from "../../support/feed_offers.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;

Deno.test("reasons are those of the days that are asked for, the most frequent first, and few", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-left-out-"));
  const engine = await openLedger({ address: path.join(folder, "ledger.sqlite") });
  const left = (id: string, daysAgo: number, leftOut: string | null) =>
    madeOffer({ id, start: NOW - daysAgo * DAY_MS, leftOut });
  try {
    const offers = [
      ...[left("kept", 0, null), left("far", 0, "outside the box"), left("before", 2, "of another tile")],
      ...["a", "b", "c"].map((id) => left(id, 1, "too cloudy")),
    ];
    await engine.transaction((sql) => registerOffers(sql, "f", offers, NOW));
    await engine.transaction((sql) => registerOffers(sql, "g", [left("other", 0, "of another feed")], NOW));
    assert.deepEqual(await reasonsLeftOut(engine, "f", 2, NOW), [
      { reason: "too cloudy", granules: 3 },
      { reason: "outside the box", granules: 1 },
    ]);
    const files = Array.from({ length: 30 }, (_, i) => left(`broken-${i}`, 0, `file ${i} cannot be read`));
    await engine.transaction((sql) => registerOffers(sql, "f", files, NOW));
    const reasons = await reasonsLeftOut(engine, "f", 1, NOW);
    assert.ok(reasons.length <= 10);
  } finally {
    await engine.close();
    fs.rmSync(folder, { recursive: true });
  }
});
