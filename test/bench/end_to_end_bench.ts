/**
 * The binary from granules to a store, as a user runs it: seconds and observations a second of each step.
 * `deno run -A test/bench/end_to_end_bench.ts [granules] [rows a beam]`; the binary is compiled before.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const BINARY = path.resolve(import.meta.dirname!, "../../dist/granary");
const granules = process.argv[2] ?? "24";
const rows = process.argv[3] ?? "50000";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-bench-"));

/** Runs a step and tells how long it took; `observations` turns that into a rate. */
function step(name: string, args: string[], observations?: number): string {
  const started = performance.now();
  const run = spawnSync(BINARY, [...args, "--json", "--quiet"], {
    encoding: "utf8",
    cwd: folder,
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (run.status !== 0) throw new Error(`${name}: ${run.stderr}`);
  const rate = observations === undefined
    ? ""
    : `, ${(observations / seconds / 1e6).toFixed(2)} million a second`;
  console.log(`${name}: ${seconds.toFixed(2)} s${rate}`);
  return run.stdout;
}

try {
  const made = JSON.parse(
    step("simulate", ["simulate", "granules", "--granules", granules, "--rows", rows]),
  ) as {
    files: { rows: number; bytes: number }[];
  };
  const observations = made.files.reduce((sum, file) => sum + file.rows, 0);
  const megabytes = made.files.reduce((sum, file) => sum + file.bytes, 0) / 1e6;
  console.log(`${made.files.length} granules, ${observations} observations, ${megabytes.toFixed(0)} MB`);
  const catalog = ["catalog", "build", "--from", "local", "granules", "-c", "atl06", "-o", "catalog.parquet"];
  step("catalog", catalog, observations);
  const aggregate = ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "-o", "store.zarr"];
  for (const workers of [...new Set([1, os.availableParallelism()])]) {
    const args = [...aggregate, "--workers", String(workers), "--overwrite"];
    step(`aggregate, ${workers} workers`, args, observations);
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
