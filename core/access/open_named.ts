/** Files that a person named, opened: a name that leads to nothing is a wrong input, here and elsewhere. */
import fs from "node:fs";
import { GranaryError, inputError } from "../errors.ts";
import { localPath } from "../files/address.ts";
import type { RangedSource } from "./block_cache.ts";
import { locationOf, type SourceLocation } from "./location.ts";
import { isNoBucket, noSuchBucket } from "./no_bucket.ts";
import type { SourceOpener } from "./open.ts";
import { safeName } from "./redact.ts";

/** Throws an input error where there is no such file, or a folder in its place. `location` is where `named` lies. */
export async function openNamed(
  opener: SourceOpener,
  named: string,
  location: SourceLocation = locationOf(named),
): Promise<RangedSource> {
  const name = safeName(named);
  if (location.kind === "local") {
    const stat = fs.statSync(localPath(named), { throwIfNoEntry: false });
    if (stat === undefined) throw inputError(`${name}: there is no such file`);
    if (stat.isDirectory()) throw inputError(`${name}: is a folder (wanted a file)`);
  }
  try {
    return await opener.open(location);
  } catch (error) {
    if (isNoBucket(error)) throw noSuchBucket(name);
    if (error instanceof GranaryError && error.details.status === 404) {
      throw inputError(`${name}: there is no such file (the server answered 404)`, { status: 404 });
    }
    throw error;
  }
}
