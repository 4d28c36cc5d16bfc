/** Cells as base cell (face, 0 to 11) and coordinates in it, and their nested ids. */
import { evenBits, interleaveBig, interleaveNumber } from "./bits.ts";
import { checkOrder, type LatitudeConvention, MAX_NUMBER_ORDER } from "./convention.ts";
import { projectRows } from "./projection.ts";

/** A cell at some order: `x` runs from the south corner to the east corner, `y` to the west corner. */
export interface FaceXY {
  face: number;
  x: number;
  y: number;
}

const one = { face: new Int32Array(1), x: new Int32Array(1), y: new Int32Array(1) };
const oneLongitude = new Float64Array(1);
const oneLatitude = new Float64Array(1);

/**
 * The cell of a point: longitude -180 to 360 and latitude -90 to 90 in degrees, the latter read by
 * `convention`. The same bits as the bulk kernel.
 *
 * @throws RangeError for coordinates out of range or not finite.
 */
export function faceXYOf(
  longitude: number,
  latitude: number,
  order: number,
  convention: LatitudeConvention,
): FaceXY {
  oneLongitude[0] = longitude;
  oneLatitude[0] = latitude;
  projectRows(oneLongitude, oneLatitude, 0, 1, order, convention, one);
  if (one.face[0] < 0) {
    throw new RangeError(
      `longitude ${longitude}, latitude ${latitude}: out of range (wanted -180 to 360 and -90 to 90 degrees)`,
    );
  }
  return { face: one.face[0], x: one.x[0], y: one.y[0] };
}

/** Nested id of a cell, orders 0 to 24. */
export function nestedFromFaceXY(cell: FaceXY, order: number): number {
  checkOrder(order, MAX_NUMBER_ORDER);
  return cell.face * 4 ** order + interleaveNumber(cell.x, cell.y);
}

/** Nested id of a cell, orders 0 to 29. */
export function nestedBigFromFaceXY(cell: FaceXY, order: number): bigint {
  checkOrder(order);
  return (BigInt(cell.face) << BigInt(2 * order)) | interleaveBig(cell.x, cell.y);
}

/**
 * The cell of a nested id; a Number serves orders 0 to 24, a BigInt all.
 *
 * @throws RangeError when there is no such cell at that order.
 */
export function faceXYFromNested(nested: number | bigint, order: number): FaceXY {
  checkNested(nested, order);
  if (typeof nested === "number") {
    const faceCells = 4 ** order;
    const face = Math.floor(nested / faceCells);
    const index = nested - face * faceCells;
    const high = Math.floor(index / 4294967296);
    return split(face, high, index - high * 4294967296);
  }
  const shift = BigInt(2 * order);
  const face = nested >> shift;
  const index = nested - (face << shift);
  return split(Number(face), Number(index >> 32n), Number(index & 0xffffffffn));
}

function split(face: number, high: number, low: number): FaceXY {
  return {
    face,
    x: evenBits(high) << 16 | evenBits(low),
    y: evenBits(high >>> 1) << 16 | evenBits(low >>> 1),
  };
}

/** The number of cells at an order; exact as a Number to order 24 and, being 12 * 4^order, beyond. */
function cellCount(order: number): number {
  checkOrder(order);
  return 12 * 4 ** order;
}

/** Throws RangeError unless `nested` is a cell at `order`. */
export function checkNested(nested: number | bigint, order: number): void {
  checkOrder(order);
  const whole = typeof nested === "bigint" || Number.isSafeInteger(nested);
  if (!whole || nested < 0 || nested >= cellCount(order)) {
    const last = 12n * 4n ** BigInt(order) - 1n;
    throw new RangeError(`cell ${nested} does not exist at order ${order} (wanted 0 to ${last})`);
  }
}
