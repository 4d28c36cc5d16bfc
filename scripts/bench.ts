/**
 * Every benchmark, one after the other, so that none disturbs another.
 *
 *   deno task bench [NAME…]      statistics, end_to_end, …
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const root = path.resolve(import.meta.dirname!, "..");
const folder = path.join(root, "test", "bench");
const all = fs.readdirSync(folder).filter((name) => name.endsWith("_bench.ts")).sort();
const asked = process.argv.slice(2).map((name) => `${name}_bench.ts`);
const unknown = asked.find((name) => !all.includes(name));
if (unknown !== undefined) throw new Error(`no test/bench/${unknown}; there are ${all.join(", ")}`);

let failed = 0;
for (const name of asked.length === 0 ? all : asked) {
  console.log(`\n== ${name}`);
  const args = ["run", "--allow-all", "--no-check", path.join(folder, name)];
  if (spawnSync(Deno.execPath(), args, { cwd: root, stdio: "inherit" }).status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
