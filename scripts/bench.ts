/**
 * Every benchmark, one after the other, so that none disturbs another.
 *
 *   deno task bench [NAME…] [OPTIONS]      peers, statistics, …; options go to each of them
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const root = path.resolve(import.meta.dirname!, "..");
const folder = path.join(root, "test", "bench");
const all = fs.readdirSync(folder).filter((name) => name.endsWith("_bench.ts")).sort();
const given = process.argv.slice(2);
const firstOption = given.findIndex((argument) => argument.startsWith("-"));
const names = firstOption < 0 ? given : given.slice(0, firstOption);
const options = given.slice(names.length);
const asked = names.map((name) => `${name}_bench.ts`);
const unknown = asked.find((name) => !all.includes(name));
if (unknown !== undefined) throw new Error(`no test/bench/${unknown}; there are ${all.join(", ")}`);

let failed = 0;
for (const name of asked.length === 0 ? all : asked) {
  console.log(`\n== ${name}`);
  const args = ["run", "--allow-all", "--no-check", path.join(folder, name), ...options];
  if (spawnSync(Deno.execPath(), args, { cwd: root, stdio: "inherit" }).status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
