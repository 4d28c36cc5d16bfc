/**
 * Granules that are folders of many objects, such as Sentinel's SAFE: one row with all of its files, and only
 * when all are there.
 */
import type { GranuleAsset } from "../../catalog/granule.ts";
import type { Draft } from "../../catalog/discover/draft/draft.ts";
import { namedDraft } from "../../catalog/discover/draft/named_draft.ts";
import type { Tally } from "../../catalog/discover/draft/tally.ts";
import { compileGlob } from "../../core/glob.ts";
import type { ListedObject } from "../../core/access/listed_object.ts";
import type { ObjectName } from "../../core/access/s3_address.ts";
import type { S3Definition } from "../definition/parse.ts";
import type { Listed } from "./listed.ts";

export interface ObjectFolder extends Listed {
  /** The folder's own name. */
  name: string;
  /** The key of the folder that holds it, with its slash at the end; "" at the bucket's top. */
  parent: string;
  /** In the order of their keys. */
  objects: readonly ListedObject[];
}

/** Formats that hold observations: the first of them leads. */
const DATA_NAME = /\.(h5|hdf5|he5|hdf|nc|nc4|cdf|tiff?|jp2)$/i;
const PROVIDER = "s3";

/** The key of the folder that an object's granule is, with its slash; null for an object of none. */
export function folderOf(key: string, rootKey: string, isGranule: (name: string) => boolean): string | null {
  let at = rootKey.length;
  for (;;) {
    const slash = key.indexOf("/", at);
    if (slash < 0) return null;
    if (isGranule(key.slice(at, slash))) return key.slice(0, slash + 1);
    at = slash + 1;
  }
}

/** Collects objects into the folders that are granules. */
export class FolderCollector {
  readonly #folders = new Map<string, ListedObject[]>();
  readonly #isGranule: (name: string) => boolean;

  constructor(readonly rootKey: string, granules: string) {
    this.#isGranule = compileGlob(granules);
  }

  add(object: ListedObject): void {
    const folder = folderOf(object.key, this.rootKey, this.#isGranule);
    if (folder === null || object.key.endsWith("/")) return;
    const held = this.#folders.get(folder);
    if (held === undefined) this.#folders.set(folder, [object]);
    else held.push(object);
  }

  /** The folders that hold all that `complete` names, and in which nothing was written after `before`. */
  complete(complete: readonly string[], before: number): ObjectFolder[] {
    const tests = complete.map(compileGlob);
    return [...this.#folders].flatMap(([key, objects]): ObjectFolder[] => {
      const changed = Math.max(...objects.map(({ modified }) => modified ?? Infinity));
      if (changed > before) return [];
      if (!tests.every((test) => objects.some((one) => test(one.key.slice(key.length))))) return [];
      const parent = key.slice(0, key.lastIndexOf("/", key.length - 2) + 1);
      return [{
        path: key.slice(this.rootKey.length),
        name: key.slice(parent.length, -1),
        parent,
        changed,
        sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        objects,
      }];
    });
  }
}

/** The row of a folder: the files lie below the folder that holds it. Null for one that is in the tally. */
export function folderDraft(
  { scheme, bucket }: Pick<ObjectName, "scheme" | "bucket">,
  { name, parent, objects, changed }: ObjectFolder,
  { collection, provider, s3 }: Pick<S3Definition, "collection" | "provider" | "s3">,
  tally: Tally,
): Draft | null {
  const assets = objects.map(({ key, sizeBytes }): GranuleAsset => ({
    key: key.slice(parent.length + name.length + 1),
    path: key.slice(parent.length),
    media_type: null,
    size_bytes: Number.isSafeInteger(sizeBytes) ? sizeBytes : null,
    checksum: null,
    s3_href: null,
    https_href: null,
    local_href: null,
    s3_credentials: null,
  }));
  const first = assets.find(({ key }) => DATA_NAME.test(key)) ?? assets[0];
  if (first?.path === undefined || first.path === null) return null;
  const base = `${scheme}://${bucket}/${parent}`;
  const place = { base, path: first.path, sizeBytes: first.size_bytes ?? 0 };
  const properties = { last_modified: new Date(changed).toISOString() };
  const draft = namedDraft(name, place, {
    collection,
    provider: provider ?? PROVIDER,
    s3,
    properties,
    tally,
  });
  if (draft === null) return null;
  return {
    ...draft,
    row: { ...draft.row, local_base: null, s3_base: base, size_bytes: first.size_bytes, assets },
  };
}

/**
 * The files that a manifest of SAFE says belong to the product (`href="./…"` of each `fileLocation`), as paths
 * below the product's folder.
 */
export function manifestFiles(manifest: string): string[] {
  return [...manifest.matchAll(/<fileLocation\b[^>]*\bhref\s*=\s*["'](?:\.\/)?([^"']+)["']/g)].map((
    [, file],
  ) => file.replaceAll("&amp;", "&"));
}
