/** The granule files under paths that a user named. */
import fs from "node:fs";
import path from "node:path";
import { inputError, systemCode } from "../../../core/errors.ts";
import { inputPath } from "../../../core/files/address.ts";

/** Endings of the files that a folder is searched for. */
const GRANULE_SUFFIXES: readonly string[] = [".h5", ".hdf5", ".he5", ".hdf", ".nc", ".nc4"];

/** And for grids. */
const GRID_SUFFIXES: readonly string[] = [...GRANULE_SUFFIXES, ".tif", ".tiff"];

/** More files than this are refused. */
const MAX_LOCAL_FILES = 10_000_000;

export interface LocalFile {
  /** Absolute folder with a final slash. */
  base: string;
  /** The rest of the path, with forward slashes. */
  path: string;
  sizeBytes: number;
}

/**
 * Files named in `paths`, and those under folders in it, whatever their depth, in the order of their
 * paths; hidden ones are passed over. A folder named is the base of what lies in it. Symbolic links are
 * followed, each folder once.
 */
export function findLocalFiles(
  paths: readonly string[],
  { mayBeEmpty = false, grids = false }: { mayBeEmpty?: boolean; grids?: boolean } = {},
): LocalFile[] {
  const files = new Map<string, LocalFile>();
  const suffixes = grids ? GRID_SUFFIXES : GRANULE_SUFFIXES;
  for (const given of paths) {
    const full = path.resolve(inputPath(given));
    const stat = statOf(full, given);
    if (stat.isDirectory()) walk(full, "", files, new Set(), suffixes);
    else addFile(files, path.dirname(full), path.basename(full), stat.size);
  }
  if (files.size === 0 && !mayBeEmpty) {
    throw inputError(
      `${paths.join(", ")}: no granule files (${suffixes.join(", ")}) found; name files or folders`,
    );
  }
  return [...files.values()].sort((a, b) => compare(a.base + a.path, b.base + b.path));
}

function walk(
  root: string,
  relative: string,
  files: Map<string, LocalFile>,
  seen: Set<string>,
  suffixes: readonly string[],
): void {
  const folder = path.join(root, relative);
  const real = fs.realpathSync(folder);
  if (seen.has(real)) return;
  seen.add(real);
  for (const entry of readFolder(folder)) {
    if (entry.startsWith(".")) continue;
    const inner = relative === "" ? entry : `${relative}/${entry}`;
    const stat = fs.statSync(path.join(root, inner), { throwIfNoEntry: false });
    if (stat?.isDirectory()) walk(root, inner, files, seen, suffixes);
    else if (stat?.isFile() && suffixes.includes(path.extname(entry).toLowerCase())) {
      addFile(files, root, inner, stat.size);
    }
  }
}

function readFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort(compare);
  } catch (error) {
    throw inputError(`${folder}: cannot be listed (${systemCode(error) ?? (error as Error).message})`);
  }
}

function addFile(files: Map<string, LocalFile>, root: string, inner: string, sizeBytes: number): void {
  const base = root.endsWith("/") ? root : `${root}/`;
  files.set(base + inner, { base, path: inner, sizeBytes });
  if (files.size > MAX_LOCAL_FILES) throw inputError(`${root}: more than ${MAX_LOCAL_FILES} files`);
}

function statOf(full: string, given: string): fs.Stats {
  try {
    return fs.statSync(full);
  } catch (error) {
    const code = systemCode(error) ?? "error";
    throw inputError(`${given}: cannot read (${code}); name a granule file or a folder of them`, { code });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
