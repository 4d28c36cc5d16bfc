/**
 * Colormaps by name: matplotlib's and cmocean's, byte for byte, each also the other way round (`_r`), and
 * three of rio-tiler's own.
 */
import { Buffer } from "node:buffer";
import { brotliDecompressSync } from "node:zlib";
import { inputError } from "../../errors.ts";
import { nearest } from "../../suggest.ts";
import { COLORMAP_TABLE, COLORMAP_TABLE_NAMES } from "./colormap_table.ts";

/** All names, sorted. */
export const COLORMAP_NAMES: readonly string[] = COLORMAP_TABLE_NAMES.split(" ");

/** Maps whose middle is a value of its own: drawn over a range that is symmetric about it. */
const DIVERGING =
  "balance brbg bwr coolwarm curl delta diff piyg prgn puor rdbu rdgy rdylbu rdylgn seismic spectral tarn"
    .split(" ");

const COLOURS = 256;
const CHANNELS = 3;
const MAP_BYTES = COLOURS * CHANNELS;

let table: Uint8Array | undefined;
const known = new Map<string, Uint8Array>();

/** 256 colours from low to high, red, green, blue. Throws an input error for a name that is not known. */
export function namedColormap(name: string): Uint8Array {
  const found = known.get(name);
  if (found !== undefined) return found;
  const index = COLORMAP_NAMES.indexOf(name);
  if (index === -1) {
    const near = nearest(name, COLORMAP_NAMES);
    throw inputError(
      `colormap "${name}" is unknown` + (near === undefined ? "" : ` (did you mean ${near}?)`) +
        `; wanted one of ${COLORMAP_NAMES.filter((one) => !one.endsWith("_r")).join(", ")}, ` +
        "or most of them with _r, the other way round",
    );
  }
  table ??= brotliDecompressSync(Buffer.from(COLORMAP_TABLE, "base64"));
  const bytes = table.subarray(index * MAP_BYTES, (index + 1) * MAP_BYTES);
  const forward = name.replace(/_r$/, "");
  const colours = forward !== name && COLORMAP_NAMES.includes(forward)
    ? fromDifferences(bytes, namedColormap(forward))
    : fromSteps(bytes);
  known.set(name, colours);
  return colours;
}

/** Whether a map has a middle of its own. */
export function isDiverging(name: string): boolean {
  return DIVERGING.includes(name.replace(/_r$/, ""));
}

/** The table holds steps from colour to colour, channel after channel. */
function fromSteps(bytes: Uint8Array): Uint8Array {
  const colours = new Uint8Array(MAP_BYTES);
  for (let channel = 0; channel < CHANNELS; channel++) {
    let value = 0;
    for (let i = 0; i < COLOURS; i++) {
      value += bytes[channel * COLOURS + i];
      colours[CHANNELS * i + channel] = value;
    }
  }
  return colours;
}

/** Of a reversed map, what it differs by from the other read backwards. */
function fromDifferences(bytes: Uint8Array, forward: Uint8Array): Uint8Array {
  const colours = new Uint8Array(MAP_BYTES);
  for (let channel = 0; channel < CHANNELS; channel++) {
    for (let i = 0; i < COLOURS; i++) {
      colours[CHANNELS * i + channel] = forward[CHANNELS * (COLOURS - 1 - i) + channel] +
        bytes[channel * COLOURS + i];
    }
  }
  return colours;
}
