/**
 * The coordinates of runs of cells: nested ids and morton ids as 64-bit integers, written by halves
 * because a bigint a cell would cost more than the statistics.
 */
import { inputError } from "../errors.ts";
import { decimalFromNested, MAX_DECIMAL_ORDER, packedFromNested } from "../cells/morton.ts";

const TWO_32 = 0x100000000;

/** A 64-bit array as pairs of 32-bit words, low word first. */
function halvesOf(ids: BigUint64Array | BigInt64Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, ids.length * 2);
}

/** Writes `first`, `first + step`, … to `ids[from]` … `ids[from + count - 1]`; steps stay under 2^53. */
function writeProgression(
  ids: BigUint64Array | BigInt64Array,
  from: number,
  count: number,
  first: bigint,
  step: number,
): void {
  const words = halvesOf(ids);
  const low = Number(first & 0xffffffffn), high = Number((first >> 32n) & 0xffffffffn);
  if (low + count * step < TWO_32) { // all in the low words, as nearly always
    for (let i = 0, at = 2 * from, next = low; i < count; i++, at += 2, next = (next + step) >>> 0) {
      words[at] = next;
      words[at + 1] = high;
    }
    return;
  }
  for (let i = 0, at = 2 * from; i < count; i++, at += 2) {
    const sum = low + i * step;
    words[at] = sum; // a typed array keeps the low 32 bits
    words[at + 1] = high + Math.floor(sum / TWO_32);
  }
}

/** Nested ids of `count` cells from `first`, ascending, into `ids` at `from`. */
export function writeCellIds(ids: BigUint64Array, from: number, count: number, first: bigint): void {
  writeProgression(ids, from, count, first, 1);
}

/** `int64` is the signed decimal id (orders 0 to 18), `uint64` the packed one (orders 0 to 29). */
type MortonDtype = "int64" | "uint64";

/** Throws an input error where the signed decimal id does not exist. */
export function checkMortonOrder(dtype: MortonDtype, order: number): void {
  if (dtype === "uint64" || order <= MAX_DECIMAL_ORDER) return;
  throw inputError(
    `coordinate morton: int64, the signed decimal id, ends at order ${MAX_DECIMAL_ORDER} and this level has order ${order};` +
      " use dtype uint64, the packed id",
  );
}

/**
 * Morton ids of the `4^depth` cells from `first` (a multiple of 4^depth, nested, at `order`), into
 * `ids` at `from`. Forms: signed decimal and packed u64, as in the morton ids of this field's Python
 * tools; the packed form keeps the last two digits of orders 28 and 29 in its suffix.
 */
export function writeMortonIds(
  ids: BigInt64Array | BigUint64Array,
  from: number,
  depth: number,
  first: bigint,
  order: number,
): void {
  if (ids instanceof BigInt64Array) writeDecimal(ids, from, depth, first, order);
  else if (order <= 27) writePacked(ids, from, depth, first, order);
  else {
    const count = 4 ** depth;
    for (let i = 0; i < count; i++) ids[from + i] = packedFromNested(first + BigInt(i), order);
  }
}

/** The parent's id with `depth` more digits, whose values are the same under every parent. */
function writeDecimal(ids: BigInt64Array, from: number, depth: number, first: bigint, order: number): void {
  const tail = decimalTail(depth);
  const parent = decimalFromNested(first >> BigInt(2 * depth), order - depth);
  const negative = parent < 0n;
  const head = (negative ? -parent : parent) * 10n ** BigInt(depth);
  const low = Number(head & 0xffffffffn), high = Number(head >> 32n);
  const words = halvesOf(ids);
  for (let i = 0, at = 2 * from; i < tail.length; i++, at += 2) {
    const sum = low + tail[i];
    const sumHigh = high + Math.floor(sum / TWO_32);
    if (negative) {
      const lowWord = sum >>> 0;
      words[at] = -lowWord;
      words[at + 1] = ~sumHigh + (lowWord === 0 ? 1 : 0);
    } else {
      words[at] = sum;
      words[at + 1] = sumHigh;
    }
  }
}

let tailDepth = -1;
let tailOf = new Float64Array(0);

/** For each of 4^depth cells, its `depth` base-4 digits plus one each, read as a decimal number. */
function decimalTail(depth: number): Float64Array {
  if (depth === tailDepth) return tailOf;
  const tail = new Float64Array(4 ** depth);
  let filled = 1; // the numbers of the digits done so far stand in tail[0 .. filled)
  for (let digit = 0, unit = 1; digit < depth; digit++, unit *= 10) {
    for (let q = 3; q >= 0; q--) {
      for (let i = 0; i < filled; i++) tail[q * filled + i] = tail[i] + (q + 1) * unit;
    }
    filled *= 4;
  }
  tailDepth = depth;
  tailOf = tail;
  return tail;
}

/** An even step at orders 0 to 27, where the digits stand whole above the suffix. */
function writePacked(ids: BigUint64Array, from: number, depth: number, first: bigint, order: number): void {
  const head = packedFromNested(first, order);
  const shift = 60 - 2 * order;
  const count = 4 ** depth;
  if (shift < 32) return writeProgression(ids, from, count, head, 2 ** shift);
  const words = halvesOf(ids);
  const low = Number(head & 0xffffffffn), high = Number(head >> 32n);
  const step = 2 ** (shift - 32);
  for (let i = 0, at = 2 * from; i < count; i++, at += 2) {
    words[at] = low;
    words[at + 1] = high + i * step;
  }
}
