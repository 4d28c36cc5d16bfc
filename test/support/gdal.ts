/** GDAL's own Python programs (Debian: python3-gdal), which know more of its files than the wheels of PyPI. */
import { spawnSync } from "node:child_process";

const PYTHON = "/usr/bin/python3";

export const hasGdal: boolean =
  spawnSync(PYTHON, ["-c", "import osgeo_utils.samples.validate_cloud_optimized_geotiff"], {
    stdio: "ignore",
  })
    .status === 0;

/** Runs a program with arguments; what it prints is JSON. */
export function askGdal(program: string, ...args: string[]): unknown {
  const run = spawnSync(PYTHON, ["-c", program, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`GDAL failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout);
}
