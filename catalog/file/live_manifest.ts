/**
 * A live catalog: immutable catalog files, its parts, and numbered manifests, each of which names the parts of
 * one state; in a folder or below an S3 prefix. A reader takes the newest manifest and keeps to it.
 */
import fs from "node:fs";
import path from "node:path";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { inputError, systemCode } from "../../core/errors.ts";

export const LIVE_PARTS = "parts/";
export const LIVE_MANIFESTS = "manifests/";
const NAME = /^manifests\/(\d{8})\.json$/;

export interface ManifestPart {
  collection: string;
  /** The UTC day of its granules' starts, counted from 1970-01-01. */
  day: number;
  /** Below the catalog's place, with slashes. */
  file: string;
  rows: number;
}

export interface Manifest {
  version: 1;
  number: number;
  feed: string;
  cellOrder: number;
  parts: readonly ManifestPart[];
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
  let manifest: Manifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw inputError(`${name}: is no JSON (${(error as Error).message}); publish the catalog again`);
  }
  if (manifest?.version !== 1) throw inputError(`${name}: version ${manifest?.version}, wanted 1`);
  return manifest;
}

/** The names of a state's files below its place. Throws where it has none yet, and for what is no part of it. */
export function manifestFiles(name: string, manifest: Manifest): string[] {
  if (manifest.parts.length === 0) throw inputError(`${name}: the live catalog holds no granule yet`);
  return manifest.parts.map(({ file }) => {
    if (!/^parts\/[^/]+\/[^/]+\.parquet$/.test(file) || file.split("/").includes("..")) {
      throw inputError(`${name}: its manifest names "${file}", which is no part of it`);
    }
    return file;
  });
}
