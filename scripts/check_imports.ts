/**
 * The shape of the tree, checked: imports run downward only, no module imports itself by any way, and
 * the sources use node: and web APIs, not those of one runtime.
 *
 *   deno run -A scripts/check_imports.ts
 */
import path from "node:path";
import process from "node:process";
import { codeOf, type Import, importsOf } from "./imports.ts";
import { ROOMS, sourceFiles } from "./source_files.ts";

/** What every room of core may use. */
const BASE = ["core", "core/files"];
const CATALOG = ["core/*", "products", "catalog"];
const BELOW_JOBS = ["core/*", "products", "products/presets", "catalog/*", "runs/*"];

/**
 * What each room may import, besides itself; `room/*` is a room with all that lies in it. A file belongs to
 * the longest of these that begins its path, and a folder that is not here is a fault.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "core": [],
  "core/files": ["core"],
  "core/access": BASE,
  "core/cells": BASE,
  "core/config": BASE,
  "core/draw": BASE,
  "core/expressions": BASE,
  "core/geometry": [...BASE, "core/cells"],
  "core/hdf5": [...BASE, "core/access"],
  "core/hdf5/direct": [...BASE, "core/access", "core/hdf5"],
  "core/hdf5/fallback": [...BASE, "core/access", "core/hdf5", "core/hdf5/direct"],
  "core/observations": [...BASE, "core/access", "core/hdf5/*"],
  "core/raster": [...BASE, "core/cells", "core/expressions", "core/geometry"],
  "core/geotiff": [...BASE, "core/access", "core/raster/*"],
  "core/grids": [...BASE, "core/access", "core/geotiff", "core/hdf5/*", "core/observations", "core/raster/*"],
  "core/stac": [...BASE, "core/cells", "core/geometry", "core/raster/*"],
  "core/store": [...BASE, "core/cells", "core/zarr"],
  "core/tables": BASE,
  "core/workers": [...BASE, "core/access"],
  "core/zarr": [...BASE, "core/access"],
  "products": ["core/*"],
  "products/presets": ["core/*"],
  "products/simulate": ["core/*"],
  "catalog": ["core/*", "products"],
  "catalog/file": CATALOG,
  "catalog/footprint": CATALOG,
  "catalog/query": [...CATALOG, "catalog/file"],
  "catalog/write": [...CATALOG, "catalog/file"],
  "catalog/row_index": [...CATALOG, "catalog/write"],
  "catalog/validate": [...CATALOG, "catalog/file", "catalog/write"],
  "catalog/mirror": [...CATALOG, "catalog/file", "catalog/query", "catalog/write"],
  "catalog/discover/draft": [...CATALOG, "catalog/footprint"],
  "catalog/discover/cmr": [...CATALOG, "catalog/discover/draft", "catalog/file", "catalog/footprint"],
  "catalog/discover/stac": [
    ...CATALOG,
    "catalog/discover/cmr",
    "catalog/discover/draft",
    "catalog/footprint",
  ],
  "catalog/discover/files": [...CATALOG, "catalog/footprint", "catalog/row_index"],
  "catalog/discover": [
    ...CATALOG,
    "catalog/discover/cmr",
    "catalog/discover/draft",
    "catalog/discover/stac",
    "catalog/file",
    "catalog/footprint",
  ],
  "runs": ["core/*", "catalog"],
  "runs/slurm": ["core/*", "runs"],
  "runs/lambda": ["core/*", "runs"],
  "aggregate/pipeline.ts": ["core/*"],
  "aggregate/statistics": ["core/*", "aggregate/pipeline.ts"],
  "aggregate/config": [...BELOW_JOBS, "aggregate/pipeline.ts", "aggregate/statistics"],
  "aggregate/engine": ["core/*", "aggregate/pipeline.ts", "aggregate/statistics"],
  "aggregate/plan": [...BELOW_JOBS, "aggregate/pipeline.ts", "aggregate/statistics"],
  "aggregate/row_index": [...BELOW_JOBS, "aggregate/engine", "aggregate/plan"],
  "aggregate/schedule": ["core/*", "aggregate/engine", "aggregate/plan", "aggregate/statistics"],
  "aggregate/run": [
    ...BELOW_JOBS,
    "aggregate/engine",
    "aggregate/plan",
    "aggregate/schedule",
    "aggregate/statistics",
  ],
  "aggregate/map": ["core/*"],
  "aggregate/backends": [...BELOW_JOBS, "aggregate", "aggregate/run"],
  "aggregate": [...BELOW_JOBS, "aggregate/*"],
  "serve": BELOW_JOBS,
  "publish": BELOW_JOBS,
  "feed": BELOW_JOBS,
  "cli/io": ["core/*"],
  "cli/help": ["core/*"],
  "cli/flags": [...BELOW_JOBS, "aggregate/*", "cli/io"],
  "cli/commands": [
    ...BELOW_JOBS,
    "products/simulate",
    "aggregate/*",
    "serve/*",
    "publish/*",
    "feed/*",
    "cli/flags",
    "cli/help",
    "cli/io",
  ],
  "cli": [...BELOW_JOBS, "aggregate/*", "cli/*"],
  "mod.ts": [...BELOW_JOBS, "products/simulate", "aggregate/*", "serve/*", "publish/*", "feed/*"],
};

/** Rooms whose folders are not laid out yet: whatever lies in them may use the rest of the room. */
const ONE_ROOM = /^(serve|publish|feed|core\/raster|core\/hdf5\/fallback)\//;

