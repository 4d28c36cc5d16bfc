/**
 * The gate: what can be checked without running, then every test. A line a suite; the last line is the
 * sum, static checks included.
 *
 *   deno task test [SUITE | FILE | FOLDER]… [--record]      static, unit, acceptance, real, interop
 *
 * `--record` notes what files and rooms of tests took, in test/seconds.json, by which the longest begin.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { prepareAzurite } from "./azurite_peer.ts";
import { prepareDebianPeers } from "./debian_peers.ts";
import { type Job, runJobs } from "./jobs.ts";
import { preparePython } from "./python_peers.ts";
import { type Ended, runToEnd } from "./run_to_end.ts";
import { STATIC_CHECKS } from "./static_checks.ts";
import { addTallies, type Tally, tallyOf, tallyText } from "./tally.ts";

interface Suite {
  name: string;
  folder: string;
  /**
   * What shares a process, several of which run at a time. `room`: the files of a folder of the suite, which
   * load the same modules. `file`: each by itself, for tests that set the environment, mount, or kill.
   */
  process: "room" | "file";
  needsBinary: boolean;
}

const SUITES: readonly Suite[] = [
  { name: "unit", folder: "test/unit", process: "room", needsBinary: false },
  { name: "acceptance", folder: "test/acceptance", process: "file", needsBinary: true },
  { name: "real", folder: "test/real", process: "file", needsBinary: true },
  { name: "interop", folder: "test/interop", process: "file", needsBinary: true },
];
const NAMES = ["static", ...SUITES.map(({ name }) => name)];

/** Properties draw the same cases in every run. */
const TEST = ["test", "--allow-all", "--no-check", "--preload", "test/support/fixed_seed.ts"];

/** Loads the files that GRANARY_TEST_FILES names. */
const FILES_OF_A_ROOM = "test/support/files_of_a_room.ts";

/** Processes that run at the same time: much of what they do is waiting. */
const AT_ONCE = os.availableParallelism() + 1;
/** Files and rooms that took long are told in the end. */
const SLOWEST_SHOWN = 10;

const root = path.resolve(import.meta.dirname!, "..");
const secondsFile = path.join(root, "test", "seconds.json");
const recorded = process.argv.includes("--record");
const asked = process.argv.slice(2).filter((name) => name !== "--record");
const paths = asked.filter((name) => !NAMES.includes(name)).map(toPath);
const names = asked.filter((name) => NAMES.includes(name));
const env: Record<string, string | undefined> = {
  ...process.env,
  NO_COLOR: "1",
  // The peers are installed without bytecode: their first import makes it for all that follow.
  PYTHONDONTWRITEBYTECODE: "",
};
const none: Tally = { passed: 0, failed: 0, skipped: 0 };
const tallies = new Map<string, { tally: Tally; seconds: number }>();
const took: Record<string, number> = {};
const skipped: string[] = [];
const expected: Record<string, number> = JSON.parse(fs.readFileSync(secondsFile, "utf8"));
const began = Date.now();

const chosen = SUITES.map((suite) => ({ suite, files: filesOf(suite) })).filter(({ files }) =>
  files.length > 0
);
const jobs: Job[] = [];
if (asked.length === 0 || names.includes("static")) jobs.push(staticJob());
// What tests need is fetched and compiled while the tree is checked.
const compiled = await prepare();
for (const { suite, files } of chosen) {
  // A binary that cannot be made fails every file that would have driven it.
  if (suite.needsBinary && !compiled) add(suite.name, { ...none, failed: files.length }, 0);
  else if (suite.process === "file") jobs.push(...files.map((file) => fileJob(suite, file)));
  else jobs.push(...roomsOf(suite, files).map(([room, own]) => roomJob(suite, room, own)));
}
await runJobs(jobs, AT_ONCE);
report();

/** Peers and the binary, side by side. @returns whether a binary that is needed is there */
async function prepare(): Promise<boolean> {
  if (chosen.length === 0) return false;
  const needsBinary = chosen.some(({ suite }) => suite.needsBinary);
  const needsPeers = chosen.some(({ suite }) => suite.name === "interop");
  const [python, azurite, , compiling] = await Promise.all([
    preparePython(root),
    needsPeers ? prepareAzurite(root) : "",
    prepareDebianPeers(chosen.map(({ suite }) => suite.name)),
    needsBinary ? runDeno(["run", "--allow-all", "scripts/compile.ts"], true) : undefined,
  ]);
  env.GRANARY_TEST_PYTHON = python;
  env.GRANARY_TEST_AZURITE = azurite;
  console.log(`peers and binary: ${secondsSince(began).toFixed(0)} s`);
  return compiling?.code === 0;
}

