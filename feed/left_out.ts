/** Why granules that the source has are not in a feed's catalog. */
import { DAY_MS } from "./ledger/days.ts";
import { type Engine, numberOf, textOf } from "./ledger/engine.ts";

interface LeftOut {
  reason: string;
  granules: number;
}

/** More reasons than these are those of single files. */
const MOST_REASONS = 10;

/** The reasons of the last days, those of most granules first. */
export async function reasonsLeftOut(
  engine: Engine,
  feed: string,
  days: number,
  now = Date.now(),
): Promise<LeftOut[]> {
  const from = (Math.floor(now / DAY_MS) - days + 1) * DAY_MS;
  const rows = await engine.snapshot((sql) =>
    sql.all(
      `SELECT reason, count(*) AS granules FROM granule
       WHERE feed = $1 AND changed >= $2 AND state = 'filtered' AND reason IS NOT NULL
       GROUP BY reason ORDER BY count(*) DESC, reason LIMIT $3`,
      [feed, from, MOST_REASONS],
    )
  );
  return rows.map((row) => ({ reason: textOf(row, "reason"), granules: numberOf(row, "granules") }));
}
