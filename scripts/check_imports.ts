/**
 * The shape of the tree, checked: imports run downward only, no file and no folder comes back to itself,
 * types included, nothing is exported that no module imports, nothing is kept that only tests use, and the
 * sources use node: and web APIs, not those of one runtime.
 *
 *   deno run -A scripts/check_imports.ts
 */
import path from "node:path";
import process from "node:process";
import { circles } from "./circles.ts";
import { deadExports } from "./dead_exports.ts";
import { PROGRAM, workerFiles } from "./entry_points.ts";
import { blanked, type Module, readModule } from "./modules.ts";
import { filesBelow, sourceFiles } from "./source_files.ts";

const CORE_BASE = ["core", "core/files", "core/kernels"];
const OBSERVATIONS = [...CORE_BASE, "core/access", "core/hdf5/*"];
const BELOW_CATALOG = ["core/*", "products/*"];
const BELOW_RUNS = [...BELOW_CATALOG, "catalog/*"];
const BELOW_JOBS = [...BELOW_RUNS, "runs/*"];
const JOBS = ["aggregate/*", "serve/*", "publish/*", "feed/*", "results"];

/**
 * What each room may import, besides itself; `room/*` means with its sub-rooms. Every folder that holds
 * sources has a line.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "core/kernels": [],
  "core": ["core/kernels"],
  "core/files": ["core"],
  "core/codecs": ["core"],
  "core/access": CORE_BASE,
  "core/cells": CORE_BASE,
  "core/config": CORE_BASE,
  "core/deploy": CORE_BASE,
  "core/draw": [...CORE_BASE, "core/raster", "core/raster/colour"],
  "core/expressions": CORE_BASE,
  "core/geometry": [...CORE_BASE, "core/cells"],
  "core/http": CORE_BASE,
  "core/hdf5": [...CORE_BASE, "core/access"],
  "core/hdf5/direct": [...CORE_BASE, "core/access", "core/codecs", "core/hdf5"],
  "core/hdf5/fallback": [...CORE_BASE, "core/access", "core/hdf5", "core/hdf5/direct"],
  "core/observations": OBSERVATIONS,
  "core/geotiff": [...CORE_BASE, "core/access", "core/geotiff/decode", "core/raster/*"],
  "core/geotiff/decode": [...CORE_BASE, "core/geotiff", "core/raster"],
  "core/geotiff/keep": [
    ...CORE_BASE,
    "core/access",
    "core/geotiff",
    "core/geotiff/decode",
    "core/geotiff/validate",
    "core/geotiff/write",
    "core/raster",
  ],
  "core/geotiff/validate": [...CORE_BASE, "core/access", "core/geotiff", "core/raster"],
  "core/geotiff/write": [...CORE_BASE, "core/access", "core/geotiff", "core/raster/*", "core/workers"],
  "core/grids": [...OBSERVATIONS, "core/geotiff/*", "core/observations", "core/raster/*"],
  "core/raster/crs": ["core", "core/raster", "core/hdf5"],
  "core/raster": [
    ...CORE_BASE,
    "core/access",
    "core/cells",
    "core/expressions",
    "core/geometry",
    "core/hdf5/*",
    "core/observations",
    "core/raster/*",
  ],
  "core/raster/algorithms": [...CORE_BASE, "core/raster", "core/raster/colour"],
  "core/raster/encode": [...CORE_BASE, "core/geotiff/write", "core/raster"],
  "core/raster/colour": [...CORE_BASE, "core/raster"],
  "core/raster/expressions": [...CORE_BASE, "core/expressions", "core/raster"],
  "core/raster/mosaic": [...CORE_BASE, "core/raster"],
  "core/raster/tms": [...CORE_BASE, "core/raster"],
  "core/raster/warp": [...CORE_BASE, "core/raster", "core/raster/crs"],
  "core/raster/zonal": [...CORE_BASE, "core/geometry", "core/raster", "core/raster/crs"],
  "core/stac": [...CORE_BASE, "core/cells", "core/geometry", "core/raster", "core/raster/crs"],
  "core/patterns": CORE_BASE,
  "core/projected": [...CORE_BASE, "core/cells", "core/raster", "core/raster/crs"],
  "core/store": [...CORE_BASE, "core/cells", "core/projected", "core/zarr"],
  "core/tables": [...CORE_BASE, "core/codecs"],
  "core/workers": [...CORE_BASE, "core/access"],
  "core/vector": [
    ...CORE_BASE,
    "core/geometry",
    "core/raster",
    "core/raster/crs",
    "core/tables",
  ],
  "core/zarr": [...CORE_BASE, "core/access"],
  "products": ["core/*"],
  "products/datasets": ["core/*", "products"],
  "products/presets": ["core/*", "products"],
  "products/simulate": ["core/*", "products"],
  "catalog": [...BELOW_CATALOG, "catalog/*"],
  "catalog/file": [...BELOW_CATALOG, "catalog"],
  "catalog/footprint": [...BELOW_CATALOG, "catalog"],
  "catalog/write": [...BELOW_CATALOG, "catalog", "catalog/file"],
  "catalog/cell_index": [...BELOW_CATALOG, "catalog", "catalog/file", "catalog/write"],
  "catalog/query": [...BELOW_CATALOG, "catalog", "catalog/cell_index", "catalog/file"],
  "catalog/row_index": [...BELOW_CATALOG, "catalog", "catalog/file", "catalog/write"],
  "catalog/validate": [...BELOW_CATALOG, "catalog", "catalog/cell_index", "catalog/file", "catalog/write"],
  "catalog/mirror": [...BELOW_CATALOG, "catalog", "catalog/file", "catalog/query", "catalog/write"],
  "catalog/discover": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/*",
    "catalog/file",
    "catalog/footprint",
  ],
  "catalog/discover/draft": [...BELOW_CATALOG, "catalog", "catalog/footprint"],
  "catalog/discover/cmr": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/draft",
    "catalog/file",
    "catalog/footprint",
  ],
  "catalog/discover/files": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/draft",
    "catalog/footprint",
    "catalog/row_index",
  ],
  "catalog/discover/odata": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/cmr",
    "catalog/discover/draft",
    "catalog/discover/stac",
    "catalog/footprint",
  ],
  "catalog/discover/s3": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/draft",
    "catalog/footprint",
  ],
  "catalog/discover/stac": [
    ...BELOW_CATALOG,
    "catalog",
    "catalog/discover/cmr",
    "catalog/discover/draft",
    "catalog/footprint",
  ],
  "results": BELOW_RUNS,
  "runs": [...BELOW_RUNS, "runs/*"],
  "runs/lambda": [...BELOW_RUNS, "runs", "runs/slurm"],
  "runs/slurm": [...BELOW_RUNS, "runs"],
  "aggregate": [...BELOW_JOBS, "aggregate/*"],
  "aggregate/config": [...BELOW_JOBS, "aggregate", "aggregate/statistics"],
  "aggregate/engine": [...BELOW_JOBS, "aggregate", "aggregate/statistics"],
  "aggregate/map": [...BELOW_JOBS],
  "aggregate/plan": [...BELOW_JOBS, "aggregate", "aggregate/config", "aggregate/statistics"],
  "aggregate/row_index": [...BELOW_JOBS, "aggregate", "aggregate/engine", "aggregate/plan"],
  "aggregate/run": [
    ...BELOW_JOBS,
    "aggregate",
    "aggregate/engine",
    "aggregate/plan",
    "aggregate/run_directory",
    "aggregate/schedule",
    "aggregate/statistics",
  ],
  "aggregate/run_directory": [
    ...BELOW_JOBS,
    "aggregate",
    "aggregate/engine",
    "aggregate/plan",
    "aggregate/schedule",
  ],
  "aggregate/schedule": [
    ...BELOW_JOBS,
    "aggregate",
    "aggregate/engine",
    "aggregate/plan",
    "aggregate/statistics",
  ],
  "aggregate/statistics": [...BELOW_JOBS, "aggregate"],
  "serve": [...BELOW_JOBS, "serve/*"],
  "serve/http": [...BELOW_JOBS, "serve"],
  "serve/area": [...BELOW_JOBS],
  "serve/page": [],
  "serve/page/client": [],
  "serve/feeds": [...BELOW_JOBS, "serve", "serve/http"],
  "serve/layers": [
    ...BELOW_JOBS,
    "serve/area",
    "serve/http",
    "serve/parameters",
    "serve/search",
  ],
  "serve/parameters": [...BELOW_JOBS, "serve/area", "serve/http"],
  "serve/render": [
    ...BELOW_JOBS,
    "serve",
    "serve/area",
    "serve/http",
    "serve/layers",
    "serve/parameters",
    "serve/search",
  ],
  "serve/routes": [
    ...BELOW_JOBS,
    "serve",
    "serve/area",
    "serve/http",
    "serve/layers",
    "serve/page",
    "serve/parameters",
    "serve/render",
    "serve/search",
    "serve/stores",
    "serve/wmts",
  ],
  "serve/wmts": [...BELOW_JOBS, "serve/area", "serve/http", "serve/parameters"],
  "serve/stores": [...BELOW_JOBS, "serve/area"],
  "serve/search": [...BELOW_JOBS, "serve/area", "serve/http", "serve/parameters"],
  "serve/lambda": [...BELOW_JOBS, "serve"],
  "serve/workers": [
    ...BELOW_JOBS,
    "serve",
    "serve/area",
    "serve/http",
    "serve/layers",
    "serve/parameters",
    "serve/routes",
    "serve/search",
    "serve/stores",
  ],
  "publish": [...BELOW_JOBS, "publish/*"],
  "publish/config": [...BELOW_JOBS, "publish"],
  "publish/convert": [...BELOW_JOBS, "publish", "publish/config", "publish/targets"],
  "publish/deploy": [...BELOW_JOBS, "publish"],
  "publish/plan": [...BELOW_JOBS, "publish", "publish/convert", "publish/targets"],
  "publish/run": [
    ...BELOW_JOBS,
    "publish",
    "publish/config",
    "publish/convert",
    "publish/plan",
    "publish/targets",
  ],
  "publish/targets": [...BELOW_JOBS, "publish"],
  "feed": [...BELOW_JOBS, "feed/*"],
  "feed/deploy": [...BELOW_JOBS, "feed/definition"],
  "feed/ledger": [...BELOW_JOBS],
  "feed/definition": [...BELOW_JOBS, "feed/ledger"],
  "feed/follow": [...BELOW_JOBS, "feed/ledger"],
  "feed/sources": [...BELOW_JOBS, "feed/definition", "feed/follow", "feed/ledger"],
  "feed/live": [...BELOW_JOBS, "feed/ledger", "feed/sources"],
  "feed/queue": [...BELOW_JOBS, "feed", "feed/definition", "feed/follow", "feed/ledger", "feed/sources"],
  "feed/subscriptions": [...BELOW_JOBS, "feed/definition", "feed/follow", "feed/ledger"],
  "feed/notices": [...BELOW_JOBS, "feed", "feed/follow", "feed/ledger", "feed/sources"],
  "cli": [...BELOW_JOBS, ...JOBS, "cli/*"],
  "cli/commands": [...BELOW_JOBS, ...JOBS, "cli/flags", "cli/help", "cli/io"],
  "cli/flags": [...BELOW_JOBS, ...JOBS, "cli/io"],
  "cli/help": ["core/*", "cli/io"],
  "cli/io": ["core/*"],
  "mod.ts": [...BELOW_JOBS, ...JOBS],
};

/** Sources that the build enters by name. */
const BUILT_IN = "core/files/native.ts";

