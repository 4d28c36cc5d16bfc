/** Simulated granules with their catalog, and what tests of whole runs ask of a store. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { granary, type RunOptions, temporaryFolder } from "./binary.ts";

export interface RunWorld {
  folder: string;
  /** The arguments of an aggregation but for the store. */
  args: string[];
  granules: string[];
}

/** A folder with `granules/` and `catalog.parquet`. */
export async function simulatedWorld(granules: number, rows: number): Promise<RunWorld> {
  const folder = temporaryFolder("granary-run-");
  await ok(["simulate", "granules", "--granules", String(granules), "--rows", String(rows)], { cwd: folder });
  await buildCatalog(folder);
  const names = fs.readdirSync(path.join(folder, "granules")).sort();
  return {
    folder,
    args: ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "--shard", "16", "--levels", "5,12"],
    granules: names.map((name) => path.join(folder, "granules", name)),
  };
}

/** (Re)builds the catalog of a world from its granules. */
export async function buildCatalog(folder: string, catalog = "catalog.parquet"): Promise<void> {
  const file = path.join(folder, catalog);
  fs.rmSync(file, { force: true });
  const args = ["catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", catalog];
  await ok(args, { cwd: folder });
}

/** Runs the binary, which has to end well; returns what it printed. */
export async function ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await granary([...args, "--quiet"], options);
  assert.equal(code, 0, `granary ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A digest of every file below a folder by name, unfinished ones included. */
export function treeDigest(folder: string): Record<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    files.map((file) => [
      path.relative(folder, file),
      createHash("sha256").update(fs.readFileSync(file)).digest("hex"),
    ]),
  );
}

/** The same of every object of a target. */
export async function objectDigest(target: ObjectTarget): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const key of await target.list("")) {
    digests[key] = createHash("sha256").update((await target.get(key))!).digest("hex");
  }
  return digests;
}

/** A small generator (mulberry32), so that a failing case can be run again: numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
