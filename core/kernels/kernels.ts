/**
 * Loops over cells and bytes as WebAssembly, whose vectors do what no compiler makes of the same loop in TypeScript.
 * They stand in `kernels/`, with what each does; they are compiled when the first is called, in less than two
 * milliseconds.
 */
import { Buffer } from "node:buffer";
import { workerData } from "node:worker_threads";
import { KERNEL_CODE } from "./code.ts";

/** Means of 2 x 2 cells; strides are bytes from one row to the next, `empty` may be NaN for none. */
type Average = (
  from: number,
  stride: number,
  width: number,
  height: number,
  to: number,
  toStride: number,
  empty: number,
  instead: number,
) => void;

/** `to[i] = a[i] op b[i]`; a step is the bytes from one pair of an argument to the next, 0 for a number. */
type Arithmetic = (to: number, a: number, aStep: number, b: number, bStep: number, rows: number) => void;

/** Elements of the rows that are listed as uint32, one after the other. */
type Gather = (from: number, list: number, count: number, to: number) => void;

/** Lists rows by their cells, and the cells that have any; returns how many do. */
type Group = (
  children: number,
  rows: number,
  slots: number,
  most: number,
  order: number,
  cells: number,
  starts: number,
) => number;

/** Writes listed rows as float64; returns whether all are finite: 1 or 0. */
type Take = (from: number, order: number, rows: number, to: number) => number;

/** Writes NaN where a value equals `fill`. */
type Erase = (values: number, rows: number, fill: number) => void;

/** Clears bits of a uint32 a row where its value is not finite. */
type Mark = (values: number, rows: number, alive: number, kill: number) => void;

/** Arguments that name places are bytes of the memory. A number without a sign may come as one with it. */
export interface Kernels {
  addRows: Arithmetic;
  adler32(at: number, length: number, start: number): number;
  assignCells(
    longitudes: number,
    latitudes: number,
    rows: number,
    coefficients: number,
    order: number,
    depth: number,
    places: number,
    parents: number,
    children: number,
  ): number;
  averageFloats: Average;
  averageInt8: Average;
  averageUint8: Average;
  averageInt16: Average;
  averageUint16: Average;
  averageInt32: Average;
  averageUint32: Average;
  copyRows(
    from: number,
    stride: number,
    to: number,
    toStride: number,
    bytes: number,
    rows: number,
  ): void;
  countFloats(at: number, length: number, limits: number, nodata: number, counts: number): void;
  divideRows: Arithmetic;
  eraseFloat32: Erase;
  eraseFloat64: Erase;
  extremeCells(leasts: number, mosts: number, x: number, starts: number, cells: number): void;
  gather4: Gather;
  gather8: Gather;
  gatherHalves: Gather;
  groupHalves: Group;
  groupWords: Group;
  keepRows(
    parents: number,
    passes: number,
    alive: number,
    rows: number,
    kept: number,
    runParents: number,
    runStarts: number,
    counts: number,
  ): void;
  markFloat32: Mark;
  markFloat64: Mark;
  multiplyRows: Arithmetic;
  /** What {@linkcode packCells} works in. */
  PACK_BYTES: WebAssembly.Global;
  packCells(to: number, cells: number, count: number, fill: number, scratch: number): number;
  passBytes(passes: number, bytes: number, rows: number, first: number, more: number): void;
  selectRanks(
    x: number,
    starts: number,
    cells: number,
    scratch: number,
    requests: number,
    count: number,
  ): void;
  interleaveMask(values: number, mask: number, count: number, to: number): void;
  nearestCells(
    mesh: number,
    patches: number,
    width: number,
    pixels: number,
    columns: number,
    rows: number,
    turns: boolean,
    cells: number,
  ): void;
  scaleNumbers(at: number, mask: number, count: number, scale: number, offset: number): void;
  scaleToBytes(
    from: number,
    mask: number,
    count: number,
    low: number,
    high: number,
    width: number,
    to: number,
  ): void;
  repeatedBytes(at: number, length: number, size: number): number;
  splitFloats(from: number, width: number, height: number, tileSize: number, to: number): void;
  /** Cell k owns rows `starts[k]` to `starts[k + 1]`. */
  squaresCells(to: number, x: number, means: number, starts: number, cells: number): void;
  subtractRows: Arithmetic;
  sumCells(to: number, x: number, starts: number, cells: number): void;
  sumFloats(at: number, length: number, nodata: number, about: number, sums: number): void;
  takeFloat32: Take;
  takeFloat64: Take;
}

let code: WebAssembly.Module | undefined;

/** The kernels' code: what was given to this thread when it was made, or compiled here. */
export function kernelModule(): WebAssembly.Module {
  const given = (workerData as { kernels?: unknown } | null)?.kernels;
  return code ??= given instanceof WebAssembly.Module
    ? given
    : new WebAssembly.Module(Buffer.from(KERNEL_CODE, "base64"));
}

/** The kernels over a memory of their own. */
export function kernelsOver(memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(kernelModule(), { env: { memory } }).exports as unknown as Kernels;
}
