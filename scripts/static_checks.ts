/** What can be said of the tree without running it, each a test by itself. */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { importFaults } from "./check_imports.ts";
import { wordFaults } from "./plain_words.ts";
import { runToEnd } from "./run_to_end.ts";
import { filesBelow, sourceFiles } from "./source_files.ts";

export interface StaticCheck {
  name: string;
  /** @returns what is wrong; empty when nothing is */
  run(root: string): Promise<string>;
}

/** Rooms whose sources hold no `!` after a value: a value that may be missing is asked for. */
const WITHOUT_ASSERTIONS: readonly string[] = [
  "core/geotiff",
  "core/grids",
  "core/raster",
  "core/stac",
  "publish",
  "serve",
  "feed",
];

export const STATIC_CHECKS: readonly StaticCheck[] = [
  { name: "the format is deno fmt's", run: (root) => deno(root, "fmt", "--check", "--quiet") },
  {
    name: "lint finds nothing",
    run: (root) => deno(root, "lint", "--quiet", `--ignore=${WITHOUT_ASSERTIONS.join(",")}`),
  },
  {
    name: "lint finds nothing in the rooms that assert no value that may be missing",
    run: (root) =>
      deno(root, "lint", "--quiet", "--rules-include=no-non-null-assertion", ...WITHOUT_ASSERTIONS),
  },
  { name: "types agree", run: (root) => deno(root, "check", "--quiet", ".") },
  { name: "imports run downward, in no circle, and every export is used", run: shape },
  { name: "names and texts use the plain word of a thing", run: words },
  { name: "the lock file names no host", run: lock },
];

function shape(root: string): Promise<string> {
  return Promise.resolve(importFaults(root).join("\n"));
}

function words(root: string): Promise<string> {
  const files = [...sourceFiles(root), ...filesBelow(root, "scripts")];
  return Promise.resolve(wordFaults(root, files).join("\n"));
}

/** The lock holds versions and hashes only: where packages come from is each machine's own matter. */
function lock(root: string): Promise<string> {
  const host = /https?:\/\/[^"]*/.exec(fs.readFileSync(path.join(root, "deno.lock"), "utf8"));
  return Promise.resolve(host === null ? "" : `deno.lock names ${host[0]}`);
}

async function deno(root: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: "1" };
  const { code, error, stdout, stderr } = await runToEnd(Deno.execPath(), args, { cwd: root, env });
  return code === 0 ? "" : error ?? ((stdout + stderr) || `ended with code ${code}`);
}
