/**
 * Loops over typed arrays that kernels of WebAssembly do not do: the rarer operations on rows, and sums of cells that are
 * reduced in parts. They allocate nothing. Cell k owns rows `starts[k]` to `starts[k + 1]`.
 */
import { BINARY, UNARY } from "../../core/expressions/operations.ts";

/** `out[i] = op(a[i])` for i < length. */
export type UnaryKernel = (out: Float64Array, a: Float64Array, length: number) => void;
/** `out[i] = op(a[i], b[i])` for i < length; a number stands for itself in every row. */
export type BinaryKernel = (
  out: Float64Array,
  a: Float64Array | number,
  b: Float64Array | number,
  length: number,
) => void;

/** The loop of an operation of one argument. */
export function unaryKernel(op: string): UnaryKernel {
  const operation = UNARY[op];
  return (out, a, length) => {
    for (let i = 0; i < length; i++) out[i] = operation(a[i]);
  };
}

/** The loop of an operation of two arguments. */
export function binaryKernel(op: string): BinaryKernel {
  const operation = BINARY[op];
  return (out, a, b, length) => {
    if (typeof a === "number") {
      for (let i = 0; i < length; i++) out[i] = operation(a, (b as Float64Array)[i]);
    } else if (typeof b === "number") { for (let i = 0; i < length; i++) out[i] = operation(a[i], b); }
    else for (let i = 0; i < length; i++) out[i] = operation(a[i], b[i]);
  };
}

/** `out[i] = condition[i] ? a[i] : b[i]`. */
export function chooseRows(
  out: Float64Array,
  condition: Float64Array,
  a: Float64Array | number,
  b: Float64Array | number,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    const chosen = condition[i] !== 0 ? a : b;
    out[i] = typeof chosen === "number" ? chosen : chosen[i];
  }
}

/** Each cell's value in each of its rows. */
export function spreadCells(
  out: Float64Array,
  values: Float64Array,
  starts: Uint32Array,
  cells: number,
): void {
  for (let k = 0; k < cells; k++) out.fill(values[k], starts[k], starts[k + 1]);
}

export function countCells(out: Float64Array, starts: Uint32Array, cells: number): void {
  for (let k = 0; k < cells; k++) out[k] = starts[k + 1] - starts[k];
}

/**
 * A sum and what rounding has taken from it so far (Knuth's TwoSum; Ogita, Rump and Oishi 2005): as exact as
 * in twice the precision, in row order, so that a cell of many rows may be summed in parts to the same bits.
 */
export interface CompensatedSum {
  sum: number;
  lost: number;
}

/** The sum with what it lost; where it overflowed there is nothing to give back. */
export function compensated(sum: number, lost: number): number {
  return lost - lost === 0 ? sum + lost : sum;
}

/** Adds `x[0..rows)`. */
export function addRows(into: CompensatedSum, x: Float64Array, rows: number): void {
  let { sum, lost } = into;
  for (let i = 0; i < rows; i++) {
    const value = x[i], next = sum + value, added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }
  into.sum = sum;
  into.lost = lost;
}

/** Adds `(x[i] - mean)^2` of `rows` rows. */
export function addSquares(into: CompensatedSum, x: Float64Array, mean: number, rows: number): void {
  let { sum, lost } = into;
  for (let i = 0; i < rows; i++) {
    const deviation = x[i] - mean, value = deviation * deviation, next = sum + value, added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }
  into.sum = sum;
  into.lost = lost;
}
