/**
 * The two "morton" forms of a nested id that this field's Python tools use: a signed decimal number
 * whose digits can be read (orders 0 to 18), and a packed unsigned 64-bit word that holds its order
 * (orders 0 to 29).
 *
 * With base the base cell (0 to 11) and d the base-4 digits of the rest, coarse to fine: the decimal id
 * is L followed by the digits d + 1, L being base + 1, or base - 5 with the sign turned for the six
 * southern base cells. The word has base + 1 in its top four bits, the digits d to order 27 in the next
 * 54 bits, and a suffix of six bits: the order up to 27; then 28 + 5 * d28, and 1 + d29 more at
 * order 29. Words with suffixes 48 to 63 stand for points, not cells: 48 + 4 * d28 + d29, at order 29.
 */
import { inputError } from "../errors.ts";
import { checkOrder } from "./convention.ts";
import { checkNested } from "./face_xy.ts";

/** The deepest order of a decimal id: 19 digits in a signed 64-bit number. */
export const MAX_DECIMAL_ORDER = 18;

/** A cell of any order, its id as BigInt. */
export interface OrderedCell {
  order: number;
  nested: bigint;
}

/** Signed decimal morton id. @throws RangeError beyond order 18 or when there is no such cell. */
export function decimalFromNested(nested: number | bigint, order: number): bigint {
  checkOrder(order, MAX_DECIMAL_ORDER);
  checkNested(nested, order);
  const id = BigInt(nested);
  const shift = 2n * BigInt(order);
  const base = id >> shift;
  let digits = base < 6n ? base + 1n : base - 5n;
  for (let bit = shift - 2n; bit >= 0n; bit -= 2n) digits = digits * 10n + ((id >> bit) & 3n) + 1n;
  return base < 6n ? digits : -digits;
}

/**
 * The cell of a signed decimal morton id; its order is its number of digits less one.
 *
 * @throws GranaryError (input) for digits that are none of a morton id.
 */
export function nestedFromDecimal(decimal: bigint): OrderedCell {
  const text = (decimal < 0n ? -decimal : decimal).toString();
  const order = text.length - 1;
  if (!/^[1-6][1-4]*$/.test(text) || order > MAX_DECIMAL_ORDER) {
    throw inputError(
      `"${decimal}" is not a morton id (wanted a sign, a digit 1 to 6 for the base cell, then at most ` +
        `${MAX_DECIMAL_ORDER} digits 1 to 4, such as -6134114)`,
    );
  }
  let nested = BigInt(text[0]) + (decimal < 0n ? 5n : -1n);
  for (let i = 1; i < text.length; i++) nested = nested * 4n + BigInt(text.charCodeAt(i) - 49);
  return { order, nested };
}

/** Packed morton word, unsigned. @throws RangeError when there is no such cell. */
export function packedFromNested(nested: number | bigint, order: number): bigint {
  checkNested(nested, order);
  const id = BigInt(nested);
  const shift = 2n * BigInt(order);
  const base = id >> shift;
  const rest = id - (base << shift);
  const head = (base + 1n) << 60n;
  if (order <= 27) return head | rest << (60n - shift) | BigInt(order);
  const d28 = (rest >> (shift - 56n)) & 3n;
  const suffix = 28n + 5n * d28 + (order === 29 ? 1n + (rest & 3n) : 0n);
  return head | (rest >> (shift - 54n)) << 6n | suffix;
}

/**
 * The cell of a packed morton word; a point's word gives its cell of order 29.
 *
 * @throws GranaryError (input) for a word that is none.
 */
export function nestedFromPacked(word: bigint): OrderedCell {
  const base = (word >> 60n) - 1n;
  const suffix = Number(word & 63n);
  const order = suffix <= 27 ? suffix : suffix < 48 && (suffix - 28) % 5 === 0 ? 28 : 29;
  const digits = (word >> 6n) & (2n ** 54n - 1n);
  const unused = order < 27 ? 2n * BigInt(27 - order) : 0n;
  if (
    word < 0n || word >= 2n ** 64n || base < 0n || base > 11n ||
    (digits & ((1n << unused) - 1n)) !== 0n
  ) {
    throw inputError(
      `"${word}" is not a packed morton id (wanted 64 bits: base cell + 1, 27 pairs of digits, order)`,
    );
  }
  let nested = base << 54n | digits;
  if (order <= 27) return { order, nested: nested >> unused };
  const [d28, d29] = suffix < 48
    ? [Math.floor((suffix - 28) / 5), (suffix - 28) % 5 - 1]
    : [(suffix - 48) >> 2, suffix & 3];
  nested = nested << 2n | BigInt(d28);
  return order === 28 ? { order, nested } : { order, nested: nested << 2n | BigInt(d29) };
}
