/** The Python peers of the interop tests: which are there, and how to ask them. */
import { spawnSync } from "node:child_process";
import process from "node:process";

const PYTHON = process.env.GRANARY_TEST_PYTHON ?? "";
const known = new Map<string, boolean>();

/** Whether a Python module can be imported; for a test's `ignore`. */
export function hasPeer(...modules: string[]): boolean {
  return PYTHON !== "" && modules.every((module) => {
    let there = known.get(module);
    if (there === undefined) {
      there = spawnSync(PYTHON, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0;
      known.set(module, there);
    }
    return there;
  });
}

/** Runs a program with arguments; what it prints is JSON. */
export function askPython(program: string, ...args: string[]): unknown {
  const run = spawnSync(PYTHON, ["-c", program, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`python failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout);
}
