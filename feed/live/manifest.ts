/**
 * The numbered manifests of a live catalog: each names the parts that are one state of it. A manifest is
 * made by exclusive create, so that two publishers cannot both write the next one.
 */
import fs from "node:fs";
import path from "node:path";
import { syncFolder } from "../../core/files/atomic.ts";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";

export interface ManifestPart {
  collection: string;
  day: number;
  /** Below the catalog's folder. */
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

const FOLDER = "manifests";
const PARTS = "parts";
const NAME = /^(\d{8})\.json$/;

/** The newest manifest of the folder, or null when there is none. */
export function newestManifest(folder: string): Manifest | null {
  const numbers = manifestNumbers(folder);
  const number = numbers.at(-1);
  if (number === undefined) return null;
  const file = manifestFile(folder, number);
  const manifest = JSON.parse(fs.readFileSync(file, "utf8")) as Manifest;
  if (manifest.version !== 1) throw inputError(`${file}: version ${manifest.version}, wanted 1`);
  return manifest;
}

function manifestNumbers(folder: string): number[] {
  let names: string[];
  try {
    names = fs.readdirSync(path.join(folder, FOLDER));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  }).sort((a, b) => a - b);
}

function manifestFile(folder: string, number: number): string {
  return path.join(folder, FOLDER, `${String(number).padStart(8, "0")}.json`);
}

/** Writes the next manifest: whole under its name, or not at all. Throws when another wrote it first. */
export function writeManifest(folder: string, manifest: Manifest): void {
  const file = manifestFile(folder, manifest.number);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    const fd = fs.openSync(temporary, "wx");
    try {
      fs.writeSync(fd, JSON.stringify(manifest));
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    // A link fails where the name is taken; a rename would replace it.
    fs.linkSync(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    throw new GranaryError("io", `${file}: another process published at the same time (publish again)`);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Removes parts that no manifest of the last `keepMs` names, and manifests that are older; the newest stays. */
export function removeOld(folder: string, keepMs: number, now = Date.now()): number {
  const age = (file: string) => now - fs.statSync(file).mtimeMs;
  const files = manifestNumbers(folder).map((number) => manifestFile(folder, number));
  // A reader may hold a manifest until its successor has stood for the time.
  const old = files.filter((_, index) => index + 1 < files.length && age(files[index + 1]) > keepMs);
  const kept = new Set<string>();
  for (const file of files.filter((file) => !old.includes(file))) {
    const manifest = JSON.parse(fs.readFileSync(file, "utf8")) as Manifest;
    for (const part of manifest.parts) kept.add(part.file);
  }
  for (const file of old) fs.rmSync(file);
  let removed = 0;
  for (const name of fs.readdirSync(path.join(folder, PARTS), { recursive: true }) as string[]) {
    const file = path.join(folder, PARTS, name);
    const inManifest = [PARTS, ...name.split(path.sep)].join("/");
    // One that was made just now may belong to a manifest that is about to be written.
    if (!fs.statSync(file).isFile() || kept.has(inManifest) || age(file) <= keepMs) continue;
    fs.rmSync(file);
    removed += 1;
  }
  return removed;
}