/** Every fault found, as `file: what`. Empty when the tree is in order. */
export function importFaults(root: string): string[] {
  const files = sourceFiles(root);
  const faults: string[] = [];
  const imports: Import[] = [];
  for (const file of files) {
    if (roomOf(file) === undefined) faults.push(`${file}: its folder has no rule of what it may import`);
    const runtime = /(?<![\w.$@/-])(Deno|Bun)\s*\.\s*\w+/.exec(withoutStrings(codeOf(root, file)));
    if (runtime !== null) faults.push(`${file}: uses ${runtime[0]}; only node: and web APIs run everywhere`);
    for (const found of importsOf(root, file)) {
      const fault = targetFault(found.to);
      if (fault !== undefined) faults.push(`${file}: ${fault}`);
      else if (files.includes(found.to)) imports.push(found);
      else if (found.to.endsWith(".ts")) {
        faults.push(`${file}: imports ${found.to}, which is outside the rooms`);
      }
    }
  }
  for (const { from, to } of imports) {
    const user = roomOf(from), used = roomOf(to);
    if (user === undefined || used === undefined) continue;
    if (user !== used && !allowed(user, used)) {
      faults.push(`${from}: imports ${to}; ${user} may use ${MAY_IMPORT[user].join(", ") || "nothing"}`);
    }
  }
  const ring = findCircle(imports.map(({ from, to }) => [from, to]));
  if (ring !== undefined) faults.push(`${ring[0]}: imports itself: ${ring.join(" -> ")}`);
  const folders = imports.map(({ from, to }): [string, string] => [folderOf(from), folderOf(to)])
    .filter(([from, to]) => from !== to);
  const circle = findCircle(folders);
  if (circle !== undefined) {
    const edges = circle.slice(1).map((to, i) => {
      const { from, to: file } = imports.find((one) =>
        folderOf(one.from) === circle[i] && folderOf(one.to) === to
      )!;
      return `${from} -> ${file}`;
    });
    faults.push(`${circle[0]}/: folders in a circle: ${edges.join("; ")}`);
  }
  return faults;
}

/** A folder, or a file at the top of a room, which is a place of its own: plain types that all of it names. */
function folderOf(file: string): string {
  return ROOM_FILES.has(file) ? file : path.posix.dirname(file);
}

function targetFault(target: string): string | undefined {
  if (/^(jsr:|https?:|npm:)/.test(target)) return `"${target}" is not in deno.json's imports`;
  const isRelative = target.includes("/") && !target.startsWith("@") && !target.startsWith("node:");
  const isTree = isRelative && ROOMS.some((room) => target.startsWith(`${room}/`));
  if (isTree && !target.endsWith(".ts") && !target.endsWith(".json")) {
    return `"${target}" has no .ts at its end`;
  }
  return undefined;
}

/** Files at the top of a room that its folders name. */
const ROOM_FILES: ReadonlySet<string> = new Set(["aggregate/pipeline.ts"]);

function allowed(user: string, used: string): boolean {
  return MAY_IMPORT[user].some((room) =>
    room.endsWith("/*") ? used === room.slice(0, -2) || used.startsWith(room.slice(0, -1)) : used === room
  );
}

/** The longest room that begins the path; undefined for a file in a folder that has no rule. */
function roomOf(file: string): string | undefined {
  if (file in MAY_IMPORT) return file;
  const folder = path.posix.dirname(file);
  if (folder in MAY_IMPORT) return folder;
  if (!ONE_ROOM.test(file)) return undefined;
  return Object.keys(MAY_IMPORT).filter((room) => file.startsWith(`${room}/`)).sort((a, b) =>
    b.length - a.length
  )[0];
}

/** Strings emptied, but for what a template computes. */
function withoutStrings(code: string): string {
  return code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

/** A way from a place back to itself, if there is one; types count, since a reader follows them too. */
function findCircle(edges: readonly (readonly [string, string])[]): string[] | undefined {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const visit = (place: string): string[] | undefined => {
    if (state.get(place) === "done") return undefined;
    if (state.get(place) === "open") return [...trail.slice(trail.indexOf(place)), place];
    state.set(place, "open");
    trail.push(place);
    for (const to of next.get(place) ?? []) {
      const circle = visit(to);
      if (circle !== undefined) return circle;
    }
    trail.pop();
    state.set(place, "done");
    return undefined;
  };
  for (const place of [...next.keys()].sort()) {
    const circle = visit(place);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

if (import.meta.main) {
  const faults = importFaults(path.resolve(import.meta.dirname!, ".."));
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
