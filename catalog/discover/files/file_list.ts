/** Granules among the files of a folder by their names alone: nothing is opened. */
import fs from "node:fs";
import path from "node:path";
import { inputError, systemCode } from "../../../core/errors.ts";
import type { Draft } from "../draft/draft.ts";
import { nameChoice } from "../draft/name_choice.ts";
import { namedDraft } from "../draft/named_draft.ts";
import type { Tally } from "../draft/tally.ts";

export interface FileListing {
  readonly folder: string;
  /** A glob, or a regular expression between slashes, over the path below the folder. */
  readonly match?: string | undefined;
  /** A regular expression over files' names that gives the id of a granule of several files. */
  readonly id?: string | undefined;
  /** Of granules whose names do not say it. */
  readonly collection?: string | undefined;
  readonly provider?: string | undefined;
}

const PROVIDER = "local";
/** Files taken where no pattern says which: those that hold arrays and rasters. */
const GRANULE_NAME = /\.(h5|hdf5|he5|hdf|nc|nc4|cdf|tiff?|jp2)$/i;

/**
 * Files below the folder in the order of their names, folder by folder; hidden ones are passed over, links
 * followed once. Throws an input error for what is no folder and no pattern.
 */
export async function* fileDrafts(
  listing: FileListing,
  { tally, signal }: { tally: Tally; signal?: AbortSignal | undefined },
): AsyncGenerator<Draft> {
  const root = path.resolve(listing.folder);
  if (fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw inputError(`${listing.folder}: is no folder (wanted one with granules)`);
  }
  const fits = listing.match === undefined
    ? (name: string) => GRANULE_NAME.test(name)
    : nameChoice(listing.match, "match");
  const base = root.endsWith("/") ? root : `${root}/`;
  for await (const inner of filesBelow(root, "", new Set())) {
    signal?.throwIfAborted();
    if (!fits(inner)) {
      tally.add(
        "link",
        listing.match === undefined ? "no name of a granule's file" : "name that does not match",
      );
      continue;
    }
    const stat = fs.statSync(path.join(root, inner), { throwIfNoEntry: false });
    if (stat === undefined) continue; // gone since the folder was read
    const draft = namedDraft(path.basename(inner), { base, path: inner, sizeBytes: stat.size }, {
      collection: listing.collection,
      provider: listing.provider ?? PROVIDER,
      properties: { last_modified: stat.mtime.toISOString() },
      tally,
    });
    if (draft !== null) yield draft;
  }
}

async function* filesBelow(root: string, inner: string, seen: Set<string>): AsyncGenerator<string> {
  const folder = path.join(root, inner);
  try {
    const real = await fs.promises.realpath(folder);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of (await fs.promises.readdir(folder)).sort()) {
      if (name.startsWith(".")) continue;
      const below = inner === "" ? name : `${inner}/${name}`;
      const stat = await fs.promises.stat(path.join(root, below)).catch((error) => {
        if (systemCode(error) === "ENOENT") return undefined; // a link to nothing, or gone since
        throw error;
      });
      if (stat?.isDirectory()) yield* filesBelow(root, below, seen);
      else if (stat?.isFile()) yield below;
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw inputError(`${folder}: cannot be listed (${code})`);
  }
}
