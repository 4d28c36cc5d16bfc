/**
 * The whole gate: what is checked without running, unit tests, the compiled binary's, those on real data
 * and those with other programs. A line a suite; the last line is the sum.
 *
 *   deno task test [SUITE…]      static, unit, acceptance, real, interop
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { prepareDebian } from "./debian_peers.ts";
import { preparePython } from "./python_peers.ts";
import { STATIC_CHECKS } from "./static_checks.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Suite {
  name: string;
  /** Its tests; none for the static checks. */
  folder: string | null;
  needsBinary: boolean;
  /** Whether its tests drive programs of Debian's and of PyPI's. */
  needsPeers: boolean;
  /** Test files at once: those that measure what a run costs are by themselves. */
  parallel: boolean;
}

const SUITES: readonly Suite[] = [
  { name: "static", folder: null, needsBinary: false, needsPeers: false, parallel: false },
  { name: "unit", folder: "test/unit", needsBinary: false, needsPeers: false, parallel: true },
  { name: "acceptance", folder: "test/acceptance", needsBinary: true, needsPeers: true, parallel: true },
  { name: "real", folder: "test/real", needsBinary: true, needsPeers: false, parallel: false },
  { name: "interop", folder: "test/interop", needsBinary: true, needsPeers: true, parallel: true },
];

/** Files whose tests hold a process to a time or kill it at one: nothing else runs beside them. */
const ALONE = /(crash|slurm|load|native|remote_faults)_test\.ts$/;

const root = path.resolve(import.meta.dirname!, "..");
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !SUITES.some((suite) => suite.name === name));
if (unknown !== undefined) {
  throw new Error(`no suite "${unknown}"; there are ${SUITES.map((suite) => suite.name).join(", ")}`);
}
const chosen = SUITES.filter((suite) => asked.length === 0 || asked.includes(suite.name));
const env: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1" };
const sum: Tally = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
let compiled: boolean | undefined;
let prepared = false;

for (const suite of chosen) {
  const started = Date.now();
  const tally = await runSuite(suite);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  lines.push(`${suite.name}: ${counted(tally)} (${seconds} s)`);
  add(sum, tally);
}
console.log(`\n${lines.join("\n")}\n${counted(sum)}`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);

async function runSuite(suite: Suite): Promise<Tally> {
  if (suite.folder === null) return runStatic();
  const files = testFiles(suite.folder);
  if (suite.needsBinary && !(compiled ??= await compile())) {
    // A binary that cannot be made fails every file that would have driven it.
    return { passed: 0, failed: files.length, skipped: 0 };
  }
  if (suite.needsPeers && !prepared) {
    prepareDebian();
    env.GRANARY_TEST_PYTHON = preparePython(root);
    prepared = true;
  }
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const together = suite.parallel ? files.filter((file) => !ALONE.test(file)) : [];
  const alone = files.filter((file) => !together.includes(file));
  if (together.length > 0) add(tally, await runTests(["--parallel", ...together]));
  if (alone.length > 0) add(tally, await runTests(alone));
  return tally;
}

function runStatic(): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run } of STATIC_CHECKS) {
    const passed = run(root);
    console.log(`${name} ... ${passed ? "ok" : "FAILED"}`);
    tally[passed ? "passed" : "failed"] += 1;
  }
  return tally;
}

function add(into: Tally, { passed, failed, skipped }: Tally): void {
  into.passed += passed;
  into.failed += failed;
  into.skipped += skipped;
}

function counted({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function testFiles(folder: string): string[] {
  return fs.readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith("_test.ts"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

async function compile(): Promise<boolean> {
  const { code } = await runDeno(["run", "--allow-all", "scripts/compile.ts"]);
  return code === 0;
}

async function runTests(args: string[]): Promise<Tally> {
  const { code, output } = await runDeno(["test", "--allow-all", "--no-check", ...args]);
  // `ok | 120 passed (3 steps) | 0 failed | 2 ignored (12s)`
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const last = [...plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*$/gm)].at(-1);
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last?.[0] ?? "")?.[1] ?? 0);
  const tally = { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
  // A file that does not load, or a process that was killed, is a failure that no count tells.
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

/** Shows the output as it comes, and keeps it. */
function runDeno(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(Deno.execPath(), args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data: Uint8Array) => {
      output += new TextDecoder().decode(data);
      process.stdout.write(data);
    });
    child.stderr.on("data", (data: Uint8Array) => process.stderr.write(data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
