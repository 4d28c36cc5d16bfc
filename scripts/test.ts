/**
 * The gate: what can be checked without running, then every test. A line a suite; the last line is the
 * sum, static checks included.
 *
 *   deno task test [SUITE | FILE | FOLDER]…      static, unit, acceptance, real, interop
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { prepareDebianPeers } from "./debian_peers.ts";
import { preparePython } from "./python_peers.ts";
import { STATIC_CHECKS } from "./static_checks.ts";
import { addTallies, type Tally, tallyOf, tallyText } from "./tally.ts";

interface Suite {
  name: string;
  folder: string;
  /**
   * `together`: all files in one process, in as many threads as there are processors. `apart`: a process
   * a file, several at a time; for tests that set the environment, mount, or kill.
   */
  files: "together" | "apart";
  needsBinary: boolean;
}

const SUITES: readonly Suite[] = [
  { name: "unit", folder: "test/unit", files: "together", needsBinary: false },
  { name: "acceptance", folder: "test/acceptance", files: "apart", needsBinary: true },
  { name: "real", folder: "test/real", files: "apart", needsBinary: true },
  { name: "interop", folder: "test/interop", files: "apart", needsBinary: true },
];
const NAMES = ["static", ...SUITES.map(({ name }) => name)];

/** Properties draw the same cases in every run. */
const TEST = ["test", "--allow-all", "--no-check", "--preload", "test/support/fixed_seed.ts"];

/** Files that run at the same time: much of what they do is waiting. */
const FILES_AT_ONCE = os.availableParallelism() + 1;

const root = path.resolve(import.meta.dirname!, "..");
const asked = process.argv.slice(2);
const paths = asked.filter((name) => !NAMES.includes(name)).map(toPath);
const names = asked.filter((name) => NAMES.includes(name));
const env: Record<string, string | undefined> = {
  ...process.env,
  NO_COLOR: "1",
  // The peers are installed without bytecode: their first import makes it for all that follow.
  PYTHONDONTWRITEBYTECODE: "",
};
const lines: string[] = [];
const skipped: string[] = [];
let sum: Tally = { passed: 0, failed: 0, skipped: 0 };

await inTurn("static", names.length + paths.length === 0 || names.includes("static"), runStatic);
const chosen = SUITES.map((suite) => ({ suite, files: filesOf(suite) })).filter(({ files }) =>
  files.length > 0
);
if (chosen.length > 0) {
  env.GRANARY_TEST_PYTHON = preparePython(root);
  prepareDebianPeers(chosen.map(({ suite }) => suite.name));
}
const compiled = chosen.some(({ suite }) => suite.needsBinary) && await compile();
for (const { suite, files } of chosen) {
  await inTurn(suite.name, true, () => {
    // A binary that cannot be made fails every file that would have driven it.
    if (suite.needsBinary && !compiled) return { passed: 0, failed: files.length, skipped: 0 };
    return suite.files === "together" ? runTogether(files) : runApart(files);
  });
}
if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((name) => `  ${name}`).join("\n")}`);
console.log(`\n${lines.join("\n")}\n${tallyText(sum)}`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);

async function inTurn(name: string, wanted: boolean, run: () => Tally | Promise<Tally>): Promise<void> {
  if (!wanted) return;
  const started = Date.now();
  const tally = await run();
  lines.push(`${name}: ${tallyText(tally)} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  sum = addTallies(sum, tally);
}

function toPath(name: string): string {
  const file = path.resolve(name);
  if (!fs.existsSync(file)) {
    throw new Error(`"${name}" is no suite (there are ${NAMES.join(", ")}) and no file of tests`);
  }
  return path.relative(root, file).split(path.sep).join("/");
}

function filesOf({ name, folder }: Suite): string[] {
  const all = testFiles(folder);
  if (asked.length === 0 || names.includes(name)) return all;
  return all.filter((file) => paths.some((place) => file === place || file.startsWith(`${place}/`)));
}

function testFiles(folder: string): string[] {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) return [];
  return fs.readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith("_test.ts"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

async function runStatic(): Promise<Tally> {
  let tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run } of STATIC_CHECKS) {
    const fault = await run(root);
    console.log(`${name} ... ${fault === "" ? "ok" : "FAILED"}`);
    if (fault !== "") console.log(fault);
    tally = addTallies(tally, { passed: fault === "" ? 1 : 0, failed: fault === "" ? 0 : 1, skipped: 0 });
  }
  return tally;
}

async function compile(): Promise<boolean> {
  const { code } = await runDeno(["run", "--allow-all", "scripts/compile.ts"], true);
  return code === 0;
}

async function runTogether(files: string[]): Promise<Tally> {
  const { code, output } = await runDeno([...TEST, "--parallel", ...files], true);
  return note(code, output);
}

/** The files that took longest the last time are not known; the largest begin. */
async function runApart(files: string[]): Promise<Tally> {
  const waiting = [...files].sort((a, b) => sizeOf(b) - sizeOf(a));
  let tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const started = Date.now();
      const { code, output } = await runDeno([...TEST, file], false);
      const own = note(code, output);
      if (own.failed > 0) console.log(output);
      console.log(`${file}: ${tallyText(own)} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
      tally = addTallies(tally, own);
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker));
  return tally;
}

function sizeOf(file: string): number {
  return fs.statSync(path.join(root, file)).size;
}

function note(code: number, output: string): Tally {
  const { tally, ignored } = tallyOf(code, output);
  skipped.push(...ignored);
  return tally;
}

function runDeno(args: string[], shown: boolean): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(Deno.execPath(), args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [stream, sink] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (shown) sink.write(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
