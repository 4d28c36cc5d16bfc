/** A feed whose rules of what is kept have changed looks again at what it left out: no service is asked for it. */
import { formatNumberOf } from "../core/units.ts";
import type { Deadline } from "./follow/deadline.ts";
import { filteredBy, leftOutAfter, registerRefiltered, setFilteredBy } from "./ledger/refiltered.ts";
import type { Feed } from "./open.ts";
import { decodeRow } from "./sources/row_json.ts";

const PAGE = 500;

/**
 * Filters granules again that were left out by other rules than the feed's of now. What fits is kept, with its files on the
 * queue; what was kept stays so. Stops at a page when the deadline is near, and begins again with the next run.
 * Returns how many are kept now.
 */
export async function refilterLeftOut(
  feed: Feed,
  deadline: Deadline,
  onNote: (note: string) => void = () => {},
): Promise<number> {
  const { engine, definition: { name }, rules } = feed;
  const known = await engine.transaction((sql) => filteredBy(sql, name));
  if (known === rules) return 0;
  let kept = 0;
  for (let after = "";;) {
    if (deadline.near) return kept;
    const rows = await engine.transaction((sql) => leftOutAfter(sql, name, after, PAGE));
    if (rows.length === 0) break;
    const offers = await feed.offerAgain(rows.map((one) => ({ ...one, row: decodeRow(one.row) })));
    kept += await engine.transaction((sql) => registerRefiltered(sql, name, offers, Date.now()));
    after = rows[rows.length - 1].sourceId;
  }
  await engine.transaction((sql) => setFilteredBy(sql, name, rules));
  if (known !== null || kept > 0) {
    onNote(
      `${name}: what is kept has changed; ${formatNumberOf(kept, "granule")} that had been left out ` +
        `${kept === 1 ? "is" : "are"} kept now, and what was kept stays`,
    );
  }
  return kept;
}
