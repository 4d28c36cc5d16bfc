/** The real granules, and what the acceptance tests make of them with the binary. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { sharedData } from "../shared_data.ts";
import { granary, type RunResult } from "./binary.ts";

/** The eight granules over West Greenland that the goldens were computed from. */
export function greenlandGranules(): string[] {
  return fs.readdirSync(sharedData("atl06"))
    .filter((name) => /^processed_ATL06_2019.*_002_01\.h5$/.test(name)).sort()
    .map((name) => sharedData(`atl06/${name}`));
}

/** Runs the binary in a folder and wants it to succeed. */
export async function succeed(cwd: string, ...args: string[]): Promise<RunResult> {
  const result = await granary(args, { cwd });
  assert.equal(result.code, 0, `granary ${args.join(" ")}\n${result.stderr}`);
  return result;
}

/** Builds a catalog of granules by a preset or config. */
export async function buildCatalogOf(
  cwd: string,
  output: string,
  config: string,
  paths: readonly string[],
): Promise<void> {
  await succeed(cwd, "catalog", "build", "--from", "local", ...paths, "-c", config, "-o", output);
}

/** A digest of every file of a folder and its name. */
export function treeDigest(folder: string): string {
  const hash = createHash("sha256");
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort();
  for (const file of files) {
    hash.update(`${path.relative(folder, file)}\n`).update(fs.readFileSync(file));
  }
  return `${files.length} files, ${hash.digest("hex")}`;
}
