/**
 * Every benchmark, one after the other, so that none disturbs another; then one table of their figures. A run of
 * all of them writes the page docs/benchmarks.md, which says on what machine and with what versions.
 *
 *   deno task bench [NAME…] [--page FILE] [OPTIONS]      peers, cog, start, …; other options go to each of them
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { peerPython } from "../test/bench/granules.ts";
import { type BenchRow, ROWS_FILE } from "../test/bench/table.ts";
import { type BenchMachine, benchPage, benchTable, busyNote } from "./bench_page.ts";

const root = path.resolve(import.meta.dirname!, "..");
const folder = path.join(root, "test", "bench");
const all = fs.readdirSync(folder).filter((name) => name.endsWith("_bench.ts")).sort();
const given = process.argv.slice(2);
const firstOption = given.findIndex((argument) => argument.startsWith("-"));
const names = firstOption < 0 ? given : given.slice(0, firstOption);
const options = given.slice(names.length);
const pageOption = options.indexOf("--page");
const named = pageOption < 0 ? undefined : options.splice(pageOption, 2)[1];
if (pageOption >= 0 && named === undefined) throw new Error("--page names a file");
const asked = names.map((name) => `${name}_bench.ts`);
const unknown = asked.find((name) => !all.includes(name));
if (unknown !== undefined) throw new Error(`no test/bench/${unknown}; there are ${all.join(", ")}`);
const page = named ?? (names.length === 0 ? path.join(root, "docs", "benchmarks.md") : undefined);

/** First, while nothing of ours runs. */
const found = machine();
const gathered = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "granary-bench-rows-")), "rows.jsonl");
fs.writeFileSync(gathered, "");
let failed = 0;
for (const name of asked.length === 0 ? all : asked) {
  console.log(`\n== ${name}`);
  const args = ["run", "--allow-all", "--no-check", path.join(folder, name), ...options];
  const env = { ...process.env, [ROWS_FILE]: gathered };
  if (spawnSync(Deno.execPath(), args, { cwd: root, stdio: "inherit", env }).status !== 0) failed += 1;
}
const rows = fs.readFileSync(gathered, "utf8").split("\n").filter((line) => line !== "")
  .map((line) => JSON.parse(line) as BenchRow);
fs.rmSync(path.dirname(gathered), { recursive: true });
console.log(`\n${benchTable(rows)}${busyNote(found)}`);
if (page !== undefined && rows.length > 0) {
  fs.writeFileSync(page, benchPage(found, rows));
  console.log(`written: ${page}`);
}
process.exit(failed === 0 ? 0 : 1);

function machine(): BenchMachine {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8")) as {
    version: string;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model ?? "unknown processor",
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    loadBefore: os.loadavg()[0],
    versions: [["granary", version], ["Deno", Deno.version.deno], ["Bun", bunVersion()], ...peerVersions()],
  };
}

function bunVersion(): string {
  const file = path.join(root, "node_modules", "bun", "package.json");
  return (JSON.parse(fs.readFileSync(file, "utf8")) as { version: string }).version;
}

/** Of the Python that runs the peers, and of those of their modules that it has. */
function peerVersions(): [string, string][] {
  const python = peerPython();
  if (python === undefined) return [];
  const program = "import sys, importlib.metadata as m\n" +
    "print('Python', sys.version.split()[0])\n" +
    "for n in ('numpy', 'h5py', 'healpy', 'polars', 'rasterio', 'rio-cogeo', 'titiler.core'):\n" +
    "  try: print(n, m.version(n))\n" +
    "  except m.PackageNotFoundError: pass";
  const reported = spawnSync(python, ["-c", program], { encoding: "utf8" }).stdout;
  return reported.trim().split("\n").map((line): [string, string] => {
    const [name, version] = line.split(" ");
    return [name, version];
  });
}
