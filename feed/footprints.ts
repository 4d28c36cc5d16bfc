/** Where a feed's newest granules lie. */
import type { Geometry } from "../core/geometry/geometry.ts";
import { decodeWkb } from "../core/geometry/wkb.ts";
import { DAY_MS, dayOf, dayText } from "./ledger/days.ts";
import { type Engine, numberOf, textOf } from "./ledger/engine.ts";
import { decodeRow } from "./sources/row_json.ts";

interface Footprint {
  id: string;
  collection: string;
  /** The UTC day of its last change at the source. */
  day: string;
  start: string | null;
  geometry: Geometry;
}

/** Of granules that are kept and changed in the last days, the newest first; those without one are left out. */
export async function recentFootprints(
  engine: Engine,
  feed: string,
  days: number,
  most: number,
  now = Date.now(),
): Promise<Footprint[]> {
  const rows = await engine.snapshot((sql) =>
    sql.all(
      `SELECT changed, granule_row FROM granule WHERE feed = $1 AND state = 'live' AND changed >= $2
       ORDER BY changed DESC, source_id LIMIT $3`,
      [feed, (dayOf(now) - days + 1) * DAY_MS, most],
    )
  );
  return rows.flatMap((row): Footprint[] => {
    const { id, collection, start_datetime: start, geometry } = decodeRow(textOf(row, "granule_row"));
    if (geometry === null) return [];
    return [{
      id,
      collection,
      day: dayText(dayOf(numberOf(row, "changed"))),
      start: start === null ? null : new Date(start).toISOString(),
      geometry: decodeWkb(geometry),
    }];
  });
}
