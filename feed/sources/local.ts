/**
 * Follows a folder of granule files. A file is known by its path below the folder, and by the time at which
 * its inode last changed: a copy that keeps an old modification time is news all the same.
 */
import fs from "node:fs";
import os from "node:os";
import { localRows } from "../../catalog/discover/files/local.ts";
import { findLocalFiles, type LocalFile } from "../../catalog/discover/files/local_files.ts";
import type { GranuleLayout } from "../../catalog/discover/files/local_granules.ts";
import { startScanner } from "../../catalog/discover/files/scanner.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { GranaryError } from "../../core/errors.ts";
import { DEFAULT_CHECKSUM } from "../../core/files/checksum_file.ts";
import { granuleFromName } from "../../products/file_names.ts";
import type { FollowSource } from "../follow/source.ts";
import type { Offer } from "../ledger/register.ts";
import { type Listed, listedSource } from "./listed.ts";
import { type OfferMaker, offerOf, unreadableOffer } from "./offer.ts";

interface LocalSourceOptions {
  folder: string;
  collection?: string | undefined;
  provider?: string | undefined;
  /** Where observations lie in files of the collections that their names say. */
  layout: (collections: readonly (string | null)[]) => GranuleLayout;
  cellOrder: number;
  maker: OfferMaker;
  signal?: AbortSignal | undefined;
  /** A file that changed less long ago is still being written, for all that is known. */
  quietMs?: number;
}

interface Found extends Listed {
  file: LocalFile;
}

const QUIET_MS = 30_000;
/** Files that are read for one commit. */
const PAGE_SIZE = 50;

export function localSource(options: LocalSourceOptions): FollowSource {
  const quietMs = options.quietMs ?? QUIET_MS;
  return listedSource<Found>({
    name: options.folder,
    pageSize: PAGE_SIZE,
    list: () => Promise.resolve(list(options.folder, Date.now() - quietMs)),
    offers: (files) => read(files, options),
  });
}

function list(folder: string, before: number): Found[] {
  return findLocalFiles([folder], { mayBeEmpty: true }).flatMap((file): Found[] => {
    const stat = fs.statSync(file.base + file.path, { throwIfNoEntry: false });
    if (stat === undefined || stat.ctimeMs > before) return [];
    return [{ file, path: file.path, changed: Math.floor(stat.ctimeMs), sizeBytes: stat.size }];
  });
}

async function read(files: readonly Found[], options: LocalSourceOptions): Promise<Offer[]> {
  if (files.length === 0) return [];
  const results = new Map<string, GranuleRow | string>();
  const scanner = startScanner(Math.min(os.availableParallelism(), files.length));
  try {
    for (const [collection, some] of byCollection(files)) {
      for (const [path, result] of await scan(some, collection, scanner, options)) results.set(path, result);
    }
  } finally {
    await scanner.close();
  }
  return files.map(({ path, changed }) => {
    const result = results.get(path) ?? "unreadable";
    return typeof result === "string"
      ? unreadableOffer(path, { changed }, result)
      : offerOf(result, path, { changed }, options.maker);
  });
}

/** Files that one config reads: of the collection that their names say. */
function byCollection(files: readonly Found[]): Map<string | null, Found[]> {
  const groups = new Map<string | null, Found[]>();
  for (const file of files) {
    const { collection } = granuleFromName(file.path);
    const group = groups.get(collection);
    if (group === undefined) groups.set(collection, [file]);
    else group.push(file);
  }
  return groups;
}

/** The row of each file by its path, or why it gives none. */
async function scan(
  files: readonly Found[],
  collection: string | null,
  scanner: ReturnType<typeof startScanner>,
  options: LocalSourceOptions,
): Promise<Map<string, GranuleRow | string>> {
  let layout: GranuleLayout;
  try {
    layout = options.layout([collection]);
  } catch (error) {
    if (!(error instanceof GranaryError) || error.tag !== "input") throw error;
    return new Map(files.map(({ path }) => [path, error.message]));
  }
  const { groups, latitude, longitude } = layout;
  const request = { groups, latitude, longitude };
  const results = new Map<string, GranuleRow | string>();
  const rows = localRows(files.map(({ file }) => file), {
    scan: (file, signal) =>
      scanner.run({ file, request, cellOrder: options.cellOrder, indexOrder: null }, signal),
    collection: options.collection,
    provider: options.provider,
    checksum: DEFAULT_CHECKSUM,
    concurrency: os.availableParallelism() + 1,
    signal: options.signal,
    onFailure: (file, error) => results.set(relative(files, file), error.message),
  });
  for await (const row of rows) results.set(row.path, row);
  return results;
}

function relative(files: readonly Found[], full: string): string {
  return files.find(({ file }) => file.base + file.path === full)?.path ?? full;
}
