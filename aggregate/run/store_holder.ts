/** A run as a holder of its store: where the store's lease lies, and by which name the run has it. */
import fs from "node:fs";
import path from "node:path";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { isObjectAddress } from "../../core/files/address.ts";
import { defaultRunDirectory, SETTINGS_KEY } from "../../runs/run_directory.ts";
import type { PlaceHolder } from "../../runs/slurm/hold.ts";
import type { RunDirectory, RunSettings } from "../run_directory/run_directory.ts";

/**
 * Where the lease of a run's store lies: the run directory beside the store; null where this is the run's own. `beside` is
 * that of a store which is in no folder, where one can be.
 */
export function storeLeases(
  directory: RunDirectory,
  store: ObjectTarget,
  beside?: ObjectTarget,
): ObjectTarget | null {
  const place = store instanceof FolderTarget
    ? new FolderTarget(defaultRunDirectory(realPath(store.name)))
    : beside;
  if (place === undefined || realAddress(place.name) === realAddress(directory.name)) return null;
  return place;
}

/** A run of `settings` as a holder of its store. */
export function storeHolder(
  directory: RunDirectory,
  store: ObjectTarget,
  leases: ObjectTarget | null,
  { claim, created }: { claim: string | undefined; created: string | undefined },
): PlaceHolder {
  return { beside: leases, held: store.name, claim, run: directory.address, created };
}

/** The run directory's settings, where it has any. */
export async function settingsOf(directory: RunDirectory): Promise<RunSettings | undefined> {
  return await directory.exists() ? await directory.document<RunSettings>(SETTINGS_KEY) : undefined;
}

/** The address by which every way to a place is the same. */
function realAddress(name: string): string {
  return isObjectAddress(name) ? name.replace(/\/+$/, "") : realPath(name);
}

/** A path without links, as far as it exists. */
function realPath(file: string): string {
  const whole = path.resolve(file);
  try {
    return fs.realpathSync(whole);
  } catch {
    const above = path.dirname(whole); // it is made when something is put there
    return above === whole ? whole : path.join(realPath(above), path.basename(whole));
  }
}
