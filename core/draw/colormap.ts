/** The colours of maps: the same tables as those of served tiles. */
import { COLORMAP_NAMES, isDiverging, namedColormap } from "../raster/colour/colormaps.ts";
import type { Colour } from "./canvas.ts";

export const DEFAULT_COLORMAP = "viridis";

/** A few of the names, for help; the answer to an unknown name lists all. */
export const COLORMAP_EXAMPLES: readonly string[] = [
  "viridis",
  "magma",
  "cividis",
  "thermal",
  "ice",
  "deep",
  "balance",
  "rdbu",
  "gray",
];

/** 256 colours from low to high, three bytes each. */
export type Colormap = Uint8Array;

const STEPS = 256;
const REVERSED = "-reversed";

/**
 * The colour map of a name of matplotlib's or cmocean's; `_r` or `-reversed` after it turns it round. Throws
 * an input error for others.
 */
export function colormap(name: string): Colormap {
  if (!name.endsWith(REVERSED)) return namedColormap(name);
  const base = name.slice(0, -REVERSED.length);
  const opposite = base.endsWith("_r") ? base.slice(0, -2) : `${base}_r`;
  return COLORMAP_NAMES.includes(opposite) ? namedColormap(opposite) : backwards(namedColormap(base));
}

/** Whether a map's middle is a value of its own. */
export function isDivergingMap(name: string): boolean {
  return isDiverging(name.endsWith(REVERSED) ? name.slice(0, -REVERSED.length) : name);
}

function backwards(map: Colormap): Colormap {
  const turned = new Uint8Array(map.length);
  for (let step = 0; step < STEPS; step++) {
    turned.set(map.subarray(3 * step, 3 * step + 3), 3 * (STEPS - 1 - step));
  }
  return turned;
}

/** The colour at `t`, 0 for the lowest and 1 for the highest; beyond them the ends. */
export function colourAt(map: Colormap, t: number): Colour {
  const step = 3 * Math.min(STEPS - 1, Math.max(0, Math.floor(t * STEPS)));
  return [map[step], map[step + 1], map[step + 2]];
}
