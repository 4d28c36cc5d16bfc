/**
 * Names of collections. A product's name and its version are written `ATL06.006` here; STAC services of NASA's
 * archives, and tools that read them, write `ATL06_006`.
 */
import { globMatches } from "../core/glob.ts";

/** A short name as those archives have them, in capitals, and a version of three digits or with a dot. */
const UNDERSCORED = /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)_(\d{3}|\d+\.\d+)$/;

/** The name as catalogs have it: `ATL06_006` becomes `ATL06.006`, any other stays. */
export function collectionName(name: string): string {
  return name.replace(UNDERSCORED, "$1.$2");
}

/** The globs that a wanted one stands for: `ATL06.*` means a collection that states no version, too. */
export function collectionGlobs(wanted: string): string[] {
  const globs = [wanted, collectionName(wanted)];
  if (wanted.endsWith(".*")) globs.push(wanted.slice(0, -2));
  return [...new Set(globs)];
}

/** Whether a collection of a catalog is one of those that are wanted. */
export function collectionFits(wanted: string, collection: string): boolean {
  const names = [collection, collectionName(collection)];
  return collectionGlobs(wanted).some((glob) => names.some((name) => globMatches(glob, name)));
}
