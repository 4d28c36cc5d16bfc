/** Cells of many points at once: the form that the engine calls, without allocation per row. */
import { interleave16, interleaveNumber } from "./bits.ts";
import { checkOrder, type LatitudeConvention, MAX_NUMBER_ORDER, MAX_ORDER } from "./convention.ts";
import { type FaceXYRows, projectRows } from "./projection.ts";

/** The parent of a row that has no cell (in a Uint32Array it reads 0xffffffff). */
const NO_PARENT = -1;
/** The child of a row that has no cell. */
export const NO_CHILD = 0xffffffff;
/** The greatest parent order for ids in a Uint32Array: 12 * 4^13 < 2^32. */
const MAX_UINT32_ORDER = 13;
/** A child is numbered within its parent by 32 bits. */
const MAX_DEPTH = 16;

const BLOCK = 2048;

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

function blockOf(rows: number): FaceXYRows {
  const size = Math.min(rows, BLOCK);
  return { face: new Int32Array(size), x: new Int32Array(size), y: new Int32Array(size) };
}

/**
 * Gives every row its parent cell and its child's place in that parent. The child's nested id at
 * `childOrder` is parent * 4^(childOrder - parentOrder) + child. Rows with coordinates that are not
 * finite or out of range (latitude beyond 90, longitude outside -180 to 360), and rows whose `keep`
 * is 0, get {@linkcode NO_PARENT} and {@linkcode NO_CHILD}. Returns the number of rows with a cell.
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
  const block = blockOf(rows);
  const { face, x, y } = block;
  const faceCells = 4 ** parentOrder;
  const mask = 2 ** depth - 1;
  let assigned = 0;
  for (let begin = 0; begin < rows; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, rows);
    projectRows(longitude, latitude, begin, end, childOrder, convention, block, keep);
    let lastBase = -1, lastX = 0, lastY = 0, ownParent = NO_PARENT, ownChild = NO_CHILD;
    for (let row = begin, i = 0; row < end; row++, i++) {
      const base = face[i];
      if (base < 0) {
        parent[row] = NO_PARENT;
        child[row] = NO_CHILD;
        continue;
      }
      const ix = x[i];
      const iy = y[i];
      if (ix !== lastX || iy !== lastY || base !== lastBase) {
        ownParent = base * faceCells + interleaveNumber(ix >> depth, iy >> depth);
        ownChild = interleave16(ix & mask, iy & mask);
        lastBase = base;
        lastX = ix;
        lastY = iy;
      }
      parent[row] = ownParent;
      child[row] = ownChild;
      assigned++;
    }
  }
  return assigned;
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
  const block = blockOf(rows);
  const { face, x, y } = block;
  const faceCells = 4 ** order;
  let assigned = 0;
  for (let begin = 0; begin < rows; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, rows);
    projectRows(longitude, latitude, begin, end, order, convention, block, keep);
    for (let row = begin, i = 0; row < end; row++, i++) {
      const base = face[i];
      if (base < 0) {
        out[row] = NO_PARENT;
      } else {
        out[row] = base * faceCells + interleaveNumber(x[i], y[i]);
        assigned++;
      }
    }
  }
  return assigned;
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
