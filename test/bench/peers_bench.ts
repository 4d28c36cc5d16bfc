/**
 * Granary against its peers, whole processes side by side, in turn, several times: wall, processor time, peak
 * memory, observations a second, bytes read, by phases and by workers; one cell by the row index; with
 * --memory, four times the granules within a fixed memory. Numbers are printed, never asserted.
 *
 *   deno task bench peers [--granules 48] [--runs 5] [--memory] [--from FOLDER] [--json FILE]
 *
 * The peers' scripts are looked for beside the shared data, or where GRANARY_SHARED_BENCH says; a Python
 * that runs them is named by GRANARY_BENCH_PYTHON. Without them granary is measured alone; without polars in that
 * Python, without its peer.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { spawnSync } from "node:child_process";
import { granulesIn, makeGranules, multiplyGranules, peerPython, peerScript } from "./granules.ts";
import { type Cost, formatSpread, measure, type Spread, spreadOf } from "./measure.ts";
import { InflateLimit } from "./inflate_limit.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    granules: { type: "string", default: "48" },
    runs: { type: "string", default: "5" },
    memory: { type: "boolean", default: false },
    from: { type: "string" },
    json: { type: "string" },
  },
});
const RUNS = Number(values.runs);
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = path.join(ROOT, "dist", "granary");
/** Keeps all threads of a program on one processor: what the runtime does beside a worker takes its time then. */
const TASKSET = "/usr/bin/taskset";
/** What the binary is made of. */
const RUNTIME = path.join(ROOT, "node_modules", ".bin", "bun");
const MEMORY = "512MB";
/** The datasets of a group that the configuration reads. */
const READ = ["latitude", "longitude", "h_li", "h_li_sigma", "atl06_quality_summary"];
const CORES = os.availableParallelism();

/** The parts of granary's own report that are shown. */
interface Report {
  observations: { rows: number };
  reads: { bytes: number; requests: number };
  spilled_bytes: number;
  seconds: Record<string, number>;
}

const folder = fs.mkdtempSync(path.join(values.from ?? os.tmpdir(), "granary-bench-"));
let stores = 0;
function main(): void {
  if (!fs.existsSync(BINARY)) {
    spawnSync(Deno.execPath(), ["task", "compile"], { cwd: ROOT, stdio: "inherit" });
  }
  const files = values.from === undefined
    ? makeGranules(path.join(folder, "granules"), Number(values.granules), BINARY)
    : granulesIn(values.from).slice(0, Number(values.granules));
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  buildCatalog(files, "catalog.parquet", ["--row-index", "12"]);
  // The whole runs are to read everything: the index goes by another name.
  fs.renameSync(path.join(folder, "catalog.rows.parquet"), path.join(folder, "rows.parquet"));

  const costs = inTurn(contestants(files));
  const whole = reportOf(last(costs, "aggregate"));
  const rows = whole.observations.rows;
  print(
    `${files.length} granules, ${rows} observations, ${megabytes(bytes)}; ${CORES} cores, ${RUNS} runs each`,
  );
  const result: Record<string, unknown> = {
    granules: files.length,
    observations: rows,
    bytes,
    cores: CORES,
    runs: RUNS,
  };
  result.contestants = Object.fromEntries(
    [...costs].map(([name, list]) => [name, showCost(name, list, rows)]),
  );
  result.ratios = showRatios(costs);
  result.phases = showPhases(costs.get("aggregate")!);
  result.bytesRead = whole.reads.bytes;
  print(`\nread: ${megabytes(whole.reads.bytes)} of ${megabytes(bytes)} in ${whole.reads.requests} requests`);
  result.cells = showCells(whole);
  if (values.memory) result.memory = showMemory(files);
  if (values.json !== undefined) fs.writeFileSync(values.json, JSON.stringify(result, null, 2));
}

type Contestants = Map<string, () => Cost>;

function contestants(files: readonly string[]): Contestants {
  const all: Contestants = new Map();
  all.set("aggregate", () => aggregate("catalog.parquet", []));
  const python = peerPython(), script = peerScript("numpy_baseline.py");
  if (python === undefined || script === undefined) {
    print("no peers: their scripts or a Python with h5py are missing");
  } else {
    all.set("numpy", () => measure(python, [script, ...files], folder));
    all.set("numpy --read-only", () => measure(python, [script, "--read-only", ...files], folder));
    const polars = peerScript("polars_baseline.py");
    if (
      polars !== undefined && spawnSync(python, ["-c", "import polars"], { stdio: "ignore" }).status === 0
    ) {
      all.set("polars", () => measure(python, [polars, ...files], folder));
    } else print("no polars: its script or the module is missing");
    const limit = new InflateLimit(python, files, READ, folder, RUNTIME);
    all.set("inflate alone, node:zlib", () => limit.measure("zlib"));
    all.set("inflate alone, libdeflate", () => limit.measure("libdeflate"));
  }
  all.set("aggregate --workers 1", () => aggregate("catalog.parquet", ["--workers", "1"]));
  all.set("aggregate --workers 2", () => aggregate("catalog.parquet", ["--workers", "2"]));
  if (fs.existsSync(TASKSET)) {
    all.set(
      "aggregate on one processor",
      () => aggregate("catalog.parquet", ["--workers", "1"], [TASKSET, "-c", "0"]),
    );
  }
  all.set("catalog build", () => buildCatalog(files, "again.parquet", []));
  all.set(
    "catalog build --checksum none",
    () => buildCatalog(files, "again.parquet", ["--checksum", "none"]),
  );
  all.set("start alone (--version)", () => measure(BINARY, ["--version"], folder));
  return all;
}

