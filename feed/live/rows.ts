/** The rows of a feed's catalog, read from its ledger: one of each (collection, id), the newest. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { DAY_MS } from "../ledger/days.ts";
import { type Engine, textOf } from "../ledger/engine.ts";
import { decodeRow } from "../sources/row_json.ts";

const PAGE = 1000;

/** A part of the catalog: a collection's granules of one UTC day. */
export interface PartKey {
  collection: string;
  day: number;
}

/** Of two live granules of one name the one that was revised last is the catalog's. */
const NEWEST = `NOT EXISTS (SELECT 1 FROM granule AS other WHERE other.feed = granule.feed
  AND other.collection = granule.collection AND other.id = granule.id AND other.state = 'live'
  AND (other.revised > granule.revised
    OR (other.revised = granule.revised AND other.source_id > granule.source_id)))`;

/** Live rows in the order of the source's ids; of one part, or of all. */
export async function* liveRows(engine: Engine, feed: string, part?: PartKey): AsyncGenerator<GranuleRow> {
  const from = (part?.day ?? 0) * DAY_MS;
  const inPart = part === undefined
    ? ""
    : `AND ((start_ms >= $4 AND start_ms < $5)${
      part.day === 0 ? " OR start_ms IS NULL" : ""
    }) AND collection = $6`;
  const values = part === undefined ? [] : [from, from + DAY_MS, part.collection];
  let after = "";
  for (;;) {
    const last = after;
    const rows = await engine.transaction((sql) =>
      sql.all(
        `SELECT source_id, granule_row FROM granule WHERE feed = $1 AND state = 'live' AND source_id > $2
           ${inPart} AND ${NEWEST} ORDER BY source_id LIMIT $3`,
        [feed, last, PAGE, ...values],
      )
    );
    for (const row of rows) yield decodeRow(textOf(row, "granule_row"));
    if (rows.length < PAGE) return;
    after = textOf(rows[rows.length - 1], "source_id");
  }
}
