/** A feed that follows a simulated service to its end, and what it has then. */
import assert from "node:assert/strict";
import type { Engine } from "../../../../feed/ledger/engine.ts";
import { openLedger } from "../../../../feed/ledger/open.ts";
import { poll } from "../../../../feed/follow/poll.ts";
import { DAY, EPOCH, HOUR, Killed, type World } from "./world.ts";

export const FEED = "f";
export const SETTLE = 2 * DAY;

export async function liveRows(engine: Engine): Promise<string[]> {
  const rows = await engine.transaction((sql) =>
    sql.all("SELECT source_id, changed FROM granule WHERE state = 'live' ORDER BY source_id")
  );
  return rows.map((row) => `${row.source_id}@${row.changed}`).sort();
}

export function visibleRows(world: World): string[] {
  return world.visible().map(({ id, changed }) => `${id}@${changed}`).sort();
}

interface Followed {
  live: string[];
  expected: string[];
  short: number;
  doubles: number;
  without: number;
  polls: number;
}

/** Polls the world until it is at rest, again after each kill and fault. */
export async function follow(
  world: World,
  stepMs = HOUR,
  kill: (engine: Engine) => Engine = (one) => one,
): Promise<Followed> {
  const engine = await openLedger({ address: ":memory:" });
  try {
    const source = world.source();
    let watermark = EPOCH;
    let polls = 0;
    let short = 0;
    const end = EPOCH + (world.days + 6) * DAY;
    // The last polls are quiet: the world's end is read without faults.
    for (let calm = 0; calm < 2;) {
      if (world.now >= end) {
        world.hazards.faults = world.hazards.kills = 0;
        calm += 1;
      }
      const start = world.now;
      for (let tries = 0; tries < 200; tries++) {
        try {
          const options = { engine: kill(engine), feed: FEED, source, from: EPOCH, settleMs: SETTLE };
          const result = await poll({ ...options, sweepEveryMs: DAY });
          assert.ok(result.watermark >= watermark, "the watermark went back");
          watermark = result.watermark;
          short = result.short.length;
          polls += 1;
          break;
        } catch (error) {
          if (!(error instanceof Killed) && (error as Error).message !== "503") throw error;
        }
      }
      world.now = Math.max(world.now, start + stepMs);
    }
    const [doubles] = await engine.transaction((sql) =>
      sql.all("SELECT count(*) - count(DISTINCT source_id || version) AS n FROM task")
    );
    const [without] = await engine.transaction((sql) =>
      sql.all(
        `SELECT count(*) AS n FROM granule WHERE state = 'live' AND NOT EXISTS (SELECT 1 FROM task
         WHERE task.source_id = granule.source_id AND task.version = '' || granule.changed AND task.state = 'waiting')`,
      )
    );
    return {
      live: await liveRows(engine),
      expected: visibleRows(world),
      short,
      doubles: Number(doubles.n),
      without: Number(without.n),
      polls,
    };
  } finally {
    await engine.close();
  }
}
