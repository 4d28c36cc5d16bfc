/**
 * A live catalog: immutable catalog files, its parts, and numbered manifests, each of which names the parts of
 * one state; in a folder or below an S3 prefix. A reader takes the newest manifest and keeps to it.
 */
import fs from "node:fs";
import path from "node:path";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { inputError, systemCode } from "../../core/errors.ts";
import { isObject } from "../../core/json_value.ts";

export const LIVE_PARTS = "parts/";
export const LIVE_MANIFESTS = "manifests/";
const NAME = /^manifests\/(\d{8})\.json$/;

/** One catalog file of a state. */
export interface ManifestFile {
  /** Below the catalog's place, with slashes. */
  name: string;
  rows: number;
  bytes: number;
}

/** A collection's granules of one UTC day of starts. */
export interface ManifestPart {
  collection: string;
  /** Counted from 1970-01-01. */
  day: number;
  /** Null where none of its granules is in a part's file. Days that were joined name one file. */
  file: ManifestFile | null;
  /** The number of the last change that the file shows, by the ledger's count. */
  written: number;
  /** The number of the last change that the state shows, in the file or beside it. */
  seen: number;
}

export interface Manifest {
  /** 3 where days are joined: readers of 2 would read their file once for each. */
  version: 2 | 3;
  number: number;
  feed: string;
  /** The ledger that counts the changes. */
  ledger: string;
  cellOrder: number;
  parts: readonly ManifestPart[];
  /** Granules that changed since the files of their parts were written. */
  news: ManifestFile | null;
  /** Names of granules by collection whose rows in the parts' files do not hold any longer. */
  hidden: Readonly<Record<string, readonly string[]>>;
}

/** The files that show a state. */
interface StateFiles {
  /** Below the catalog's place, with slashes; those of the parts come first. */
  files: string[];
  hidden: HiddenNames | null;
}

/** Names by collection that do not count in the first `files` files. */
export interface HiddenNames {
  files: number;
  names: Readonly<Record<string, readonly string[]>>;
}

/** Below the catalog's place, with slashes. */
export function manifestKey(number: number): string {
  return `${LIVE_MANIFESTS}${String(number).padStart(8, "0")}.json`;
}

/** The numbers of manifests by their keys, ascending. */
export function numbersOf(keys: readonly string[]): number[] {
  return keys.flatMap((key) => {
    const match = NAME.exec(key);
    return match === null ? [] : [Number(match[1])];
  }).sort((a, b) => a - b);
}

/** The numbers of the folder's manifests, ascending; none where it is no live catalog. */
export function manifestNumbers(folder: string): number[] {
  let names: string[];
  try {
    names = fs.readdirSync(path.join(folder, LIVE_MANIFESTS));
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
  return numbersOf(names.map((name) => LIVE_MANIFESTS + name));
}

/** The newest manifest of a folder, or null when there is none. */
export function newestManifest(folder: string): Manifest | null {
  const number = manifestNumbers(folder).at(-1);
  if (number === undefined) return null;
  const file = path.join(folder, manifestKey(number));
  return parseManifest(file, fs.readFileSync(file));
}

export async function newestNumberIn(target: ObjectTarget): Promise<number | null> {
  return numbersOf(await target.list(LIVE_MANIFESTS)).at(-1) ?? null;
}

/** The newest manifest of a folder or prefix, or null when there is none. */
export async function newestManifestIn(target: ObjectTarget): Promise<Manifest | null> {
  const number = await newestNumberIn(target);
  if (number === null) return null;
  const bytes = await target.get(manifestKey(number));
  if (bytes === undefined) throw inputError(`${target.name}: ${manifestKey(number)} is gone (read again)`);
  return parseManifest(`${target.name}/${manifestKey(number)}`, bytes);
}

export function parseManifest(name: string, bytes: Uint8Array): Manifest {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw inputError(`${name}: is no JSON (${(error as Error).message}); publish the catalog again`);
  }
  const version = isObject(found) ? found.version : undefined;
  if (typeof version === "number" && !(version >= 1 && version <= 3)) {
    throw inputError(
      `${name}: a manifest of version ${version}, of which this granary knows 1 to 3 (update granary here, or ` +
        "have the one that keeps the catalog write a file: granary feed publish -o FILE)",
    );
  }
  if (isFirst(found)) return fromFirst(found);
  if (isManifest(found)) return found;
  throw inputError(
    `${name}: is no manifest of a live catalog as granary writes them (publish the catalog again)`,
  );
}

function isManifest(found: unknown): found is Manifest {
  return isObject(found) && (found.version === 2 || found.version === 3) && isWhole(found.number) &&
    isWhole(found.cellOrder) && typeof found.ledger === "string" &&
    (found.news === null || isFile(found.news)) &&
    Array.isArray(found.parts) && found.parts.every(isPart) &&
    isObject(found.hidden) && Object.values(found.hidden).every(isTexts);
}

function isPart(part: unknown): boolean {
  return isObject(part) && typeof part.collection === "string" &&
    [part.day, part.written, part.seen].every(isWhole) && (part.file === null || isFile(part.file));
}

function isFile(file: unknown): boolean {
  return isObject(file) && typeof file.name === "string" && isWhole(file.rows) && isWhole(file.bytes);
}

function isFirst(found: unknown): found is FirstManifest {
  return isObject(found) && found.version === 1 && isWhole(found.number) && isWhole(found.cellOrder) &&
    Array.isArray(found.parts) &&
    found.parts.every((part) =>
      isObject(part) && typeof part.collection === "string" && typeof part.file === "string" &&
      isWhole(part.day) && isWhole(part.rows)
    );
}

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** Version 1 knew files of parts only. */
interface FirstManifest {
  version: 1;
  number: number;
  feed: string;
  cellOrder: number;
  parts: readonly { collection: string; day: number; file: string; rows: number }[];
}

function fromFirst({ number, feed, cellOrder, parts }: FirstManifest): Manifest {
  return {
    version: 2,
    number,
    feed,
    ledger: "",
    cellOrder,
    parts: parts.map(({ collection, day, file, rows }) => ({
      collection,
      day,
      file: { name: file, rows, bytes: 0 },
      written: 0,
      seen: 0,
    })),
    news: null,
    hidden: {},
  };
}

/** The names of all files that a manifest names, each once. */
export function manifestFiles({ parts, news }: Manifest): string[] {
  const files = [...new Set(parts.flatMap(({ file }) => file === null ? [] : [file.name]))];
  return news === null ? files : [...files, news.name];
}

/** Sizes of files by name, in bytes; 0 where the manifest does not tell. */
export function fileSizes({ parts, news }: Manifest): Map<string, number> {
  const files = parts.flatMap(({ file }) => file === null ? [] : [file]);
  return new Map([...files, ...news === null ? [] : [news]].map(({ name, bytes }) => [name, bytes]));
}

/** The files of a state. Throws where it has none yet, and for what is no part of the catalog. */
export function stateFiles(name: string, manifest: Manifest): StateFiles {
  const files = manifestFiles(manifest);
  if (files.length === 0) throw inputError(`${name}: the live catalog holds no granule yet`);
  for (const file of files) {
    if (!/^parts\/[^/]+\/[^/]+\.parquet$/.test(file) || file.split("/").includes("..")) {
      throw inputError(`${name}: its manifest names "${file}", which is no part of it`);
    }
  }
  const hides = Object.values(manifest.hidden).some((names) => names.length > 0);
  const count = manifest.news === null ? files.length : files.length - 1;
  return { files, hidden: hides ? { files: count, names: manifest.hidden } : null };
}
