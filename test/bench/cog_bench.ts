/**
 * COGs by granary, by GDAL's COG driver and by rio-cogeo, from the same files, in turn, several times:
 * processor time, memory and size. Numbers are printed, never asserted.
 *
 *   deno task bench cog [--runs 3] [--only rain,temp,s2,omso2e]
 *
 * Granary and rio-cogeo are whole processes; of GDAL only the call of its driver counts, without Python's
 * start. The inputs come from the peers' script beside the shared data, or where GRANARY_SHARED_BENCH says; a
 * Python with rasterio, rio-cogeo and h5py is named by GRANARY_BENCH_PYTHON or GRANARY_TEST_PYTHON.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { peerScript } from "./granules.ts";
import { formatSpread, measure, spreadOf } from "./measure.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "rain,temp,s2,omso2e" },
    // Of another benchmark, beside which this one runs.
    granules: { type: "string" },
  },
});
const RUNS = Number(values.runs);
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = path.join(ROOT, "dist", "granary");
const PYTHON = process.env.GRANARY_BENCH_PYTHON ?? process.env.GRANARY_TEST_PYTHON ?? "python3";

/** Prints the processor time of the driver alone. */
const GDAL = `
import sys, resource, rasterio.shutil
def cpu():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
before = cpu()
rasterio.shutil.copy(sys.argv[1], sys.argv[2], driver="COG", compress="deflate", predictor="yes",
    overview_resampling="average", bigtiff="if_safer")
print(cpu() - before)`;

const RIO_COGEO = `
import sys
from rio_cogeo.cogeo import cog_translate
from rio_cogeo.profiles import cog_profiles
profile = cog_profiles.get("deflate") | {"predictor": int(sys.argv[3])}
cog_translate(sys.argv[1], sys.argv[2], profile, overview_resampling="average", quiet=True)`;

/** Every field of the granule, turned north up by hand: h5py and rio-cogeo cannot place it. */
const RIO_COGEO_OMI = `
import sys, os, h5py, numpy as np
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rio_cogeo.cogeo import cog_translate
from rio_cogeo.profiles import cog_profiles
with h5py.File(sys.argv[1]) as f:
    fields = f["HDFEOS/GRIDS/OMI Total Column Amount SO2/Data Fields"]
    for name, field in fields.items():
        a = field[()][::-1]
        fill = field.attrs["_FillValue"][0]
        profile = dict(driver="GTiff", width=a.shape[1], height=a.shape[0], count=1, dtype=a.dtype, nodata=fill,
            crs="EPSG:4326", transform=from_origin(-180, 90, .25, .25))
        with MemoryFile() as memory:
            with memory.open(**profile) as d: d.write(a, 1)
            with memory.open() as d:
                cog_translate(d, os.path.join(sys.argv[2], name + ".tif"), cog_profiles.get("deflate"),
                    overview_resampling="average", in_memory=True, quiet=True)`;

/** What of whose processor time granary is to take at most. */
const WANTED: ReadonlyMap<string, { of: string; most: number }> = new Map([
  ["rain", { of: "GDAL", most: 0.5 }],
  ["temp", { of: "GDAL", most: 0.5 }],
  ["s2", { of: "GDAL", most: 0.35 }],
  ["omso2e, 15 variables, with items", { of: "rio-cogeo", most: 0.5 }],
]);

