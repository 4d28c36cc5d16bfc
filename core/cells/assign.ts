/** Cells of many points at once: the form that the engine calls, without allocation per row. */
import { giveBack, type KernelMemory, memoryOf, takeMemory } from "../kernels/memory.ts";
import { checkOrder, type LatitudeConvention, MAX_NUMBER_ORDER, MAX_ORDER } from "./convention.ts";
import { coefficientsOf } from "./projection.ts";

/** The greatest parent order for ids in a Uint32Array: 12 * 4^13 < 2^32. */
const MAX_UINT32_ORDER = 13;
/** A child is numbered within its parent by 32 bits. */
const MAX_DEPTH = 16;

/** Rows at a time, an even number: what is known of them fits a processor's second cache. */
const BLOCK = 2048;
/** Where the kernel finds the coefficients of the projection. */
const COEFFICIENTS = 0;

interface AssignOptions {
  parentOrder: number;
  childOrder: number;
  convention: LatitudeConvention;
}

interface AssignedCells {
  /** Nested id of the parent; a Uint32Array serves parent orders up to 13. */
  parent: Float64Array | Uint32Array;
  /** Place of the child in its parent, 0 to 4^(childOrder - parentOrder) - 1. */
  child: Uint32Array;
}

/**
 * Gives every row its parent cell and its child's place in that parent. The child's nested id at
 * `childOrder` is parent * 4^(childOrder - parentOrder) + child. Rows with coordinates that are not
 * finite or out of range (latitude beyond 90, longitude outside -180 to 360), and rows whose `keep`
 * is 0, get the parent -1 (0xffffffff in a Uint32Array) and the child 0xffffffff. Returns the number of
 * rows with a cell.
 *
 * @throws RangeError for orders that do not fit each other or the arrays.
 */
export function assignCells(
  longitude: Float64Array,
  latitude: Float64Array,
  options: AssignOptions,
  out: AssignedCells,
  keep?: Uint8Array,
): number {
  const { parentOrder, childOrder, convention } = options;
  const { parent, child } = out;
  const rows = longitude.length;
  checkOrder(childOrder, MAX_ORDER);
  checkOrder(parentOrder, parent instanceof Uint32Array ? MAX_UINT32_ORDER : MAX_NUMBER_ORDER);
  const depth = childOrder - parentOrder;
  if (depth < 0 || depth > MAX_DEPTH) {
    throw new RangeError(
      `child order ${childOrder} is not ${parentOrder} to ${
        parentOrder + MAX_DEPTH
      } under parent order ${parentOrder}`,
    );
  }
  checkLengths(rows, latitude.length, parent.length, child.length, keep?.length);
  const grid = { order: childOrder, depth, convention };
  const memory = memoryOf(longitude, latitude, parent, child);
  if (memory !== undefined && keep === undefined && parent instanceof Float64Array) {
    return assignInPlace(memory, longitude, latitude, grid, parent, child);
  }
  return assignBlocks(longitude, latitude, grid, keep, (begin, parents, children) => {
    parent.set(parents, begin);
    child.set(children, begin);
  });
}

/**
 * Nested ids of every row at `order` (0 to 24), -1 for rows without a cell (as in
 * {@linkcode assignCells}). Returns the number of rows with a cell.
 */
export function assignNested(
  longitude: Float64Array,
  latitude: Float64Array,
  order: number,
  convention: LatitudeConvention,
  out: Float64Array,
  keep?: Uint8Array,
): number {
  const rows = longitude.length;
  checkOrder(order, MAX_NUMBER_ORDER);
  checkLengths(rows, latitude.length, out.length, out.length, keep?.length);
  const grid = { order, depth: 0, convention };
  return assignBlocks(longitude, latitude, grid, keep, (begin, ids) => out.set(ids, begin));
}

/** Cells of `order` as ids `depth` orders above, and numbers in those. */
interface Grid {
  order: number;
  depth: number;
  convention: LatitudeConvention;
}

/** Where all arrays lie in one memory, none is copied. */
function assignInPlace(
  memory: KernelMemory,
  longitude: Float64Array,
  latitude: Float64Array,
  grid: Grid,
  parent: Float64Array,
  child: Uint32Array,
): number {
  const assign = kernelOver(memory, grid, memory.part.byteOffset);
  let assigned = 0;
  for (let begin = 0; begin < longitude.length; begin += BLOCK) {
    assigned += assign(
      longitude.byteOffset + 8 * begin,
      latitude.byteOffset + 8 * begin,
      Math.min(BLOCK, longitude.length - begin),
      parent.byteOffset + 8 * begin,
      child.byteOffset + 4 * begin,
    );
  }
  return assigned;
}

/** The kernel for one grid; `places` has room for what it knows of a block. */
function kernelOver({ buffer, kernels }: KernelMemory, { order, depth, convention }: Grid, places: number) {
  const { belt, cap, transition } = coefficientsOf(convention);
  new Float64Array(buffer, COEFFICIENTS).set([...belt, ...cap, transition]);
  return (longitudes: number, latitudes: number, rows: number, parents: number, children: number) =>
    kernels.assignCells(
      longitudes,
      latitudes,
      rows,
      COEFFICIENTS,
      order,
      depth,
      places,
      parents,
      children,
    );
}

/** Has the kernel assign block after block; `take` is given what it found from a row on. */
function assignBlocks(
  longitude: Float64Array,
  latitude: Float64Array,
  grid: Grid,
  keep: Uint8Array | undefined,
  take: (begin: number, parents: Float64Array, children: Uint32Array) => void,
): number {
  const rows = longitude.length;
  const memory = takeMemory((8 + 8 + 12 + 8 + 4) * BLOCK);
  try {
    const { buffer } = memory;
    const longitudes = new Float64Array(buffer, memory.place(8 * BLOCK), BLOCK);
    const latitudes = new Float64Array(buffer, memory.place(8 * BLOCK), BLOCK);
    const assign = kernelOver(memory, grid, memory.place(12 * BLOCK));
    const parents = new Float64Array(buffer, memory.place(8 * BLOCK), BLOCK);
    const children = new Uint32Array(buffer, memory.place(4 * BLOCK), BLOCK);
    let assigned = 0;
    for (let begin = 0; begin < rows; begin += BLOCK) {
      const count = Math.min(BLOCK, rows - begin);
      longitudes.set(longitude.subarray(begin, begin + count));
      latitudes.set(latitude.subarray(begin, begin + count));
      if (keep !== undefined) dropRows(latitudes, keep.subarray(begin, begin + count));
      assigned += assign(
        longitudes.byteOffset,
        latitudes.byteOffset,
        count,
        parents.byteOffset,
        children.byteOffset,
      );
      take(begin, parents.subarray(0, count), children.subarray(0, count));
    }
    return assigned;
  } finally {
    giveBack(memory);
  }
}

function dropRows(latitudes: Float64Array, keep: Uint8Array): void {
  for (let i = 0; i < keep.length; i++) if (keep[i] === 0) latitudes[i] = NaN;
}

function checkLengths(
  rows: number,
  latitudes: number,
  parents: number,
  children: number,
  keep?: number,
): void {
  if (latitudes !== rows || parents < rows || children < rows || (keep !== undefined && keep < rows)) {
    throw new RangeError(
      `arrays of ${rows} longitudes, ${latitudes} latitudes, ${parents} parents, ${children} children` +
        `${keep === undefined ? "" : ` and ${keep} flags`} do not fit each other`,
    );
  }
}
