/** The statistics of a store's zones as CSV (RFC 4180): a line a zone and window of time. */
import { inputError } from "../core/errors.ts";
import { asArray, asObject } from "../core/json_value.ts";
import type { GranaryStore } from "../core/store/open.ts";
import { csvField } from "../core/tables/result_text.ts";

/** Whether a store has statistics of zones. */
export function hasZones(store: GranaryStore): boolean {
  return asArray(asObject(store.provenance?.zones)?.zone).length > 0;
}

/** Throws an input error for a store without zones. @returns the text, its columns, and its lines without the header */
export function zonesCsv(store: GranaryStore): { text: string; columns: string[]; rows: number } {
  const table = asObject(store.provenance?.zones);
  const names = asArray(table?.zone);
  if (table === null || !hasZones(store)) {
    throw inputError(`${store.name}: has no statistics of zones (granary aggregate --zones makes them)`);
  }
  const times = table.time === undefined ? null : asArray(table.time);
  const columns = Object.entries(asObject(table.statistics) ?? {}).map(([name, values]) => ({
    name,
    values: asArray(values),
  }));
  const observations = asArray(table.observations);
  const lines = [[
    "zone",
    ...times === null ? [] : ["time"],
    "observations",
    ...columns.map(({ name }) => name),
  ]];
  names.forEach((name, i) => {
    lines.push([
      String(name),
      ...times === null ? [] : [new Date(Number(times[i]) * 1000).toISOString()],
      String(observations[i]),
      ...columns.map(({ values }) => values[i] === null ? "" : String(values[i])),
    ]);
  });
  return {
    text: lines.map((line) => `${line.map(csvField).join(",")}\n`).join(""),
    columns: lines[0],
    rows: names.length,
  };
}
