/** What is checked without running the program: format, lint, types, the tree's shape, exports, the lock file. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { exportFaults } from "./check_exports.ts";
import { importFaults } from "./check_imports.ts";

export interface StaticCheck {
  name: string;
  /** Whether the tree is in order; what is not has been printed. */
  run(root: string): boolean;
}

const deno = (...args: string[]) => (root: string): boolean =>
  spawnSync(Deno.execPath(), args, { cwd: root, stdio: "inherit" }).status === 0;

const listed = (faults: (root: string) => string[]) => (root: string): boolean => {
  const found = faults(root);
  for (const fault of found) console.error(fault);
  return found.length === 0;
};

/** The lock holds versions and hashes only: where packages come from is each machine's own matter. */
function lockFaults(root: string): string[] {
  const host = /https?:\/\/[^"]*/.exec(fs.readFileSync(path.join(root, "deno.lock"), "utf8"));
  return host === null ? [] : [`deno.lock: names ${host[0]}`];
}

export const STATIC_CHECKS: readonly StaticCheck[] = [
  { name: "format", run: deno("fmt", "--check", "--quiet") },
  { name: "lint", run: deno("lint", "--quiet") },
  { name: "types", run: deno("check", "--quiet", ".") },
  { name: "imports", run: listed(importFaults) },
  { name: "exports", run: listed(exportFaults) },
  { name: "lock", run: listed(lockFaults) },
];
