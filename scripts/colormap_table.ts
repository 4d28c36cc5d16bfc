/**
 * Makes the table of colormaps, `core/raster/colour/colormap_table.ts`, from matplotlib, cmocean and
 * rio-tiler, whose names and bytes it holds.
 *
 *   deno run -A scripts/colormap_table.ts PYTHON      (a Python that has the three)
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { brotliCompressSync, constants } from "node:zlib";

/** Every map sampled at 256 places from end to end, as rio-tiler's own are; lower-case names, sorted. */
const SAMPLE = `
import json, sys
import cmocean, matplotlib, numpy as np
from rio_tiler.colormap import cmap
theirs = {name.lower(): name for name in matplotlib.colormaps}
places = np.linspace(0, 1, 256)
out = {}
for name in sorted(cmap.list()):
    base = name.removesuffix("_r")
    # "gray" is of both: rio-tiler's is matplotlib's.
    found = matplotlib.colormaps[theirs[base]] if base in theirs else cmocean.cm.cmap_d.get(base)
    if found is None:
        rgb = [[int(c) for c in cmap.get(name)[i][:3]] for i in range(256)]
    else:
        rgb = (found.reversed() if base != name else found)(places, bytes=True)[:, :3].tolist()
    out[name] = rgb
print(json.dumps(out))
`;

const python = process.argv[2];
const run = spawnSync(python, ["-c", SAMPLE], { encoding: "utf8", maxBuffer: 1 << 26 });
if (run.status !== 0) throw new Error(run.stderr);
const maps: Record<string, number[][]> = JSON.parse(run.stdout);
const names = Object.keys(maps);

/** Steps from colour to colour, channel after channel: small numbers, which compress. */
function steps(colours: number[][]): number[] {
  return [0, 1, 2].flatMap((channel) =>
    colours.map((colour, i) => colour[channel] - (i === 0 ? 0 : colours[i - 1][channel]) & 255)
  );
}

/** What a reversed map differs by from its map read backwards: a rounding here and there. */
function differences(colours: number[][], forward: number[][]): number[] {
  return [0, 1, 2].flatMap((channel) =>
    colours.map((colour, i) => colour[channel] - forward[255 - i][channel] & 255)
  );
}

const bytes = Uint8Array.from(names.flatMap((name) => {
  const forward = maps[name.replace(/_r$/, "")];
  return name.endsWith("_r") && forward !== undefined ? differences(maps[name], forward) : steps(maps[name]);
}));
const packed = brotliCompressSync(bytes, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  },
}).toString("base64");
const file = path.resolve(import.meta.dirname!, "..", "core/raster/colour/colormap_table.ts");
fs.writeFileSync(
  file,
  `/** Made by scripts/colormap_table.ts: names of colormaps, and their bytes in brotli in base64. */
export const COLORMAP_TABLE_NAMES =
  "${names.join(" ")}";
export const COLORMAP_TABLE =
  "${packed}";
`,
);
console.log(`${names.length} colormaps, ${packed.length} characters`);
