/** The statistics of a store's zones as CSV (RFC 4180) and as GeoJSON (RFC 7946): a line, or a feature, a zone and window of time. */
import type { GranaryStore } from "../core/store/open.ts";
import { csvField } from "../core/tables/result_text.ts";
import { zoneOutlines, zoneTable } from "./zone_table.ts";

/** Throws an input error for a store without zones. @returns the text, its columns, and its lines without the header */
export function zonesCsv(store: GranaryStore): { text: string; columns: string[]; rows: number } {
  const { isTimed, statistics, rows } = zoneTable(store);
  const columns = ["zone", ...isTimed ? ["time"] : [], "observations", ...statistics];
  const lines = rows.map(({ zone, time, observations, values }) => [
    zone,
    ...time === null ? [] : [new Date(time).toISOString()],
    String(observations),
    ...values.map((value) => value === null ? "" : String(value)),
  ]);
  const text = [columns, ...lines].map((line) => `${line.map(csvField).join(",")}\n`).join("");
  return { text, columns, rows: rows.length };
}

/** Throws an input error for a store without zones, or without their outlines. @returns the text, and its features */
export function zonesGeoJson(store: GranaryStore): { text: string; rows: number } {
  const { statistics, rows } = zoneTable(store);
  const outlines = zoneOutlines(store);
  const features = rows.map(({ zone, time, observations, values }) => ({
    type: "Feature",
    properties: {
      zone,
      ...time === null ? {} : { time: new Date(time).toISOString() },
      observations,
      ...Object.fromEntries(statistics.map((name, i) => [name, values[i]])),
    },
    geometry: outlines.get(zone) ?? null,
  }));
  return { text: `${JSON.stringify({ type: "FeatureCollection", features })}\n`, rows: rows.length };
}
