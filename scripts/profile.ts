/**
 * Where the time of an aggregation goes: simulated granules (or those of a folder) through the sources, all
 * on one thread, under Bun's sampling profiler; prints the functions that took most of it.
 *
 *   deno task profile [--granules 12] [--rows 50000] [--from FOLDER] [--levels 6-12] [--top 30] [--keep FILE]
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    granules: { type: "string", default: "12" },
    rows: { type: "string", default: "50000" },
    from: { type: "string" },
    levels: { type: "string", default: "12" },
    top: { type: "string", default: "30" },
    keep: { type: "string" },
  },
});

/** The parts of a Chrome profile that are needed: sampled nodes and the microseconds between samples. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

const root = path.resolve(import.meta.dirname!, "..");
const bun = path.join(root, "node_modules", ".bin", "bun");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-profile-"));

function runBun(args: readonly string[]): string {
  const run = spawnSync(bun, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`bun ${args.join(" ")}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}

/** Time of each function itself, not of what it calls. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): { place: string; milliseconds: number }[] {
  const places = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
    const file = url === ""
      ? ""
      : `  ${path.relative(root, url.replace(/^file:\/\//, ""))}:${lineNumber + 1}`;
    return [id, `${functionName || "(anonymous)"}${file}`];
  }));
  const times = new Map<string, number>();
  samples.forEach((node, i) => {
    const place = places.get(node) ?? "?";
    times.set(place, (times.get(place) ?? 0) + timeDeltas[i] / 1000);
  });
  return [...times].map(([place, milliseconds]) => ({ place, milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

try {
  const main = path.join(root, "cli", "main.ts");
  const granules = values.from === undefined ? path.join(folder, "granules") : path.resolve(values.from);
  if (values.from === undefined) {
    runBun([main, "simulate", granules, "--granules", values.granules, "--rows", values.rows, "--quiet"]);
  }
  const catalog = path.join(folder, "catalog.parquet");
  runBun([main, "catalog", "build", "--from", "local", granules, "-c", "atl06", "-o", catalog, "--quiet"]);
  const profile = path.join(folder, "run.cpuprofile");
  const seconds = runBun([
    "--cpu-prof",
    "--cpu-prof-dir",
    folder,
    "--cpu-prof-name",
    path.basename(profile),
    path.join(root, "test", "bench", "profile_run.ts"),
    catalog,
    path.join(folder, "store.zarr"),
    values.levels,
  ]);
  const times = selfTimes(JSON.parse(fs.readFileSync(profile, "utf8")) as Profile);
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  console.log(
    `seconds: ${seconds.trim()}\n${(total / 1000).toFixed(2)} s sampled; functions by their own time:`,
  );
  for (const { place, milliseconds } of times.slice(0, Number(values.top))) {
    const share = (100 * milliseconds / total).toFixed(1);
    console.log(`${milliseconds.toFixed(0).padStart(7)} ms ${share.padStart(5)} %  ${place}`);
  }
  if (values.keep !== undefined) fs.copyFileSync(profile, values.keep);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
