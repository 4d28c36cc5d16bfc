/** Columns that no dataset has: what a granule, its name and its groups say of every row. */
import { createHash } from "node:crypto";
import { GranaryError } from "../core/errors.ts";
import type { Hdf5File } from "../core/hdf5/contract.ts";
import { beamNumber, firstValue } from "./beams.ts";

/** By name; `time` is read of each row, in seconds since 1970 UTC. */
export const GIVEN_COLUMNS: readonly string[] = [
  "granule",
  "collection",
  "group",
  "beam",
  "cycle",
  "rgt",
  "orbit",
  "time",
];

/** Where granules keep numbers of their orbit, the first that is there. */
const ORBIT_PLACES: Readonly<Record<string, readonly string[]>> = {
  cycle: ["/orbit_info/cycle_number", "/ancillary_data/start_cycle"],
  rgt: ["/orbit_info/rgt", "/ancillary_data/start_rgt"],
  orbit: ["/orbit_info/orbit_number", "/ancillary_data/start_orbit"],
};

/** Attributes of the root that say the same. */
const ORBIT_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  cycle: ["cycle_number"],
  rgt: ["pass_number"],
  orbit: ["absolute_rev_number"],
};

/** `ATL06_20190416093911_02770303_002_01`: track of four digits, cycle and region of two. */
const ICESAT2_TRACK = /ATL\d{2}[A-Z]?(?:-\d{2})?_\d{14}_(\d{4})(\d{2})\d{2}_/;
/** `GEDI02_A_2019162222610_O02812_04_…`. */
const GEDI_ORBIT = /GEDI\d{2}_[A-Z]_\d{13}_O(\d{5})_/;

/**
 * The value of a given column in the rows of a group: `(name, group) => number`. Granules, collections and groups are
 * numbers that follow from their names alone (53 bits of SHA-256), good for telling them apart. Throws a granule error
 * for what the granule does not say.
 */
export function givenValues(
  file: Hdf5File,
  granule: { collection: string; id: string },
): (name: string, group: string) => number {
  const known = new Map<string, number>();
  return (name, group) => {
    const key = name === "beam" || name === "group" ? `${name} ${group}` : name;
    let value = known.get(key);
    if (value === undefined) known.set(key, value = valueOf(file, granule, name, group));
    return value;
  };
}

function valueOf(
  file: Hdf5File,
  { collection, id }: { collection: string; id: string },
  name: string,
  group: string,
): number {
  if (name === "granule") return numberOfName(`${collection} ${id}`);
  if (name === "collection") return numberOfName(collection);
  if (name === "group") return numberOfName(group);
  const value = name === "beam" ? beamNumber(group) : orbitNumber(file, id, name);
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new GranaryError(
    "granule",
    `${file.name}: it does not say its ${name}${
      name === "beam" ? ` (the group ${group} is no beam)` : ""
    } (take @${name} out of the config)`,
    { details: { name: file.name } },
  );
}

function orbitNumber(file: Hdf5File, id: string, name: string): number | undefined {
  for (const path of ORBIT_PLACES[name] ?? []) {
    const value = firstValue(file, path);
    if (value !== undefined) return value;
  }
  const attributes = file.attributes("/") ?? {};
  for (const attribute of ORBIT_ATTRIBUTES[name] ?? []) {
    const value = Number([attributes[attribute]].flat()[0] ?? NaN);
    if (Number.isFinite(value)) return value;
  }
  const track = ICESAT2_TRACK.exec(id);
  if (name === "rgt" && track !== null) return Number(track[1]);
  if (name === "cycle" && track !== null) return Number(track[2]);
  const orbit = GEDI_ORBIT.exec(id);
  return name === "orbit" && orbit !== null ? Number(orbit[1]) : undefined;
}

/** The first 53 bits of a name's SHA-256. */
function numberOfName(name: string): number {
  const digest = createHash("sha256").update(name).digest();
  return digest.readUIntBE(0, 6) * 32 + (digest[6] >>> 3);
}
