/**
 * Rows a second of the compiled statistics, one core: `deno run -A test/bench/statistics_bench.ts [preset]
 * [rows a cell]`, or `bun` in deno's place. Prints each preset's rate as the median of several runs.
 */
import process from "node:process";
import { loadPreset } from "../../aggregate/config/load.ts";
import { compileStatistics } from "../../aggregate/statistics/compile.ts";

const ROWS = 1_000_000;
const RUNS = 9;

const [preset = "atl06", rowsText = "100"] = process.argv[2]?.startsWith("-") ? [] : process.argv.slice(2);
const rowsPerCell = Number(rowsText);
const pipeline = loadPreset(preset);
const names = pipeline.dataSource.columns.map((column) => column.name);

/** mulberry32: a small repeatable generator. */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = generator(1);
const columns = names.map((_, c) =>
  Float32Array.from({ length: ROWS }, () => c === 0 ? 1500 + 50 * random() : 0.01 + random())
);
const starts: number[] = [0];
while (starts[starts.length - 1] < ROWS) {
  const size = 1 + Math.floor(random() * 2 * rowsPerCell);
  starts.push(Math.min(ROWS, starts[starts.length - 1] + size));
}
const cellStarts = Uint32Array.from(starts);

function measure(label: string, chosen: typeof pipeline.aggregation.statistics): void {
  const reducer = compileStatistics(chosen, names);
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const begin = performance.now();
    reducer.reduce(columns, cellStarts);
    rates.push(ROWS / (performance.now() - begin) / 1e3);
  }
  rates.sort((a, b) => a - b);
  const [least, median, most] = [rates[0], rates[RUNS >> 1], rates[RUNS - 1]];
  console.log(
    `${label.padEnd(14)} ${median.toFixed(1)} M rows/s (${least.toFixed(1)} to ${most.toFixed(1)})`,
  );
}

console.log(`${preset}: ${ROWS} rows, ${cellStarts.length - 1} cells`);
measure("all", pipeline.aggregation.statistics);
for (const statistic of pipeline.aggregation.statistics) measure(statistic.name, [statistic]);
