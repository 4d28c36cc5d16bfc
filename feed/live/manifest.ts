/**
 * Writing and clearing away of a live catalog's manifests. A manifest is made by exclusive create, so that
 * two publishers cannot both write the next one.
 */
import fs from "node:fs";
import path from "node:path";
import { LIVE_PARTS, type Manifest, manifestFile, manifestNumbers } from "../../catalog/file/live_folder.ts";
import { syncFolder } from "../../core/files/atomic.ts";
import { GranaryError, systemCode } from "../../core/errors.ts";

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
  for (const name of fs.readdirSync(path.join(folder, LIVE_PARTS), { recursive: true }) as string[]) {
    const file = path.join(folder, LIVE_PARTS, name);
    const inManifest = [LIVE_PARTS, ...name.split(path.sep)].join("/");
    // One that was made just now may belong to a manifest that is about to be written.
    if (!fs.statSync(file).isFile() || kept.has(inManifest) || age(file) <= keepMs) continue;
    fs.rmSync(file);
    removed += 1;
  }
  return removed;
}
