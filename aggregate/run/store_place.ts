/** The folder that a store is written to: never touched unasked, never left with another run's objects. */
import fs from "node:fs";
import path from "node:path";
import { writeError } from "../../base/atomic.ts";
import { inputError, systemCode } from "../../base/errors.ts";

/** What to do with what is there already. */
export type StoreMode = "new" | "overwrite" | "resume";

/** Makes the folder ready. Throws an input error, and changes nothing, when something is in the way. */
export function prepareStore(store: string, mode: StoreMode, runExists: boolean): void {
  let names: string[] = [];
  try {
    names = fs.readdirSync(store);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOTDIR") {
      throw inputError(`${store}: a file is in the way of the store (choose another place for it)`);
    }
    if (code !== "ENOENT") throw writeError(store, error);
  }
  if (mode === "new" && names.length > 0) {
    throw inputError(
      `${store}: something is there already (${names.length} entries); nothing was changed (${
        runExists ? "say --resume to go on with the run that made it, or" : "choose another place, or say"
      } --overwrite)`,
    );
  }
  if (mode === "overwrite" && names.length > 0) {
    const looksLikeStore = names.includes("zarr.json") || names.every((name) => /^\d+$/.test(name));
    if (!looksLikeStore) {
      throw inputError(`${store}: the folder holds no Zarr store, so --overwrite will not empty it`);
    }
    fs.rmSync(store, { recursive: true });
  }
  try {
    fs.mkdirSync(store, { recursive: true });
  } catch (error) {
    throw writeError(store, error);
  }
}

/** Removes the objects of one shard at every level, before it is made anew. */
export function removeShard(store: string, shard: number): void {
  for (const folder of arrayFolders(store)) {
    fs.rmSync(path.join(folder, "c", String(shard)), { force: true });
  }
}

/** How many objects of one shard there are, and their bytes: what its record said when they were made. */
export function shardOnDisk(store: string, shard: number): { objects: number; bytes: number } {
  let objects = 0, bytes = 0;
  for (const folder of arrayFolders(store)) {
    const stat = fs.statSync(path.join(folder, "c", String(shard)), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    objects += 1;
    bytes += stat.size;
  }
  return { objects, bytes };
}

/** Takes the root document away, so that nobody reads the store while shards of it are made anew. */
export function unseal(store: string): void {
  fs.rmSync(path.join(store, "zarr.json"), { force: true });
}

/**
 * Removes what no object of a finished store is: temporary files of killed writers, levels and
 * arrays of another config. `keeps` tells the keys of the store's own documents and shards.
 */
export function removeStrays(store: string, keeps: (key: string) => boolean): void {
  for (const name of fs.readdirSync(store, { recursive: true, encoding: "utf8" })) {
    const file = path.join(store, name);
    const key = name.split(path.sep).join("/");
    if (fs.statSync(file).isFile() && !keeps(key)) fs.rmSync(file);
  }
}

function arrayFolders(store: string): string[] {
  const folders: string[] = [];
  for (const level of subfolders(store)) for (const array of subfolders(level)) folders.push(array);
  return folders;
}

function subfolders(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name));
}
