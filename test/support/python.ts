/** The Python peers of the interop tests: which are there, and how to ask them. */
import { spawnSync } from "node:child_process";
import process from "node:process";

const PYTHON = process.env.GRANARY_TEST_PYTHON ?? "";
const known = new Map<string, boolean>();

/** Prints whether each module is installed, as JSON. A module of a package that is not there is not there either. */
const FIND = `
import importlib.util, json, sys
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
print(json.dumps([there(name) for name in sys.argv[1:]]))`;

/** Whether Python modules are installed; for a test's `ignore`. They are looked for, not loaded: that costs seconds. */
export function hasPeer(...modules: string[]): boolean {
  if (PYTHON === "") return false;
  const unknown = modules.filter((module) => !known.has(module));
  if (unknown.length > 0) {
    const run = spawnSync(PYTHON, ["-c", FIND, ...unknown], { encoding: "utf8" });
    const found: boolean[] = run.status === 0 ? JSON.parse(run.stdout) : [];
    unknown.forEach((module, index) => known.set(module, found[index] === true));
  }
  return modules.every((module) => known.get(module) === true);
}

/** Runs a program with arguments; what it prints is JSON. */
export function askPython(program: string, ...args: string[]): unknown {
  const run = spawnSync(PYTHON, ["-c", program, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`python failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout);
}
