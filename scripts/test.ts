/**
 * Every test: unit and golden, the compiled binary's, those on real data and those with other programs.
 * A line a suite; the last line is the sum.
 *
 *   deno task test [SUITE…]      unit, acceptance, real, interop
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { preparePython } from "./python_peers.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Suite {
  name: string;
  folders: string[];
  needsBinary: boolean;
  needsPython: boolean;
}

const SUITES: readonly Suite[] = [
  { name: "unit", folders: ["test/unit"], needsBinary: false, needsPython: false },
  { name: "acceptance", folders: ["test/acceptance"], needsBinary: true, needsPython: false },
  { name: "real", folders: ["test/real"], needsBinary: true, needsPython: false },
  { name: "interop", folders: ["test/interop"], needsBinary: true, needsPython: true },
];

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

for (const suite of chosen) {
  const files = suite.folders.flatMap(testFiles);
  if (files.length === 0) continue;
  const started = Date.now();
  let tally: Tally;
  if (suite.needsBinary && !(compiled ??= await compile())) {
    // A binary that cannot be made fails every file that would have driven it.
    tally = { passed: 0, failed: files.length, skipped: 0 };
  } else {
    if (suite.needsPython) env.GRANARY_TEST_PYTHON = preparePython(root);
    tally = await runTests(files);
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  lines.push(`${suite.name}: ${told(tally)} (${seconds} s)`);
  sum.passed += tally.passed;
  sum.failed += tally.failed;
  sum.skipped += tally.skipped;
}
console.log(`\n${lines.join("\n")}\n${told(sum)}`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);

function told({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function testFiles(folder: string): string[] {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) return [];
  return fs.readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith("_test.ts"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

async function compile(): Promise<boolean> {
  const { code } = await runDeno(["run", "--allow-all", "scripts/compile.ts"]);
  return code === 0;
}

async function runTests(files: string[]): Promise<Tally> {
  const { code, output } = await runDeno(["test", "--allow-all", "--no-check", ...files]);
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
