/**
 * The shape of the tree, checked: imports run downward only, no module imports itself by any way, and
 * the sources use node: and web APIs, not those of one runtime.
 *
 *   deno run -A scripts/check_imports.ts
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { sourceFiles } from "./source_files.ts";

const CORE_BASE = ["core", "core/files"];
const OBSERVATIONS = [...CORE_BASE, "core/access", "core/hdf5"];

/** What each room may import, besides itself. A room is the longest of these that begins a path. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "core": [],
  "core/files": ["core"],
  "core/access": CORE_BASE,
  "core/cells": CORE_BASE,
  "core/config": CORE_BASE,
  "core/draw": CORE_BASE,
  "core/expressions": CORE_BASE,
  "core/geometry": [...CORE_BASE, "core/cells"],
  "core/hdf5": [...CORE_BASE, "core/access"],
  "core/observations": OBSERVATIONS,
  "core/geotiff": [...CORE_BASE, "core/access", "core/raster"],
  "core/raster": [
    ...CORE_BASE,
    "core/access",
    "core/cells",
    "core/expressions",
    "core/geometry",
    "core/hdf5",
    "core/observations",
  ],
  "core/stac": [...CORE_BASE, "core/cells", "core/geometry", "core/raster"],
  "core/tables": CORE_BASE,
  "core/workers": [...CORE_BASE, "core/access"],
  "core/zarr": [...CORE_BASE, "core/access"],
  "products": ["core/*"],
  "catalog": ["core/*", "products"],
  "runs": ["core/*", "products", "catalog"],
  "aggregate": ["core/*", "products", "catalog", "runs"],
  "serve": ["core/*", "products", "catalog", "runs"],
  "publish": ["core/*", "products", "catalog", "runs"],
  "feed": ["core/*", "products", "catalog", "runs"],
  "cli": ["core/*", "products", "catalog", "runs", "aggregate", "serve", "publish", "feed"],
  "mod.ts": ["core/*", "products", "catalog", "runs", "aggregate", "serve", "publish", "feed"],
};

/** Types that a room above may be asked for until its lower half has moved down. */
const CONTRACTS = /^aggregate\/pipeline\.ts$/;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** Every fault found, as `file: what`. Empty when the tree is in order. */
export function importFaults(root: string): string[] {
  const files = sourceFiles(root);
  const faults: string[] = [];
  const imports = files.flatMap((file) => importsOf(root, file, faults));
  for (const { from, to, typeOnly } of imports) {
    const user = roomOf(from), used = roomOf(to);
    if (used === undefined) faults.push(`${from}: imports ${to}, which is outside the rooms`);
    else if (user !== used && !allowed(user!, used) && !(typeOnly && CONTRACTS.test(to))) {
      faults.push(`${from}: imports ${to}; ${user} may use ${MAY_IMPORT[user!].join(", ") || "nothing"}`);
    }
  }
  const cycle = findCycle(files, imports);
  if (cycle !== undefined) faults.push(`${cycle[0]}: imports itself: ${cycle.join(" -> ")}`);
  return faults;
}

function allowed(user: string, used: string): boolean {
  return MAY_IMPORT[user].some((room) =>
    room.endsWith("/*") ? used.startsWith(room.slice(0, -2)) : used === room
  );
}

function roomOf(file: string): string | undefined {
  const rooms = Object.keys(MAY_IMPORT).filter((room) => file === room || file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0];
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s*"([^"]+)"|^\s*import\s*"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

function importsOf(root: string, file: string, faults: string[]): Import[] {
  const text = fs.readFileSync(path.join(root, file), "utf8");
  const code = withoutComments(text);
  const runtime = /(?<![\w.$@/-])(Deno|Bun)\s*\.\s*\w+/.exec(withoutStrings(code));
  if (runtime !== null) faults.push(`${file}: uses ${runtime[0]}; only node: and web APIs run everywhere`);
  const found: Import[] = [];
  const add = (target: string, typeOnly: boolean) => {
    if (target.startsWith(".")) {
      const to = path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
      if (to.endsWith(".ts")) found.push({ from: file, to, typeOnly });
      else if (to !== "deno.json" && !to.endsWith(".json")) {
        faults.push(`${file}: "${target}" has no .ts at its end`);
      }
    } else if (/^(jsr:|https?:|npm:)/.test(target)) {
      faults.push(`${file}: "${target}" is not in deno.json's imports`);
    }
  };
  for (const match of code.matchAll(IMPORT)) add(match[2] ?? match[3], match[1] !== undefined);
  for (const match of code.matchAll(DYNAMIC)) add(match[1], false);
  return found;
}

/** Comments blanked; strings stay, so a `//` within one (an URL) is kept with what precedes it. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (
      _,
      string,
    ) => string ?? "",
  );
}

/** Strings emptied, but for what a template computes. */
function withoutStrings(code: string): string {
  return code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

/** A ring of modules, if there is one. Types are erased and tie no knot at run time. */
function findCycle(files: readonly string[], imports: readonly Import[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (state.get(file) === "done") return undefined;
    if (state.get(file) === "open") return [...trail.slice(trail.indexOf(file)), file];
    state.set(file, "open");
    trail.push(file);
    for (const to of next.get(file) ?? []) {
      const cycle = visit(to);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    state.set(file, "done");
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

if (import.meta.main) {
  const faults = importFaults(path.resolve(import.meta.dirname!, ".."));
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
