/**
 * What nobody uses, found: exports that no other file imports, and source files that only tests import.
 *
 *   deno run -A scripts/check_exports.ts
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { workerFiles } from "./entry_points.ts";
import { namedImports } from "./imports.ts";
import { sourceFiles, testFiles } from "./source_files.ts";

/** Where a program or a library begins: nobody in the tree imports these. */
const ROOTS = ["mod.ts", "cli/main.ts"];

/** The build names these in the code that it makes. */
const BY_BUILD = ["core/files/native.ts"];

/** Rooms that are being built, whose users are still to come. */
const GROWING = /^(core\/raster\/|core\/stac\/|publish\/|runs\/job\.ts)/;

/**
 * What only tests use, and why it stays: each is a second way to a result, held against the one that the
 * program takes, or a name for a constant of the method.
 */
const FOR_TESTS: ReadonlySet<string> = new Set([
  "core/access/memory_source.ts:memorySyncSource",
  "core/cells/coverage.ts:coverTrack",
  "core/cells/coverage.ts:shapeMeetsCell",
  "core/cells/healpix.ts:nestedBigOf",
  "core/cells/intersect.ts:pointInShape",
  "core/cells/neighbours.ts:neighboursBig",
  "core/cells/projection.ts:beltHeight",
  "core/cells/projection.ts:capWidth",
  "core/cells/projection.ts:transitionLatitude",
  "core/cells/regions.ts:regionNames",
  "core/cells/regions.ts:regionShape",
  "core/draw/glyphs.ts:DESCENDER",
  "core/store/cell_ids.ts:cellIdsChunk",
  "core/store/cell_ids.ts:mortonChunk",
  "core/store/contract.ts:StoreTarget",
  "core/store/writer.ts:encodeLevelShard",
  "aggregate/schedule/schedule_work.ts:wholeWork",
]);

const EXPORT =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|interface|type|enum)\s+([A-Za-z_$][\w$]*)/gm;

/** Every fault found, as `file: what`. Empty when the tree is in order. */
export function exportFaults(root: string): string[] {
  const sources = sourceFiles(root);
  const tests = testFiles(root);
  const bySource = new Map<string, Set<string>>();
  const byTest = new Map<string, Set<string>>();
  const usedFiles = new Set<string>([...ROOTS, ...BY_BUILD, ...workerFiles(root)]);
  for (const [files, uses] of [[sources, bySource], [tests, byTest]] as const) {
    for (const file of files) {
      for (const { to, names } of namedImports(root, file)) {
        const known = uses.get(to) ?? new Set<string>();
        for (const name of names) known.add(name);
        uses.set(to, known);
        if (files === sources) usedFiles.add(to);
      }
    }
  }
  const faults: string[] = [];
  for (const file of sources) {
    if (GROWING.test(file)) continue;
    if (!usedFiles.has(file)) {
      faults.push(`${file}: ${byTest.has(file) ? "only tests import it" : "nothing imports it"}`);
      continue;
    }
    if (ROOTS.includes(file) || BY_BUILD.includes(file)) continue;
    const text = fs.readFileSync(path.join(root, file), "utf8");
    const used = bySource.get(file) ?? new Set();
    const tested = byTest.get(file) ?? new Set();
    if (used.has("*")) continue;
    for (const [, name] of text.matchAll(EXPORT)) {
      if (used.has(name)) continue;
      // An export for tests alone is fine where the file itself uses it: a part of something that is used.
      const own =
        text.match(new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`, "g"))?.length ?? 0;
      if (tested.has(name) || tested.has("*")) {
        if (own < 2 && !FOR_TESTS.has(`${file}:${name}`)) faults.push(`${file}: only tests use ${name}`);
      } else faults.push(`${file}: nothing imports ${name}`);
    }
  }
  return faults;
}

if (import.meta.main) {
  const faults = exportFaults(path.resolve(import.meta.dirname!, ".."));
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