interface Figures {
  cpu: number;
  peakBytes: number;
  bytes: number;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-cog-bench-"));
try {
  main();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function main(): void {
  if (!fs.existsSync(BINARY)) {
    spawnSync(Deno.execPath(), ["task", "compile"], { cwd: ROOT, stdio: "inherit" });
  }
  const script = peerScript("make_grids.py");
  const hasPeers = spawnSync(PYTHON, ["-c", "import rasterio, rio_cogeo, h5py"]).status === 0;
  if (!hasPeers || script === undefined || !hasSharedData) {
    throw new Error(
      "the peers' script, the shared data or a Python with rasterio, rio-cogeo and h5py is missing",
    );
  }
  const made = spawnSync(PYTHON, [script, folder, sharedData("cog/nocog.tif")], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
  console.log(`${os.availableParallelism()} cores, load ${os.loadavg()[0].toFixed(1)}, ${RUNS} runs each`);
  const asked = values.only.split(",");
  for (const name of ["rain", "temp", "s2"].filter((name) => asked.includes(name))) {
    const input = path.join(folder, `${name}_src.tif`);
    const predictor = name === "s2" ? "2" : "3";
    compare(name, {
      granary: () => granary(input),
      GDAL: () => python(GDAL, [input], true),
      "rio-cogeo": () => python(RIO_COGEO, [input], false, [predictor]),
    });
  }
  if (asked.includes("omso2e")) {
    const input = sharedData("omi/OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5");
    compare("omso2e, 15 variables", {
      granary: () => granary(input),
      "rio-cogeo": () => python(RIO_COGEO_OMI, [input], false),
    });
    compare("omso2e, 15 variables, with items", {
      granary: () => published(input),
      "rio-cogeo": () => python(RIO_COGEO_OMI, [input], false),
    });
  }
}

/** Each in its turn; one round before that counts for none. */
function compare(name: string, contestants: Record<string, () => Figures>): void {
  const figures = new Map(Object.keys(contestants).map((who) => [who, [] as Figures[]]));
  for (let round = 0; round <= RUNS; round++) {
    for (const [who, run] of Object.entries(contestants)) {
      const found = run();
      if (round > 0) figures.get(who)!.push(found);
    }
  }
  console.log(`\n${name}`);
  const own = figures.get("granary")!;
  const wanted = WANTED.get(name);
  for (const [who, all] of figures) {
    const ratio = spreadOf(own.map(({ cpu }, i) => cpu / all[i].cpu));
    console.log(
      `  ${who.padEnd(10)} ${formatSpread(spreadOf(all.map(({ cpu }) => cpu)))} s CPU, ` +
        `${(spreadOf(all.map(({ peakBytes }) => peakBytes)).median / 1e6).toFixed(0)} MB at most, ` +
        `${(all[0].bytes / 1e6).toFixed(2)} MB written` +
        (who === "granary" ? "" : `; granary's CPU is ${formatSpread(ratio)} of it`),
    );
    if (who === "granary") continue;
    addRow({
      what: `COG of ${name}: granary's CPU / ${who}'s`,
      figure: `${formatSpread(ratio)}; ${(own[0].bytes / 1e6).toFixed(1)} MB for ${
        (all[0].bytes / 1e6).toFixed(1)
      } MB`,
      wanted: wanted?.of === who ? `at most ${wanted.most}` : null,
    });
  }
}

function granary(input: string): Figures {
  const out = freshFolder();
  const cost = measure(BINARY, [
    "cog",
    input,
    "-o",
    out,
    "--workers",
    "1",
    "--quiet",
    "--json",
    "--cogs",
    "rewrite",
  ], folder);
  return { cpu: cost.cpu ?? NaN, peakBytes: cost.peakBytes ?? NaN, bytes: sizeOf(out) };
}

/** A dataset of one file: its COGs, their item and collection, in a catalog of files. */
function published(input: string): Figures {
  const out = freshFolder();
  const from = path.join(folder, "published");
  fs.rmSync(from, { recursive: true, force: true });
  fs.mkdirSync(path.join(from, "files"), { recursive: true });
  fs.symlinkSync(input, path.join(from, "files", path.basename(input)));
  const dataset = path.join(from, "omso2e.yaml");
  fs.writeFileSync(
    dataset,
    `dataset: OMSO2e.003
discover:
  - {from: local, path: ${JSON.stringify(path.join(from, "files"))}}
collection: {title: OMSO2e, license: CC0-1.0}
publish:
  - {to: ${JSON.stringify(out)}}
`,
  );
  const cost = measure(BINARY, ["publish", "run", dataset, "--workers", "1", "--quiet"], from);
  return { cpu: cost.cpu ?? NaN, peakBytes: cost.peakBytes ?? NaN, bytes: sizeOf(out) };
}

/** `tellsCpu` where the program prints the processor time that counts. */
function python(program: string, args: string[], tellsCpu: boolean, more: string[] = []): Figures {
  const out = freshFolder();
  const place = args[0].endsWith(".tif") ? path.join(out, "made.tif") : out;
  const cost = measure(PYTHON, ["-c", program, ...args, place, ...more], folder);
  const cpu = tellsCpu ? Number(cost.stdout) : cost.cpu ?? NaN;
  return { cpu, peakBytes: cost.peakBytes ?? NaN, bytes: sizeOf(out) };
}

function freshFolder(): string {
  const out = path.join(folder, "out");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out);
  return out;
}

function sizeOf(place: string): number {
  return fs.readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
}
