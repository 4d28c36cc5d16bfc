/** Where a granule's bytes lie: location = base + path, or an asset's own href. */
import { inputError } from "../core/errors.ts";
import type { GranuleAsset, GranuleRow } from "./granule.ts";
import { hasOwnLinks } from "../core/access/location.ts";

export const DRIVERS = ["s3", "https", "local"] as const;
export type Driver = (typeof DRIVERS)[number];

/** The location of a granule's file through `driver`, or null where it has none. */
export function locationOf(row: GranuleRow, driver: Driver): string | null {
  const base = row[`${driver}_base`];
  return base === null ? null : base + row.path;
}

/** The location of one asset: its own href, else the row's base (which holds for it) and the asset's path. */
export function assetLocation(row: GranuleRow, asset: GranuleAsset, driver: Driver): string | null {
  const href = asset[`${driver}_href`];
  if (href !== null) return href;
  if (driver !== "local" && hasOwnLinks(asset)) return null;
  const base = row[`${driver}_base`];
  return base === null || asset.path === null ? null : base + asset.path;
}

/** Every location of a granule through `driver`: its assets, or its one file. */
export function locationsOf(row: GranuleRow, driver: Driver): string[] {
  const all = row.assets.length === 0
    ? [locationOf(row, driver)]
    : row.assets.map((asset) => assetLocation(row, asset, driver));
  return all.filter((location): location is string => location !== null);
}

/** A driver's name out of user text. */
export function parseDriver(text: string): Driver {
  const driver = DRIVERS.find((known) => known === text);
  if (driver === undefined) throw inputError(`driver "${text}" is not known (wanted ${DRIVERS.join(", ")})`);
  return driver;
}
