/**
 * The one gate: format, lint, types, the tree's shape, the lock file, tests. Stops at the first fault.
 *
 *   deno task ok
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { importFaults } from "./check_imports.ts";

const root = path.resolve(import.meta.dirname!, "..");

function step(name: string, run: () => boolean): void {
  console.log(`== ${name}`);
  if (!run()) {
    console.error(`${name}: not in order`);
    process.exit(1);
  }
}

const deno = (...args: string[]) => () =>
  spawnSync(Deno.execPath(), args, { cwd: root, stdio: "inherit" }).status === 0;

function shape(): boolean {
  const faults = importFaults(root);
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}

/** The lock holds versions and hashes only: where packages come from is each machine's own matter. */
function lock(): boolean {
  const host = /https?:\/\/[^"]*/.exec(fs.readFileSync(path.join(root, "deno.lock"), "utf8"));
  if (host !== null) console.error(`deno.lock: names ${host[0]}`);
  return host === null;
}

step("format", deno("fmt", "--check"));
step("lint", deno("lint"));
step("types", deno("task", "--quiet", "check"));
step("imports", shape);
step("lock", lock);
step("tests", deno("task", "--quiet", "test"));
