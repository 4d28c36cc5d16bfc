/**
 * Native libraries that travel inside the binary. A dynamic linker reads files only, so they are
 * unpacked once into the user's cache folder and loaded from there.
 *
 * A file appears whole or not at all (temporary name, hash read back, rename), so that any number of
 * processes may start at once on a shared file system. A folder that is read-only, full, over quota,
 * not ours or mounted noexec is passed over for the next.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { zstdDecompressSync } from "node:zlib";
import { syncFolder, temporaryName, writeAllSync } from "./atomic.ts";
import { GranaryError, systemCode } from "../errors.ts";
import { namedFolder, temporaryRoot } from "./folders.ts";

/** A file of a native addon: where the binary holds it, and what it must be once unpacked. */
export interface NativeFile {
  /** Its name in the cache folder; libraries that find each other by `$ORIGIN` lie together. */
  name: string;
  /** Where it lies packed by zstd: a path, which inside the binary is one of its virtual file system. */
  source: string;
  /** Unpacked. */
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** A cache folder to try. A shared one lies where other users may write too. */
export interface CacheFolder {
  path: string;
  shared: boolean;
}

/** How long another process may show no progress before its unpacking is taken over. */
const PATIENCE_MS = 5000;
const POLL_MS = 50;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The folders to try, best first: XDG_CACHE_HOME, HOME/.cache, TMPDIR or the system's own. */
export function cacheFolders(env: Readonly<Record<string, string | undefined>>): CacheFolder[] {
  const folders: CacheFolder[] = [];
  const own = namedFolder(env.XDG_CACHE_HOME);
  if (own !== undefined) folders.push({ path: path.join(own, "granary"), shared: false });
  const home = namedFolder(env.HOME);
  if (home !== undefined) folders.push({ path: path.join(home, ".cache", "granary"), shared: false });
  const user = process.getuid?.() ?? 0;
  for (const folder of new Set([namedFolder(env.TMPDIR) ?? temporaryRoot(), "/tmp"])) {
    folders.push({ path: path.join(folder, `granary-${user}`), shared: true });
  }
  return folders;
}

/** The folder's name for these contents: two versions of granary never meet in one folder. */
export function nativeFolderName(files: readonly NativeFile[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.name} ${file.sha256}\n`);
  return `native-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * Unpacks `files` where needed and loads `addon`, one of them, from the first folder that works.
 * @returns the addon's exports
 * @throws GranaryError "io" that names every folder tried and why it failed
 */
export function loadNativeAddon(
  files: readonly NativeFile[],
  addon: string,
  options: {
    folders?: readonly CacheFolder[];
    /** Loads a file as a native addon. */
    open?: (file: string) => unknown;
  } = {},
): unknown {
  const folders = options.folders ?? cacheFolders(process.env);
  const open = options.open ?? openAddon;
  const failures: string[] = [];
  const unloadable: string[] = [];
  for (const candidate of folders) {
    const folder = path.join(candidate.path, nativeFolderName(files));
    try {
      prepareFolder(candidate, folder);
      for (const file of files) unpackFile(file, folder);
    } catch (error) {
      // A system's refusal or a damaged copy: both say that this folder is of no use here.
      if (systemCode(error) === undefined && !(error instanceof GranaryError)) throw error;
      failures.push(`${folder}: ${(error as Error).message}`);
      continue;
    }
    try {
      return open(path.join(folder, addon));
    } catch (error) {
      failures.push(`${folder}: ${(error as Error).message}`);
      unloadable.push(folder);
    }
  }
  // A file of the right size may still be damaged, which only its hash shows: repair it and try again.
  for (const folder of unloadable) {
    try {
      if (repair(files, folder)) return open(path.join(folder, addon));
    } catch (error) {
      failures.push(`${folder}, written again: ${(error as Error).message}`);
    }
  }
  throw new GranaryError(
    "io",
    `${addon}: the native library could not be unpacked and loaded; tried\n` +
      failures.map((line) => `  ${line}`).join("\n") +
      `\nset XDG_CACHE_HOME to a folder that is writable, has ${
        Math.ceil(files.reduce((sum, file) => sum + file.sizeBytes, 0) / 1e6)
      } MB free and is not mounted noexec`,
    { details: { tried: failures } },
  );
}

/** Makes the folder; in a place that others may write to, it must be ours alone. */
function prepareFolder(candidate: CacheFolder, folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!candidate.shared || process.getuid === undefined) return;
  for (const part of [candidate.path, folder]) {
    const stat = fs.lstatSync(part);
    if (!stat.isDirectory() || stat.uid !== process.getuid() || (stat.mode & 0o022) !== 0) {
      throw new GranaryError("io", `${part} belongs to or can be changed by another user`);
    }
  }
}

/** Puts one file in place unless it is there; waits while another process is busy doing the same. */
function unpackFile(file: NativeFile, folder: string): void {
  const target = path.join(folder, file.name);
  if (hasSize(target, file.sizeBytes)) return;
  // The first to create this name writes; its growth is the sign of life that the others watch.
  const common = path.join(folder, `.${file.name}.unpacking`);
  let fd: number | undefined;
  try {
    fd = fs.openSync(common, "wx", 0o700);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  if (fd === undefined) {
    if (waitForFile(target, common, file.sizeBytes)) return;
    const own = temporaryName(target);
    writeAndRename(file, fs.openSync(own, "wx", 0o700), own, target);
    fs.rmSync(common, { force: true }); // left behind by a process that ended
    return;
  }
  writeAndRename(file, fd, common, target);
}

/** True once `target` is whole; false when it did not grow for a while. */
function waitForFile(target: string, busy: string, sizeBytes: number): boolean {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let last = "";
  let still = 0;
  while (still < PATIENCE_MS) {
    if (hasSize(target, sizeBytes)) return true;
    const stat = fs.statSync(busy, { throwIfNoEntry: false });
    if (stat === undefined) break; // renamed into place, or given up by its writer
    const state = `${stat.size} ${stat.mtimeMs}`;
    still = state === last ? still + POLL_MS : 0;
    last = state;
    Atomics.wait(sleeper, 0, 0, POLL_MS);
  }
  return hasSize(target, sizeBytes);
}

function writeAndRename(file: NativeFile, fd: number, temporary: string, target: string): void {
  try {
    try {
      const bytes = unpacked(file);
      for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
        writeAllSync(fd, bytes.subarray(offset, offset + CHUNK_BYTES));
      }
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    const found = sha256(temporary);
    if (found !== file.sha256) {
      throw new GranaryError("io", `${temporary}: reads back with sha256 ${found}, wanted ${file.sha256}`);
    }
    fs.renameSync(temporary, target);
    syncFolder(path.dirname(target));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    // Another process may have taken over and finished: then the work is done all the same.
    if (systemCode(error) === "ENOENT" && hasSize(target, file.sizeBytes)) return;
    throw error;
  }
}

function unpacked(file: NativeFile): Uint8Array {
  const packed = fs.readFileSync(file.source);
  try {
    return zstdDecompressSync(packed, { maxOutputLength: file.sizeBytes });
  } catch (error) {
    throw new GranaryError("io", `${file.name} does not unpack: ${(error as Error).message}`);
  }
}

/** Rewrites the files whose contents differ. @returns whether there were any. */
function repair(files: readonly NativeFile[], folder: string): boolean {
  let repaired = false;
  for (const file of files) {
    const target = path.join(folder, file.name);
    if (sha256(target) === file.sha256) continue;
    const own = temporaryName(target);
    writeAndRename(file, fs.openSync(own, "wx", 0o700), own, target);
    repaired = true;
  }
  return repaired;
}

function hasSize(file: string, sizeBytes: number): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && stat.size === sizeBytes;
}

function sha256(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

function openAddon(file: string): unknown {
  const module = { exports: {} };
  // @types/node types the first parameter as `object`; the exports appear on it.
  (process as unknown as { dlopen(module: object, file: string): void }).dlopen(module, file);
  return module.exports;
}
