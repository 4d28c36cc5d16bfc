/** Which groups of a granule a config means, and which dataset a path template names. */
import { GranaryError, inputError } from "../errors.ts";
import { globMatches } from "../glob.ts";
import type { Hdf5File } from "../hdf5/contract.ts";

/** A dataset, or one column of a two-dimensional one. */
export interface DatasetPath {
  readonly path: string;
  /** The index of the second dimension in `rh[:,98]`; null where there is none. */
  readonly column: number | null;
  /** `lat[:,:]`: every element of two dimensions is a row. */
  readonly flat?: true;
}

/**
 * The groups of `file` that `patterns` name, in the patterns' order; globs (`*`, `?`, `[12]`) expand over
 * the top-level groups in name order; a group named twice is given once. `/` is the root group.
 */
export function selectGroups(file: Hdf5File, patterns: readonly string[]): string[] {
  const selected = new Set<string>();
  for (const pattern of patterns) {
    if (!/[*?[]/.test(pattern)) {
      if (file.list(absolute(pattern)) !== undefined) selected.add(pattern);
      continue;
    }
    for (const name of file.list("/") ?? []) {
      if (globMatches(pattern, name) && file.list(absolute(name)) !== undefined) selected.add(name);
    }
  }
  return [...selected];
}

/** Sentences about groups that `patterns` name and that are links out of the file, or to nothing. */
export function linkedGroups(file: Hdf5File, patterns: readonly string[]): string[] {
  const names = new Set<string>();
  for (const pattern of patterns) {
    if (!/[*?[]/.test(pattern)) names.add(pattern);
    else for (const name of file.list("/") ?? []) if (globMatches(pattern, name)) names.add(name);
  }
  return [...names].flatMap((name) => {
    if (file.list(absolute(name)) !== undefined) return [];
    const out = file.linkOut(absolute(name));
    return out === undefined ? [] : [`${absolute(name)} is ${out}: nothing of it was read`];
  });
}

/** Paths by group and template: a run asks for the same ones of each granule. */
const paths = new Map<string, DatasetPath>();
const MOST_PATHS = 4096;

/** Fills `{group}` in a template and takes a column suffix apart. Throws an input error on a bad suffix. */
export function datasetPath(template: string, group: string): DatasetPath {
  const key = `${group}\n${template}`;
  let path = paths.get(key);
  if (path === undefined) {
    if (paths.size >= MOST_PATHS) paths.clear();
    paths.set(key, path = parsePath(template, group));
  }
  return path;
}

function parsePath(template: string, group: string): DatasetPath {
  const text = template.replaceAll("{group}", group);
  const suffix = /\[([^\]]*)\]$/.exec(text);
  if (!suffix) return { path: absolute(text), column: null };
  if (/^\s*:\s*,\s*:\s*$/.test(suffix[1])) {
    return { path: absolute(text.slice(0, suffix.index)), column: null, flat: true };
  }
  const index = /^\s*:\s*,\s*(\d{1,9})\s*$/.exec(suffix[1]);
  if (!index) {
    throw inputError(
      `${template}: "${
        suffix[0]
      }" is not a column of a dataset (wanted one index of the second dimension, as rh[:,98], or all of it, [:,:])`,
      { template },
    );
  }
  return { path: absolute(text.slice(0, suffix.index)), column: Number(index[1]) };
}

/** The error for a granule that has none of the groups. */
export function noGroupsError(file: Hdf5File, patterns: readonly string[]): GranaryError {
  const found = file.list("/") ?? [];
  const linked = linkedGroups(file, patterns);
  return new GranaryError(
    "granule",
    `${file.name}: has none of the groups ${patterns.join(", ")} (${
      linked.length > 0 ? `${shortList(linked, 3)}; ` : ""
    }found ${shortList(found)}; ` +
      `check data_source.groups, or that the file is of this product)`,
    { details: { name: file.name, wanted: [...patterns], found } },
  );
}

/** `a, b, c and 4 more`. */
export function shortList(names: readonly string[], most = 12): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

function absolute(path: string): string {
  return `/${path}`.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
}
