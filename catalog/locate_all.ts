/** Where the granules of a selection are read from. */
import type { DriverKind, SourceLocation } from "../core/access/location.ts";
import { inputError } from "../core/errors.ts";
import { once } from "../core/once.ts";
import { chooseAsset } from "./asset_choice.ts";
import { locate } from "./driver.ts";
import { type GranuleDrivers, KINDS } from "./driver_choice.ts";
import type { GranuleRow } from "./granule.ts";
import { locationBy } from "./granule_address.ts";

/**
 * Where each of many rows is read from, looked for once a row. Throws an input error where none of them has an
 * address for the drivers.
 * @param asset which file, of granules of several: a key, or a glob
 * @param warn hears each fallback once
 * @param region asks where this machine is, when that decides
 */
export async function locateAll(
  rows: readonly GranuleRow[],
  asset: string | null,
  { choice, saidBy }: GranuleDrivers,
  region: () => Promise<string | undefined>,
  warn: (message: string) => void,
): Promise<(row: number) => SourceLocation> {
  const kinds: readonly DriverKind[] = choice === "auto" ? KINDS : choice;
  const isReachable = (row: GranuleRow) =>
    kinds.some((kind) => locationBy(row, kind, chooseAsset(row, asset)) !== undefined);
  if (!rows.some(isReachable)) {
    throw inputError(
      `${saidBy}: no granule of the selection has an address for ${kinds.join(" or ")}` +
        ` (granary catalog urls shows where they lie${
          saidBy === "--driver" ? "" : "; --driver overrules the config"
        })`,
    );
  }
  const needsRegion = choice === "auto" && rows.some((row) => row.s3_base !== null);
  const localRegion = needsRegion ? await region() : undefined;
  const found = new Map<number, SourceLocation>();
  const warnOnce = once(warn);
  return (number) => {
    let location = found.get(number);
    if (location === undefined) {
      const row = rows[number];
      location = locate(row, choice, { localRegion, asset: chooseAsset(row, asset), warn: warnOnce });
      found.set(number, location);
    }
    return location;
  };
}
