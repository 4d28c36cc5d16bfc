/** A GeoTIFF of pixels: their values as they are, and opacity as a last band where some have none. */
import { Buffer } from "node:buffer";
import { compressNow } from "../../geotiff/write/compress.ts";
import { type Directory, type Field, headerBytes, writeHeader } from "../../geotiff/write/directory.ts";
import { geoKeys, placeFields } from "../../geotiff/write/geokeys.ts";
import { inputError } from "../../errors.ts";
import type { GridValues } from "../grid.ts";
import { anyValid, type OutputGrid, type Pixels } from "../pixels.ts";

const TILE = 256;
/** Served once, and made while somebody waits. */
const DEFLATE = { name: "deflate", level: 1 } as const;
const DEFLATE_TAG = 8;
/** Opacity that colours are not multiplied with. */
const ALPHA = 2;
const OPAQUE = 255;
const SIGNED = 2, UNSIGNED = 1, FLOATING = 3;

/**
 * The bytes of a file, in tiles of 256 pixels, deflated. The opacity is 255 where any band has a value, in the
 * bands' own type. Throws an input error for bands of different types, and for a system that GeoTIFF can't tell.
 */
export function encodeGeotiff(pixels: Pixels, output: OutputGrid, withMask: boolean): Uint8Array {
  const { width, height } = pixels;
  const [first] = pixels.bands;
  if (pixels.bands.some((band) => band.constructor !== first.constructor)) {
    throw inputError("bands of a GeoTIFF have one type, these have several (compute or choose one)");
  }
  const bands: readonly ArrayLike<number>[] = withMask
    ? [...pixels.bands, anyValid(pixels).map((valid) => valid * OPAQUE)]
    : pixels.bands;
  const blocks: Uint8Array[] = [];
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      blocks.push(Buffer.concat(compressNow(tileBytes(bands, first, pixels, x, y), DEFLATE)));
    }
  }
  const offsets = new Float64Array(blocks.length);
  const lengths = Uint32Array.from(blocks, ({ length }) => length);
  const colours = pixels.bands.length === 3 && (first instanceof Uint8Array || first instanceof Uint16Array);
  const directory: Directory = ([
    { tag: 256, type: "long", values: [width] },
    { tag: 257, type: "long", values: [height] },
    short(258, new Array(bands.length).fill(first.BYTES_PER_ELEMENT * 8)),
    short(259, [DEFLATE_TAG]),
    short(262, [colours ? 2 : 1]),
    short(277, [bands.length]),
    short(284, [1]),
    short(322, [TILE]),
    short(323, [TILE]),
    { tag: 324, type: "offsets", values: offsets },
    { tag: 325, type: "counts", values: lengths },
    short(338, extraSamples(bands.length - (colours ? 3 : 1), withMask)),
    short(339, new Array(bands.length).fill(sampleFormat(first))),
    ...placeFields(output.affine),
    ...geoKeys(output.crs),
  ] satisfies Field[]).filter((field) => !("values" in field) || field.values.length > 0)
    .sort((a, b) => a.tag - b.tag);
  // Each block stands between its length and its last bytes once more: so GDAL reads without the directory.
  let end = headerBytes([directory], false);
  blocks.forEach(({ length }, i) => {
    offsets[i] = end + 4;
    end += 4 + length + 4;
  });
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set(writeHeader([directory], false));
  blocks.forEach((block, i) => {
    view.setUint32(offsets[i] - 4, block.length, true);
    file.set(block, offsets[i]);
    file.copyWithin(offsets[i] + block.length, offsets[i] + block.length - 4, offsets[i] + block.length);
  });
  return file;
}

function short(tag: number, values: readonly number[]): Field {
  return { tag, type: "short", values };
}

function extraSamples(count: number, withMask: boolean): number[] {
  return Array.from({ length: count }, (_, i) => withMask && i === count - 1 ? ALPHA : 0);
}

function sampleFormat(values: GridValues): number {
  if (values instanceof Float32Array || values instanceof Float64Array) return FLOATING;
  return values instanceof Int8Array || values instanceof Int16Array || values instanceof Int32Array
    ? SIGNED
    : UNSIGNED;
}

/** Samples of one tile, side by side; little-endian, as all machines that this runs on are. */
function tileBytes(
  bands: readonly ArrayLike<number>[],
  like: GridValues,
  { width, height }: Pixels,
  x0: number,
  y0: number,
): Uint8Array {
  const tile = new (like.constructor as new (length: number) => GridValues)(TILE * TILE * bands.length);
  const columns = Math.min(TILE, width - x0);
  const rows = Math.min(TILE, height - y0);
  bands.forEach((band, b) => {
    for (let y = 0; y < rows; y++) {
      let from = (y0 + y) * width + x0;
      let to = y * TILE * bands.length + b;
      for (let x = 0; x < columns; x++, to += bands.length) tile[to] = band[from++];
    }
  });
  return new Uint8Array(tile.buffer);
}