/** A B C A B C …, after one round that warms the disk's cache and is not counted. */
function inTurn(all: Contestants): Map<string, Cost[]> {
  const costs = new Map<string, Cost[]>([...all.keys()].map((name) => [name, []]));
  for (let round = 0; round <= RUNS; round++) {
    for (const [name, run] of all) {
      const cost = run();
      if (round > 0) costs.get(name)!.push(cost);
    }
  }
  return costs;
}

/**
 * Aggregates into a store of its own. Stores are taken away in the end only: for minutes after files are removed, ext4
 * walks over their inodes at each file that is made, which would be a cost of the run before.
 */
function aggregate(catalog: string, args: readonly string[], before: readonly string[] = []): Cost {
  const store = path.join(folder, `${stores++}.zarr`);
  const [program, ...words] = [
    ...before,
    BINARY,
    "aggregate",
    "-c",
    "atl06",
    "--catalog",
    catalog,
    "-o",
    store,
  ];
  return measure(program, [...words, "--json", "--quiet", ...args], folder);
}

function buildCatalog(files: readonly string[], output: string, args: readonly string[]): Cost {
  fs.rmSync(path.join(folder, output), { force: true });
  const from = path.dirname(files[0]);
  const given = granulesIn(from).length === files.length ? [from] : files;
  return measure(
    BINARY,
    ["catalog", "build", "--from", "local", ...given, "-c", "atl06", "-o", output, "--quiet", ...args],
    folder,
  );
}

const reportOf = (cost: Cost): Report => JSON.parse(cost.stdout) as Report;
const last = (costs: ReadonlyMap<string, readonly Cost[]>, name: string): Cost => costs.get(name)!.at(-1)!;

function showCost(name: string, costs: readonly Cost[], rows: number) {
  const wall = spreadOf(costs.map(({ wall }) => wall));
  const reported = <T>(list: readonly (T | null)[]) => list.filter((value) => value !== null) as T[];
  const cpus = reported(costs.map(({ cpu }) => cpu)),
    peaks = reported(costs.map(({ peakBytes }) => peakBytes));
  const cpu = cpus.length === 0 ? null : spreadOf(cpus);
  const peakBytes = peaks.length === 0 ? null : spreadOf(peaks);
  const millions = name.startsWith("start")
    ? ""
    : `, ${(rows / 1e6 / wall.median).toFixed(2)} million rows/s`;
  print(
    `  ${name.padEnd(30)} ${formatSpread(wall)} s wall` +
      (cpu === null ? "" : `, ${formatSpread(cpu)} s CPU`) +
      (peakBytes === null ? "" : `, ${megabytes(peakBytes.median)} at most`) + millions,
  );
  addRow({
    what: millions === "" ? name : `${name}, ${(rows / 1e6).toFixed(1)} million rows`,
    figure: `${formatSpread(wall)} s` + (cpu === null ? "" : `, ${formatSpread(cpu)} s CPU`) +
      (peakBytes === null ? "" : `, ${megabytes(peakBytes.median)}`),
    wanted: name === "aggregate" ? "4.2 s CPU (48 granules)" : null,
  });
  return { wall, cpu, peakBytes };
}

