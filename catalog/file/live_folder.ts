/**
 * A live catalog: a folder of immutable catalog files, its parts, and of numbered manifests, each of which
 * names the parts of one state. A reader takes the newest manifest and keeps to it.
 */
import fs from "node:fs";
import path from "node:path";
import { inputError, systemCode } from "../../core/errors.ts";

export const LIVE_PARTS = "parts";
const MANIFESTS = "manifests";
const NAME = /^(\d{8})\.json$/;

export interface ManifestPart {
  collection: string;
  /** The UTC day of its granules' starts, counted from 1970-01-01. */
  day: number;
  /** Below the catalog's folder, with slashes. */
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

/** The numbers of the folder's manifests, ascending; none where it is no live catalog. */
export function manifestNumbers(folder: string): number[] {
  let names: string[];
  try {
    names = fs.readdirSync(path.join(folder, MANIFESTS));
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  }).sort((a, b) => a - b);
}

export function manifestFile(folder: string, number: number): string {
  return path.join(folder, MANIFESTS, `${String(number).padStart(8, "0")}.json`);
}

/** The newest manifest of the folder, or null when there is none. */
export function newestManifest(folder: string): Manifest | null {
  const number = manifestNumbers(folder).at(-1);
  if (number === undefined) return null;
  const file = manifestFile(folder, number);
  const manifest = JSON.parse(fs.readFileSync(file, "utf8")) as Manifest;
  if (manifest.version !== 1) throw inputError(`${file}: version ${manifest.version}, wanted 1`);
  return manifest;
}

/** The files of a live catalog's newest state, or null for what is no live catalog. */
export function liveParts(name: string): string[] | null {
  const manifest = newestManifest(name);
  if (manifest === null) return null;
  if (manifest.parts.length === 0) throw inputError(`${name}: the live catalog holds no granule yet`);
  return manifest.parts.map(({ file }) => {
    if (!/^parts\/[^/]+\/[^/]+\.parquet$/.test(file) || file.split("/").includes("..")) {
      throw inputError(`${name}: its manifest names "${file}", which is no part of it`);
    }
    return path.join(name, file);
  });
}
