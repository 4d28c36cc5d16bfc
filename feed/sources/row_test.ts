/** Which granules of a source a feed keeps; the reason of the others is remembered. */
import { type Area, boxArea } from "../../core/geometry/area.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { asNumber, asText } from "../../core/json_value.ts";
import { DAY_MS } from "../ledger/days.ts";

/** Why a granule is left out, or null when it is kept. */
export type RowTest = (row: GranuleRow) => string | null;

interface RowRules {
  /** MGRS tiles, `28PHQ`. */
  tiles?: ReadonlySet<string> | undefined;
  /** Observed so many days before now at most. */
  recentDays?: number | undefined;
  bbox?: readonly [number, number, number, number] | undefined;
  /** What lies outside is left out; what has no footprint stays. */
  polygon?: Area | undefined;
  /** Percent. */
  cloudAtMost?: number | undefined;
}

/** The tile of a granule: its property where it has one, else as Sentinel-2's names say it (`_T28PHQ_`). */
function tileOf(row: GranuleRow): string | null {
  const stated = asText(row.properties.tileId) ?? asText(row.properties["s2:mgrs_tile"]);
  return stated ?? /_T(\d\d[C-HJ-NP-X][A-HJ-NP-Z]{2})_/.exec(row.id)?.[1] ?? null;
}

export function createRowTest(rules: RowRules, now: () => number = Date.now): RowTest {
  const tests: RowTest[] = [];
  const { tiles, recentDays, bbox, polygon, cloudAtMost } = rules;
  if (tiles !== undefined) {
    tests.push((row) => {
      const tile = tileOf(row);
      if (tile === null) return "tile unknown";
      return tiles.has(tile) ? null : "tile not listed";
    });
  }
  if (recentDays !== undefined) {
    tests.push((row) => {
      const time = row.start_datetime ?? row.datetime;
      return time !== null && time < now() - recentDays * DAY_MS ? "observed too long ago" : null;
    });
  }
  if (bbox !== undefined) {
    const area: Area = boxArea(...bbox);
    tests.push((row) =>
      row.geometry === null || area.meets(decodeWkb(row.geometry)) ? null : "outside the box"
    );
  }
  if (polygon !== undefined) {
    tests.push((row) =>
      row.geometry === null || polygon.meets(decodeWkb(row.geometry)) ? null : "outside the polygon"
    );
  }
  if (cloudAtMost !== undefined) {
    tests.push((row) => {
      const cloud = asNumber(row.properties.cloudCover) ?? asNumber(row.properties["eo:cloud_cover"]);
      return cloud !== null && cloud > cloudAtMost ? "too cloudy" : null;
    });
  }
  return (row) => {
    for (const test of tests) {
      const reason = test(row);
      if (reason !== null) return reason;
    }
    return null;
  };
}
