/**
 * Cells as people write them: `6/45763` (order and nested id), or a signed decimal morton id such as
 * `-6134114`, which holds its order in its length.
 */
import { inputError } from "../errors.ts";
import { MAX_ORDER } from "./convention.ts";
import { decimalFromNested, MAX_DECIMAL_ORDER, nestedFromDecimal, type OrderedCell } from "./morton.ts";

/** Reads a cell's name. @throws GranaryError (input) that says what a name looks like. */
export function parseCellName(text: string): OrderedCell {
  const name = text.trim();
  const nested = /^(\d{1,3})\/(\d{1,30})$/.exec(name);
  if (nested) {
    const order = Number(nested[1]);
    const id = BigInt(nested[2]);
    if (order > MAX_ORDER) {
      throw inputError(`cell "${name}": order ${order} is beyond the deepest order, ${MAX_ORDER}`);
    }
    const cells = 12n * 4n ** BigInt(order);
    if (id >= cells) {
      throw inputError(`cell "${name}": order ${order} has the cells ${order}/0 to ${order}/${cells - 1n}`);
    }
    return { order, nested: id };
  }
  if (/^[+-]?\d{1,40}$/.test(name)) {
    const digits = name.replace(/^[+-]/, "");
    if (!/^[1-6][1-4]*$/.test(digits)) {
      throw inputError(
        `cell "${name}" is not a morton id: its first digit is 1 to 6, the others 1 to 4, such as ` +
          `-6134114; a nested id is written with its order, such as 6/${digits}`,
      );
    }
    if (digits.length - 1 > MAX_DECIMAL_ORDER) {
      throw inputError(
        `cell "${name}": morton ids go to order ${MAX_DECIMAL_ORDER} (${MAX_DECIMAL_ORDER + 1} digits), ` +
          `this one has ${digits.length} digits; write deeper cells as order/nested`,
      );
    }
    return nestedFromDecimal(BigInt(name.replace(/^\+/, "")));
  }
  throw inputError(
    `cell "${name}" is neither order/nested, such as 6/45763, nor a morton id, such as -6134114`,
  );
}

/**
 * Reads a cell that must be of one order.
 *
 * @throws GranaryError (input) for a cell of another order; it names the cell's parent where that helps.
 */
export function parseCellAt(text: string, order: number): bigint {
  const cell = parseCellName(text);
  if (cell.order === order) return cell.nested;
  const hint = cell.order > order
    ? `; it lies in ${cellName(cell.nested >> BigInt(2 * (cell.order - order)), order)}`
    : `; it has ${4n ** BigInt(order - cell.order)} cells of that order, from ` +
      `${cellName(cell.nested << BigInt(2 * (order - cell.order)), order)}`;
  throw inputError(`cell "${text.trim()}" is of order ${cell.order} (wanted order ${order}${hint})`);
}

/** `6/45763` */
export function cellName(nested: number | bigint, order: number): string {
  return `${order}/${nested}`;
}

/** `-6134114`; cells deeper than order 18 have no decimal morton id and are named by nested id. */
export function mortonName(nested: number | bigint, order: number): string {
  return order <= MAX_DECIMAL_ORDER ? decimalFromNested(nested, order).toString() : cellName(nested, order);
}