/** What browsers enter the map page by. */
const PAGE = "serve/page/client/main.ts";

/** Every fault found, as `file: what`. Empty when the tree is in order. */
export function importFaults(root: string): string[] {
  const files = sourceFiles(root);
  const sources = files.map((file) => readModule(root, file));
  return [
    ...sources.flatMap(runtimeFaults),
    ...sources.flatMap(directionFaults),
    ...circleFaults(sources),
    ...exportFaults(root, sources),
  ];
}

function runtimeFaults({ file, code, others }: Module): string[] {
  const faults: string[] = [];
  const runtime = /(?<![\w.$@/-])(Deno|Bun)\s*\.\s*\w+/.exec(blanked(code));
  if (runtime !== null) faults.push(`${file}: uses ${runtime[0]}; only node: and web APIs run everywhere`);
  for (const target of others) {
    if (target.startsWith(".") && !target.endsWith(".json")) {
      faults.push(`${file}: "${target}" has no .ts at its end`);
    } else if (/^(jsr:|https?:|npm:)/.test(target)) {
      faults.push(`${file}: "${target}" is not in deno.json's imports`);
    }
  }
  return faults;
}

function directionFaults({ file, imports }: Module): string[] {
  const user = roomOf(file);
  const may = MAY_IMPORT[user];
  if (may === undefined) return [`${file}: the room ${user} has no line in scripts/check_imports.ts`];
  return imports.flatMap(({ to }) => {
    const used = roomOf(to);
    if (used !== "." && used === user) return [];
    if (MAY_IMPORT[used] === undefined) return [`${file}: imports ${to}, which is outside the rooms`];
    if (may.some((room) => includes(room, used))) return [];
    return [`${file}: imports ${to}; ${user} may use ${may.join(", ") || "nothing"}`];
  });
}

