/** Granules to measure with, the same for granary and its peers. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { sharedData } from "../shared_data.ts";

/** The folder of the peers' scripts: make_granules.py and numpy_baseline.py. */
const SCRIPTS = process.env.GRANARY_SHARED_BENCH ?? sharedData("../bench");

/** A Python with the peers' modules, or undefined. */
export function peerPython(): string | undefined {
  const named = [process.env.GRANARY_BENCH_PYTHON, process.env.GRANARY_TEST_PYTHON, "python3"];
  return named.find((python) =>
    python && spawnSync(python, ["-c", "import h5py, healpy, numpy"], { stdio: "ignore" }).status === 0
  );
}

/** The path of a peer's script, or undefined where it is not there. */
export function peerScript(name: string): string | undefined {
  const file = path.resolve(SCRIPTS, name);
  return fs.existsSync(file) ? file : undefined;
}

/** Writes granules into `folder` (which is new), by the peers' script or else by `granary simulate`. */
export function makeGranules(folder: string, count: number, binary: string): string[] {
  const python = peerPython(), script = peerScript("make_granules.py");
  const [program, args] = python !== undefined && script !== undefined
    ? [python, [script, folder, String(count)]]
    : [binary, ["simulate", folder, "--granules", String(count), "--rows", "90000", "--quiet"]];
  const run = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (run.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${run.error?.message ?? run.stderr}`);
  return granulesIn(folder);
}

/** The granules of a folder, by name. */
export function granulesIn(folder: string): string[] {
  return fs.readdirSync(folder).filter((name) => name.endsWith(".h5")).sort().map((name) =>
    path.join(folder, name)
  );
}

/** `times` as many granules in `folder`: links to the same bytes under names of other days. */
export function multiplyGranules(files: readonly string[], folder: string, times: number): string[] {
  fs.mkdirSync(folder);
  for (let day = 1; day <= times; day++) {
    for (const file of files) {
      const name = path.basename(file).replace(/^(ATL\d\d_\d{6})\d\d/, `$1${String(day).padStart(2, "0")}`);
      fs.linkSync(file, path.join(folder, name));
    }
  }
  const made = granulesIn(folder);
  if (made.length !== times * files.length) throw new Error(`${folder}: names of granules collide`);
  return made;
}
