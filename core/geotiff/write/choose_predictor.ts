/**
 * Which predictor makes a grid's tiles small: tried on rows of the first tile that holds more than one value.
 * Differences help fields that change from cell to cell; they hurt repeated values and large empty parts.
 */
import { makeValues } from "../../element_types.ts";
import { repeatedCells } from "../../kernels/repeated_cells.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";
import { type Compression, compressNow, packedLength } from "./compress.ts";
import { type Predictor, predictorOf, tileBytes } from "./predictor.ts";

/** Rows that are tried, in groups over the height of the tile. */
const GROUPS = 4;
const GROUP_ROWS = 16;

/** The one of the type's own predictor and of none by which the sample takes less room. `out` gets a tile's bytes. */
export function choosePredictor(
  bands: readonly GridValues[],
  width: number,
  height: number,
  tileSize: number,
  dtype: GridDtype,
  { name }: Compression,
  out: Uint8Array<ArrayBuffer>,
): Predictor {
  const rows = sampleRows(height);
  const rowBytes = out.length / tileSize;
  const sample = new Uint8Array(rows.length * rowBytes);
  const size = (predictor: Predictor) => {
    tileBytes(bands, width, height, tileSize, dtype, predictor, out);
    rows.forEach((row, i) => sample.set(out.subarray(row * rowBytes, (row + 1) * rowBytes), i * rowBytes));
    return packedLength(compressNow(sample, { name, level: 1 }));
  };
  const own = predictorOf(dtype);
  return size(1) < size(own) ? 1 : own;
}

function sampleRows(height: number): number[] {
  if (height <= GROUPS * GROUP_ROWS) return Array.from({ length: height }, (_, row) => row);
  const step = (height - GROUP_ROWS) / (GROUPS - 1);
  return Array.from(
    { length: GROUPS * GROUP_ROWS },
    (_, i) => Math.round(Math.floor(i / GROUP_ROWS) * step) + i % GROUP_ROWS,
  );
}

/** The bits of cells: NaNs and zeros are not all alike. */
type Bits = Exclude<GridValues, Float32Array | Float64Array> | BigInt64Array;

function bitsOf(values: GridValues): Bits {
  if (values instanceof Float64Array) {
    return new BigInt64Array(values.buffer, values.byteOffset, values.length);
  }
  if (values instanceof Float32Array) return new Int32Array(values.buffer, values.byteOffset, values.length);
  return values;
}

/** Whether every band of a tile holds one value. */
export function isConstant(bands: readonly GridValues[]): boolean {
  return bands.every((values) => repeatedCells(values) === values.length);
}

/** `length` cells of the bits of the only one of `first`. */
export function repeated(first: GridValues, length: number, dtype: GridDtype): GridValues {
  const values = makeValues(dtype, length);
  const to = bitsOf(values), [bits] = bitsOf(first);
  if (to instanceof BigInt64Array) to.fill(bits as bigint);
  else to.fill(bits as number);
  return values;
}