function report(): never {
  if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((name) => `  ${name}`).join("\n")}`);
  const slowest = Object.entries(took).sort(([, a], [, b]) => b - a);
  if (slowest.length > SLOWEST_SHOWN) {
    const lines = slowest.slice(0, SLOWEST_SHOWN).map(([file, seconds]) => `  ${seconds} s ${file}`);
    console.log(`\nslowest:\n${lines.join("\n")}`);
  }
  if (recorded) record();
  console.log();
  let sum = none;
  for (const name of NAMES) {
    const part = tallies.get(name);
    if (part === undefined) continue;
    console.log(`${name}: ${tallyText(part.tally)} (${part.seconds.toFixed(0)} s)`);
    sum = addTallies(sum, part.tally);
  }
  if (tallies.size > 1) console.log(`all, side by side: ${secondsSince(began).toFixed(0)} s`);
  console.log(tallyText(sum));
  process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
}

/** What files and rooms took takes the place of what was noted of them; those that are gone go. */
function record(): void {
  const noted = Object.entries({ ...expected, ...took })
    .filter(([file]) => fs.existsSync(path.join(root, file)))
    .sort(([a], [b]) => a < b ? -1 : 1);
  fs.writeFileSync(secondsFile, `${JSON.stringify(Object.fromEntries(noted), null, 2)}\n`);
}

function add(suite: string, tally: Tally, seconds: number): void {
  const before = tallies.get(suite) ?? { tally: none, seconds: 0 };
  tallies.set(suite, { tally: addTallies(before.tally, tally), seconds: before.seconds + seconds });
}

function secondsSince(start: number): number {
  return (Date.now() - start) / 1000;
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

/** The checks begin at once. */
function staticJob(): Job {
  const done = runStatic();
  return { seconds: Infinity, run: () => done };
}

async function runStatic(): Promise<void> {
  for (const { name, run } of STATIC_CHECKS) {
    const started = Date.now();
    const fault = await run(root);
    console.log(`${name} ... ${fault === "" ? "ok" : "FAILED"}`);
    if (fault !== "") console.log(fault);
    add(
      "static",
      { ...none, passed: fault === "" ? 1 : 0, failed: fault === "" ? 0 : 1 },
      secondsSince(started),
    );
  }
}

/** Files by the folder of the suite that they are in. */
function roomsOf({ folder }: Suite, files: readonly string[]): [room: string, files: string[]][] {
  const rooms = Map.groupBy(files, (file) => {
    const [room, ...rest] = file.slice(folder.length + 1).split("/");
    return rest.length === 0 ? folder : `${folder}/${room}`;
  });
  return [...rooms];
}

function roomJob(suite: Suite, room: string, files: readonly string[]): Job {
  return testJob(suite, room, FILES_OF_A_ROOM, { GRANARY_TEST_FILES: files.join("\n") });
}

function fileJob(suite: Suite, file: string): Job {
  return testJob(suite, file, file);
}

/** One process of tests; those that nobody timed begin, as the longest do. */
function testJob({ name }: Suite, title: string, program: string, more: Record<string, string> = {}): Job {
  const run = async () => {
    const started = Date.now();
    const ended = await runDeno([...TEST, program], false, more);
    const own = note(ended);
    if (own.failed > 0) console.log(ended.stdout + ended.stderr);
    const seconds = secondsSince(started);
    took[title] = Math.round(seconds);
    console.log(`${title}: ${tallyText(own)} (${seconds.toFixed(0)} s)`);
    add(name, own, seconds);
  };
  return { seconds: expected[title] ?? Infinity, run };
}

function note({ code, stdout, stderr }: Ended): Tally {
  const { tally, ignored } = tallyOf(code, stdout + stderr);
  skipped.push(...ignored);
  return tally;
}

function runDeno(args: readonly string[], shown: boolean, more: Record<string, string> = {}): Promise<Ended> {
  return runToEnd(Deno.execPath(), args, { cwd: root, env: { ...env, ...more }, shown });
}