function includes(room: string, used: string): boolean {
  if (!room.endsWith("/*")) return used === room;
  const head = room.slice(0, -2);
  return used === head || used.startsWith(`${head}/`);
}

/** The folder that a source lies in; a source beside the rooms is a room by itself. */
function roomOf(file: string): string {
  const folder = path.posix.dirname(file);
  return folder === "." ? file : folder;
}

/**
 * Files that come back to themselves, and rooms that do. A file beside sub-rooms stands for itself there:
 * a room's contract is used by its sub-rooms, and its entry uses them.
 */
function circleFaults(sources: readonly Module[]): string[] {
  const rooms = new Set(sources.map(({ file }) => path.posix.dirname(file)));
  const divided = new Set(
    [...rooms].map((room) => path.posix.dirname(room)).filter((room) => rooms.has(room)),
  );
  const roomNode = (file: string) => divided.has(path.posix.dirname(file)) ? file : path.posix.dirname(file);
  const byFile = circles(edges(sources, (file) => file));
  const byRoom = circles(edges(sources, roomNode));
  return [...byFile, ...byRoom].map((circle) => `${circle[0]}: imports itself: ${circle.join(" -> ")}`);
}

function edges(sources: readonly Module[], node: (file: string) => string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { file, imports } of sources) {
    const from = node(file);
    const targets = found.get(from) ?? new Set();
    for (const { to } of imports) if (node(to) !== from) targets.add(node(to));
    found.set(from, targets);
  }
  return found;
}

function exportFaults(root: string, sources: readonly Module[]): string[] {
  const known = new Set(sources.map(({ file }) => file));
  const entries = ["mod.ts", PROGRAM, BUILT_IN, PAGE, ...workerFiles(root)].filter((file) => known.has(file));
  if (!known.has(PROGRAM)) return [];
  return deadExports(sources, modulesBelow(root, "scripts"), modulesBelow(root, "test"), entries);
}

function modulesBelow(root: string, folder: string): Module[] {
  return filesBelow(root, folder).map((file) => readModule(root, file));
}

if (import.meta.main) {
  const faults = importFaults(path.resolve(import.meta.dirname!, ".."));
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
