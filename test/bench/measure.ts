/** What a whole process costs: wall time, processor time, the most memory that it held. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { CLOSE_OTHERS } from "../support/descriptors.ts";

export interface Cost {
  /** Seconds. */
  wall: number;
  /** Seconds of all cores; null where the system does not tell. */
  cpu: number | null;
  /** The most resident memory of the process, in bytes; null where the system does not tell. */
  peakBytes: number | null;
  stdout: string;
}

/** GNU time tells processor time and peak memory of the process that it starts. */
const GNU_TIME = "/usr/bin/time";
const hasGnuTime = fs.existsSync(GNU_TIME) &&
  spawnSync(GNU_TIME, ["--version"], { encoding: "utf8" }).status === 0;

const BASH = "/bin/bash";
const hasBash = fs.existsSync(BASH);

/** Python keeps what it compiled of modules: a user's does, and without that peers would pay for it in each run. */
const KEEP_BYTECODE = { PYTHONDONTWRITEBYTECODE: "" };

/**
 * Runs a program to its end, with `env` beside this process's own, and without files that this process was given open.
 * Throws with what it said where it fails.
 */
export function measure(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Cost {
  const reported = path.join(os.tmpdir(), `granary-time-${process.pid}`);
  const [command, all] = hasGnuTime
    ? [GNU_TIME, ["-o", reported, "-f", "%e %U %S %M", program, ...args]]
    : [program, [...args]];
  const [first, rest] = hasBash
    ? [BASH, ["-c", `${CLOSE_OTHERS}; exec "$@"`, BASH, command, ...all]]
    : [command, all];
  const started = performance.now();
  const run = spawnSync(first, rest, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    env: { ...process.env, ...KEEP_BYTECODE, ...env },
  });
  const wall = (performance.now() - started) / 1000;
  try {
    if (run.status !== 0) {
      throw new Error(`${program} ${args.join(" ")}: ${run.error?.message ?? run.stderr}`);
    }
    if (!hasGnuTime) return { wall, cpu: null, peakBytes: null, stdout: run.stdout };
    const [, user, system, kilobytes] = fs.readFileSync(reported, "utf8").trim().split(/\s+/).map(Number);
    return { wall, cpu: user + system, peakBytes: kilobytes * 1024, stdout: run.stdout };
  } finally {
    fs.rmSync(reported, { force: true });
  }
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { min: sorted[0], median, max: sorted.at(-1)! };
}

/** `0.42 (0.40 to 0.45)`. */
export function formatSpread({ min, median, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
