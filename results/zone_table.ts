/** The statistics of a store's zones as a table, and the outlines that its config has of them. */
import { YamlText } from "../core/config/yaml_text.ts";
import { inputError } from "../core/errors.ts";
import { geoJsonFeatures } from "../core/geometry/geojson.ts";
import type { Geometry } from "../core/geometry/geometry.ts";
import { asArray, asObject, asObjects } from "../core/json_value.ts";
import type { GranaryStore } from "../core/store/open.ts";

interface ZoneRow {
  zone: string;
  /** Milliseconds since 1970, where the store has windows of time. */
  time: number | null;
  observations: number;
  /** A value a statistic; null where the zone has none. */
  values: (number | null)[];
}

interface ZoneTable {
  isTimed: boolean;
  /** Names of the statistics. */
  statistics: string[];
  rows: ZoneRow[];
}

/** Whether a store has statistics of zones. */
export function hasZones(store: GranaryStore): boolean {
  return asArray(asObject(store.provenance?.zones)?.zone).length > 0;
}

/** A row a zone and window of time. Throws an input error for a store without zones. */
export function zoneTable(store: GranaryStore): ZoneTable {
  const table = asObject(store.provenance?.zones);
  if (table === null || !hasZones(store)) {
    throw inputError(`${store.name}: has no statistics of zones (granary aggregate --zones makes them)`);
  }
  const times = table.time === undefined ? null : asArray(table.time);
  const columns = Object.entries(asObject(table.statistics) ?? {});
  const observations = asArray(table.observations);
  return {
    isTimed: times !== null,
    statistics: columns.map(([name]) => name),
    rows: asArray(table.zone).map((zone, i) => ({
      zone: String(zone),
      time: times === null ? null : Number(times[i]) * 1000,
      observations: Number(observations[i]),
      values: columns.map(([, values]) => {
        const value = asArray(values)[i];
        return value === null || value === undefined ? null : Number(value);
      }),
    })),
  };
}

/**
 * The outline of each zone, in longitude and latitude. Throws an input error where the store's config has them not: long
 * ones are left out of it.
 */
export function zoneOutlines(store: GranaryStore): Map<string, Geometry> {
  const text = store.provenance?.config_yaml;
  const found = new Map<string, Geometry[]>();
  for (const document of typeof text === "string" ? text.split(/^---[ \t]*\r?$/m) : []) {
    const output = asObject(asObject(new YamlText(document, store.name).value)?.output);
    for (const { name, geometry } of asObjects(output?.zones)) {
      const shapes = geoJsonFeatures(geometry, store.name).map((feature) => feature.geometry);
      found.set(String(name), [...found.get(String(name)) ?? [], ...shapes]);
    }
    if (found.size > 0) break; // the configs of one run have the same zones
  }
  if (found.size === 0) {
    throw inputError(
      `${store.name}: the outlines of its zones are too long to stand in it (wanted -o zones.csv, to be joined with their` +
        " file by name)",
    );
  }
  return new Map(
    [...found].map(([name, shapes]) => [
      name,
      shapes.length === 1 ? shapes[0] : { type: "GeometryCollection", geometries: shapes },
    ]),
  );
}
