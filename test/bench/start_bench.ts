/**
 * What little work costs from the program's start to its end: the version, SQL over a small catalog, its cells,
 * its description, and an aggregate of one cell by the row index. Numbers are printed, never judged.
 *
 *   deno task bench start [--runs 5]
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { makeGranules } from "./granules.ts";
import { type Cost, formatSpread, measure, spreadOf } from "./measure.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    // Of another benchmark, beside which this one runs.
    granules: { type: "string" },
  },
});
const RUNS = Number(values.runs);
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = path.join(ROOT, "dist", "granary");
const GRANULES = 4;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-start-bench-"));
let stores = 0;
try {
  main();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function main(): void {
  if (!fs.existsSync(BINARY)) {
    spawnSync(Deno.execPath(), ["task", "compile"], { cwd: ROOT, stdio: "inherit" });
  }
  const granules = path.join(folder, "granules");
  makeGranules(granules, GRANULES, BINARY);
  granary(
    "catalog",
    "build",
    "--from",
    "local",
    granules,
    "-c",
    "atl06",
    "-o",
    "c.parquet",
    "--row-index",
    "12",
  );
  const { cells } = JSON.parse(granary("cells", "c.parquet", "--order", "6", "--json").stdout) as {
    cells: { cell: string; granules: number }[];
  };
  const { cell } = cells.toSorted((a, b) => a.granules - b.granules)[cells.length >> 1];
  const tasks: [what: string, wanted: string, run: () => Cost][] = [
    ["`granary --version`", "0.02 s", () => measure(BINARY, ["--version"], folder)],
    [
      "`catalog sql` on a small catalog",
      "0.25 s",
      () => granary("catalog", "sql", "c.parquet", "select count(*) from granules"),
    ],
    ["`cells` on a small catalog", "0.25 s", () => granary("cells", "c.parquet", "--order", "6")],
    ["`catalog info` on a small catalog", "0.3 s", () => granary("catalog", "info", "c.parquet")],
    ["`aggregate` of one cell by the row index", "0.30 s", () => aggregate(cell)],
  ];
  const costs = tasks.map((): Cost[] => []);
  for (let round = 0; round <= RUNS; round++) {
    tasks.forEach(([, , run], i) => {
      const cost = run();
      if (round > 0) costs[i].push(cost);
    });
  }
  tasks.forEach(([what, wanted], i) => {
    const wall = formatSpread(spreadOf(costs[i].map(({ wall }) => wall)));
    const cpus = costs[i].flatMap(({ cpu }) => cpu === null ? [] : [cpu]);
    const figure = `${wall} s` + (cpus.length === 0 ? "" : `, ${formatSpread(spreadOf(cpus))} s CPU`);
    console.log(`  ${what.padEnd(42)} ${figure}`);
    addRow({ what, figure, wanted });
  });
}

function granary(...args: string[]): Cost {
  return measure(BINARY, [...args, "--quiet"], folder);
}

/** Each into a store of its own, taken away in the end: files removed a moment before make new ones dearer on ext4. */
function aggregate(cell: string): Cost {
  const store = `${stores++}.zarr`;
  return granary("aggregate", "-c", "atl06", "--catalog", "c.parquet", "--cells", cell, "-o", store);
}
