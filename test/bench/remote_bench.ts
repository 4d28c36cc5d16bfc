/**
 * What distance costs: granules in an S3 whose requests take their time and share one line, a store written to such an
 * S3, and both on the disk beside them. The S3 is a process of its own, so that its work is not counted as granary's, but it
 * shares the cores. Numbers are printed, never judged; beside them stands the bar, 1.3 times what the line alone takes:
 * the larger of (requests x latency / requests at once) and (bytes / bytes a second).
 *
 *   deno task bench remote [--granules 48] [--runs 5] [--latency 50] [--megabytes 100] [--from FOLDER]
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import type { LineOfS3, SeenOnLine } from "../support/line_server.ts";
import { type SlowS3, startSlowS3 } from "../support/slow_s3_process.ts";
import { granulesIn, makeGranules } from "./granules.ts";
import { type Cost, formatSpread, measure, spreadOf } from "./measure.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    granules: { type: "string", default: "48" },
    runs: { type: "string", default: "5" },
    /** Milliseconds a request. */
    latency: { type: "string", default: "50" },
    /** Megabytes a second, of all requests together. */
    megabytes: { type: "string", default: "100" },
    /** A folder of granules that are there. */
    from: { type: "string" },
  },
});
const RUNS = Number(values.runs);
const LINE: LineOfS3 = {
  latencyMs: Number(values.latency),
  bytesASecond: Number(values.megabytes) * 1e6,
};
/** How much longer than the line alone a run may take. */
const ALLOWED = 1.3;
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = path.join(ROOT, "dist", "granary");

interface Measured {
  cost: Cost;
  seen: SeenOnLine;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-remote-bench-"));
let stores = 0;
try {
  await main();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  if (!fs.existsSync(BINARY)) {
    spawnSync(Deno.execPath(), ["task", "compile"], { cwd: ROOT, stdio: "inherit" });
  }
  const granules = path.join(folder, "s3", "granules");
  fs.mkdirSync(path.dirname(granules));
  if (values.from === undefined) makeGranules(granules, Number(values.granules), BINARY);
  else linkGranules(values.from, granules);
  const s3 = await startSlowS3(path.join(folder, "s3"), LINE);
  try {
    await measureAll(s3, granules);
  } finally {
    await s3.stop();
  }
}

function linkGranules(from: string, to: string): void {
  fs.mkdirSync(to);
  for (const file of granulesIn(from).slice(0, Number(values.granules))) {
    fs.symlinkSync(path.resolve(file), path.join(to, path.basename(file)));
  }
}

async function measureAll(s3: SlowS3, granules: string): Promise<void> {
  const count = granulesIn(granules).length;
  const line = `${values.latency} ms a request and ${values.megabytes} MB/s`;
  measure(BINARY, ["catalog", "build", "--from", "local", granules, "-o", "here.parquet", "--quiet"], folder);
  moveCatalog();
  const contestants = new Map<string, () => Cost>([
    [`aggregate of ${count} granules in an S3 of ${line}`, () => aggregate("there", "", s3)],
    [`aggregate of ${count} granules, its store in an S3 of ${line}`, () => {
      return aggregate("here", "s3://stores/", s3);
    }],
    [`aggregate of ${count} granules and its store in that S3`, () => aggregate("there", "s3://stores/", s3)],
    [`aggregate of ${count} granules, all on one disk`, () => aggregate("here", "", s3)],
  ]);
  for (const [what, list] of await inTurn(contestants, s3)) show(what, list);
}

/** The same rows, their granules in the bucket. */
function moveCatalog(): void {
  const moved = "select * replace ('s3://granules/' as s3_base, null as local_base) from granules";
  const file = fs.openSync(path.join(folder, "there.parquet"), "w");
  const args = ["catalog", "sql", "here.parquet", moved, "--format", "parquet"];
  const { status } = spawnSync(BINARY, args, { cwd: folder, stdio: ["ignore", file, "inherit"] });
  fs.closeSync(file);
  if (status !== 0) throw new Error("the catalog could not be moved");
}

/** Each into a store of its own, taken away in the end: files removed a moment before make new ones dearer on ext4. */
function aggregate(catalog: string, base: string, s3: SlowS3): Cost {
  const store = `${base}${stores++}.zarr`;
  const given = ["-c", "atl06", "--catalog", `${catalog}.parquet`, "-o", store, "--quiet"];
  return measure(BINARY, ["aggregate", ...given], folder, s3.env);
}

/** A B C A B C …, after one round that is not counted. */
async function inTurn(
  contestants: ReadonlyMap<string, () => Cost>,
  s3: SlowS3,
): Promise<Map<string, Measured[]>> {
  const all = new Map<string, Measured[]>([...contestants.keys()].map((what) => [what, []]));
  for (let round = 0; round <= RUNS; round++) {
    for (const [what, run] of contestants) {
      await s3.forget();
      const cost = run();
      const seen = await s3.seen();
      if (round > 0) all.get(what)!.push({ cost, seen });
    }
  }
  return all;
}

function show(what: string, list: readonly Measured[]): void {
  const of = (figure: (one: Measured) => number) => spreadOf(list.map(figure)).median;
  const cpus = list.flatMap(({ cost }) => cost.cpu === null ? [] : [cost.cpu]);
  const seconds = `${formatSpread(spreadOf(list.map(({ cost }) => cost.wall)))} s` +
    (cpus.length === 0 ? "" : `, ${formatSpread(spreadOf(cpus))} s CPU`);
  const bytes = of(({ seen }) => Math.max(seen.sentBytes, seen.receivedBytes));
  const requests = of(({ seen }) => seen.requests);
  const atOnce = of(({ seen }) => seen.mostAtOnce);
  const figure = requests === 0
    ? seconds
    : `${seconds}; ${requests} requests, ${Math.round(bytes / 1e6)} MB, ${atOnce} at once`;
  const least = Math.max(
    requests * LINE.latencyMs / 1000 / Math.max(1, atOnce),
    bytes / LINE.bytesASecond,
  );
  const wanted = requests === 0 ? null : `${(ALLOWED * least).toFixed(1)} s`;
  console.log(`  ${what}\n    ${figure}${wanted === null ? "" : `; bar ${wanted}`}`);
  addRow({ what, figure, wanted });
}
