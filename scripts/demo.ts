/**
 * From a fresh clone to a map: install, compile, and let the binary show itself.
 *
 *   deno task demo
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const root = path.resolve(import.meta.dirname!, "..");
const binary = path.join(root, "dist", "granary");
const folder = path.join(root, "dist", "demo");
const started = Date.now();

function run(says: string, program: string, args: string[], shown: string): void {
  console.log(`\n# ${says}\n$ ${shown}`);
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`demo: "${shown}" failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exit(status ?? 1);
  }
}

run("The packages, from the registry into node_modules", Deno.execPath(), ["install"], "deno install");
run(
  "One binary that needs nothing else",
  Deno.execPath(),
  ["run", "--allow-all", "scripts/compile.ts"],
  "deno task compile",
);
// Ours, from the last time.
fs.rmSync(folder, { recursive: true, force: true });
run("The whole way, on simulated granules", binary, ["demo", folder], "dist/granary demo dist/demo");
console.log(`\nAll of it took ${Math.round((Date.now() - started) / 1000)} s.`);