/** Ratios of wall times, run by run, so that what slows the machine slows both. */
function showRatios(costs: ReadonlyMap<string, readonly Cost[]>): Record<string, Spread> {
  const pairs = [
    ["aggregate", "numpy", "at most 0.20"],
    ["aggregate", "polars", "at most 0.40"],
    ["aggregate", "numpy --read-only", "at most 0.57"],
    ["aggregate", "inflate alone, node:zlib", "CPU at most 2.2"],
    ["aggregate", "inflate alone, libdeflate", null],
    ["catalog build", "numpy --read-only", null],
    ["catalog build --checksum none", "numpy --read-only", null],
    ["aggregate --workers 1", "aggregate --workers 2", "at least 1.7"],
    ["aggregate on one processor", "aggregate --workers 2", null],
  ] as const;
  const ratios: Record<string, Spread> = {};
  print("\nratios of wall time and of processor time, median (least to most):");
  for (const [over, under, wanted] of pairs) {
    const a = costs.get(over), b = costs.get(under);
    if (a === undefined || b === undefined) continue;
    const ratio = spreadOf(a.map(({ wall }, i) => wall / b[i].wall));
    ratios[`${over} / ${under}`] = ratio;
    const work = a.flatMap(({ cpu }, i) => cpu === null || b[i].cpu === null ? [] : [cpu / b[i].cpu]);
    const figure = formatSpread(ratio) + (work.length === 0 ? "" : `; CPU ${formatSpread(spreadOf(work))}`);
    print(`  ${`${over} / ${under}`.padEnd(50)} ${figure}`);
    addRow({ what: `${over} / ${under}`, figure, wanted });
  }
  return ratios;
}

function showPhases(costs: readonly Cost[]): Record<string, Spread> {
  const reports = costs.map(reportOf);
  const phases: Record<string, Spread> = {};
  print("\nphases of aggregate (worker… are seconds of all workers together):");
  for (const phase of Object.keys(reports[0].seconds)) {
    phases[phase] = spreadOf(reports.map(({ seconds }) => seconds[phase]));
    print(`  ${phase.padEnd(20)} ${formatSpread(phases[phase])} s`);
  }
  const around = spreadOf(costs.map(({ wall }, i) => wall - reports[i].seconds.total));
  phases.around = around;
  print(`  ${"start, plan, end".padEnd(20)} ${formatSpread(around)} s`);
  return phases;
}

/** A cell in the middle by its count of granules, and the one with most, by the row index and without. */
function showCells(whole: Report) {
  const { cells: listed } = JSON.parse(
    measure(BINARY, ["cells", "catalog.parquet", "--order", "6", "--json", "--quiet"], folder).stdout,
  ) as { cells: { cell: string; granules: number }[] };
  listed.sort((a, b) => a.granules - b.granules);
  return [listed[listed.length >> 1], listed.at(-1)!].map((cell) => showCell(cell, whole));
}

function showCell({ cell, granules }: { cell: string; granules: number }, whole: Report) {
  const costs = inTurn(
    new Map([
      ["index", () => aggregate("catalog.parquet", ["--cells", cell, "--row-index", "rows.parquet"])],
      ["none", () => aggregate("catalog.parquet", ["--cells", cell])],
      ["plan", () => aggregate("catalog.parquet", ["--cells", cell, "--dry-run"])],
      ["start", () => measure(BINARY, ["--version"], folder)],
    ]),
  );
  const wall = (name: string) => spreadOf(costs.get(name)!.map(({ wall }) => wall));
  const { reads } = reportOf(last(costs, "index"));
  const share = reads.bytes / whole.reads.bytes;
  print(`\none cell, ${cell}, of ${granules} granules:`);
  print(`  by the row index ${formatSpread(wall("index"))} s`);
  print(
    `  of which the program's start ${formatSpread(wall("start"))} s, with DuckDB and the plan ${
      formatSpread(wall("plan"))
    } s`,
  );
  print(`  without          ${formatSpread(wall("none"))} s`);
  print(
    `  bytes by the row index ${megabytes(reads.bytes)}, ${(100 * share).toFixed(2)} % of the whole run's`,
  );
  const walls = Object.fromEntries([...costs.keys()].map((name) => [name, wall(name)]));
  return { cell, granules, bytes: reads.bytes, share, walls };
}

/** Once and four times the granules within a fixed memory. */
function showMemory(files: readonly string[]) {
  const many = multiplyGranules(files, path.join(folder, "four"), 4);
  buildCatalog(many, "four.parquet", ["--checksum", "none"]);
  const limit = ["--memory", MEMORY];
  const costs = inTurn(
    new Map([
      ["once", () => aggregate("catalog.parquet", limit)],
      ["four", () => aggregate("four.parquet", limit)],
    ]),
  );
  print(`\nwith --memory ${MEMORY}:`);
  const shown = (name: string, granules: number) => {
    const list = costs.get(name)!;
    const report = reportOf(list.at(-1)!);
    print(`  ${granules} granules, ${megabytes(report.spilled_bytes)} spilled`);
    return {
      granules,
      spilled_bytes: report.spilled_bytes,
      ...showCost(name, list, report.observations.rows),
    };
  };
  const once = shown("once", files.length), four = shown("four", many.length);
  const growth = spreadOf(costs.get("four")!.map(({ wall }, i) => wall / costs.get("once")![i].wall));
  print(`  time for 4 times the granules: ${formatSpread(growth)} times`);
  return { once, four, growth };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  main();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
