/** Tests of rows over the raw elements of one dataset. */
import type { DatasetFilter, FilterValue } from "./contract.ts";
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toFloat64, toValues } from "../hdf5/values.ts";
import { GranaryError } from "../errors.ts";
import { memoryOf } from "../kernels/memory.ts";

/** Operators with their sides changed: what a negative scale_factor does to a comparison. */
const MIRRORED = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
  in: "in",
  not_in: "not_in",
  between: "between",
  not_between: "not_between",
  bits_all: "bits_all",
  bits_not_all: "bits_not_all",
  bits_any: "bits_any",
  bits_none: "bits_none",
} as const;

/**
 * Clears `passes[i]` where row i fails `filter`. Physical values are compared, after scale_factor and
 * add_offset, unless the filter asks for stored ones; fill, NaN and what lies outside the valid range never
 * pass, whatever the operator.
 */
export function applyFilter(
  passes: Uint8Array,
  raw: Hdf5Values,
  packing: Packing,
  filter: DatasetFilter,
): void {
  if ((raw instanceof Int8Array || raw instanceof Uint8Array) && raw.length > BYTE_VALUES) {
    applyTable(passes, raw, tableOf(raw instanceof Int8Array, packing, filter));
  } else clearFailing(passes, raw, packing, filter);
}

const BYTE_VALUES = 256;
const BYTES = Uint8Array.from({ length: BYTE_VALUES }, (_, byte) => byte);

/** Which elements of one byte pass, by their bits. */
function tableOf(isSigned: boolean, packing: Packing, filter: DatasetFilter): Uint8Array {
  const table = new Uint8Array(BYTE_VALUES).fill(1);
  clearFailing(table, isSigned ? new Int8Array(BYTES.buffer) : BYTES, packing, filter);
  return table;
}

function applyTable(passes: Uint8Array, raw: Int8Array | Uint8Array, table: Uint8Array): void {
  const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
  const memory = memoryOf(passes, bytes), span = memory === undefined ? undefined : spanOf(table);
  if (memory !== undefined && span !== undefined) {
    memory.kernels.passBytes(passes.byteOffset, bytes.byteOffset, passes.length, span.first, span.more);
  } else for (let i = 0; i < passes.length; i += 1) passes[i] &= table[bytes[i]];
}

/** The bytes that pass as one and those that follow it, 0 after 255; undefined where they are all, none or scattered. */
function spanOf(table: Uint8Array): { first: number; more: number } | undefined {
  let first = 0, begins = 0, count = 0;
  for (let byte = 0, before = table[BYTE_VALUES - 1]; byte < BYTE_VALUES; before = table[byte], byte += 1) {
    if (table[byte] === 0) continue;
    count += 1;
    if (before !== 0) continue;
    first = byte;
    begins += 1;
  }
  return begins === 1 ? { first, more: count - 1 } : undefined;
}

function clearFailing(
  passes: Uint8Array,
  raw: Hdf5Values,
  packing: Packing,
  filter: DatasetFilter,
): void {
  const { scale, offset, valid } = packing;
  const stated = [filter.value].flat();
  const values = stated.map(Number);
  const packed = scale !== 1 || offset !== 0;
  const isLong = raw instanceof BigInt64Array || raw instanceof BigUint64Array;
  if (isLong && (!packed || filter.raw) && !isBitTest(filter.op) && values.some(isLarge)) {
    compareLong(passes, raw, filter.op, stated.map((value) => exact(value, filter.path)));
  } else if (isBitTest(filter.op)) compareBits(passes, raw, filter.op, values[0]);
  else if (!packed || filter.raw) compare(passes, asNumbers(raw), filter.op, values);
  else if (raw instanceof Float32Array || raw instanceof Float64Array) {
    compare(passes, toValues(raw.slice(), packing), filter.op, values);
  } else {
    const op = scale < 0 ? MIRRORED[filter.op] : filter.op;
    compare(passes, asNumbers(raw), op, values.map((value) => toStored(value, scale, offset)));
  }
  clearMissing(passes, raw, packing);
  if (valid !== null) {
    const physical = toValues(raw.slice(), packing);
    for (let i = 0; i < passes.length; i += 1) if (physical[i] !== physical[i]) passes[i] = 0;
  }
}

/** How near a wanted value must come to a stored integer's, in steps of it, to mean that integer. */
const SNAP = 1e-6;

/**
 * A physical value in steps of the packing. One that is meant to be an integer's value is: 0.3 is 3 steps of
 * 0.1, and of the float32 nearest to 0.1, although no product says so exactly.
 */
function toStored(value: number, scale: number, offset: number): number {
  const steps = (value - offset) / scale;
  const nearest = Math.round(steps);
  return Math.abs(steps - nearest) <= SNAP * Math.max(1, Math.abs(steps)) ? nearest : steps;
}

function asNumbers(raw: Hdf5Values): Exclude<Hdf5Values, BigInt64Array | BigUint64Array> {
  return raw instanceof BigInt64Array || raw instanceof BigUint64Array ? toFloat64(raw) : raw;
}

/** Whether numbers of 64 bits may round to this one, or away from it, and integers of 64 bits reach it. */
function isLarge(value: number): boolean {
  return Math.abs(value) >= 2 ** 53 && Math.abs(value) <= 2 ** 64;
}

/** What integers are compared with. @throws GranaryError "granule" for a number that may be a rounded one */
function exact(value: FilterValue, path: string): number | bigint {
  if (typeof value === "string") return BigInt(value);
  if (!isLarge(value)) return value;
  throw new GranaryError(
    "granule",
    `the filter on ${path} compares 64-bit integers with ${
      BigInt(value)
    }, past 2^53, where the numbers of a` +
      " config round: it may have said another (write it in quotes, and it is compared digit by digit)",
    { details: { path } },
  );
}

/** As {@linkcode compare}, of integers that numbers may not hold. */
function compareLong(
  passes: Uint8Array,
  elements: BigInt64Array | BigUint64Array,
  op: DatasetFilter["op"],
  values: readonly (number | bigint)[],
): void {
  const [first, second = first] = values;
  const set = new Set(
    values.map((value) => typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value),
  );
  const tests: Record<Exclude<DatasetFilter["op"], BitTest>, (element: bigint) => boolean> = {
    eq: (element) => set.has(element),
    ne: (element) => !set.has(element),
    lt: (element) => element < first,
    le: (element) => element <= first,
    gt: (element) => element > first,
    ge: (element) => element >= first,
    in: (element) => set.has(element),
    not_in: (element) => !set.has(element),
    between: (element) => element >= first && element <= second,
    not_between: (element) => !(element >= first && element <= second),
  };
  const test = tests[op as keyof typeof tests];
  for (let i = 0; i < passes.length; i += 1) if (!test(elements[i])) passes[i] = 0;
}

function compare(
  passes: Uint8Array,
  elements: Exclude<Hdf5Values, BigInt64Array | BigUint64Array>,
  op: DatasetFilter["op"],
  values: readonly number[],
): void {
  if (op === "in" || op === "not_in") {
    const set = new Set(values);
    const wanted = op === "in";
    for (let i = 0; i < passes.length; i += 1) if (set.has(elements[i]) !== wanted) passes[i] = 0;
  } else if (op === "between" || op === "not_between") {
    // A negative scale_factor turns the ends round.
    const low = Math.min(...values), high = Math.max(...values);
    const wanted = op === "between";
    for (let i = 0; i < passes.length; i += 1) {
      const element = elements[i];
      if ((element >= low && element <= high) !== wanted) passes[i] = 0;
    }
  } else {
    // One loop an operator: the comparison stays free of calls.
    const value = values[0];
    const n = passes.length;
    if (op === "eq") { for (let i = 0; i < n; i += 1) if (!(elements[i] === value)) passes[i] = 0; }
    else if (op === "ne") { for (let i = 0; i < n; i += 1) if (!(elements[i] !== value)) passes[i] = 0; }
    else if (op === "lt") { for (let i = 0; i < n; i += 1) if (!(elements[i] < value)) passes[i] = 0; }
    else if (op === "le") { for (let i = 0; i < n; i += 1) if (!(elements[i] <= value)) passes[i] = 0; }
    else if (op === "gt") { for (let i = 0; i < n; i += 1) if (!(elements[i] > value)) passes[i] = 0; }
    else for (let i = 0; i < n; i += 1) if (!(elements[i] >= value)) passes[i] = 0;
  }
}

type BitTest = Extract<DatasetFilter["op"], `bits_${string}`>;

function isBitTest(op: DatasetFilter["op"]): op is BitTest {
  return op.startsWith("bits_");
}

/**
 * Bits 0 to 31 of stored whole numbers, whatever their width: packing has no meaning for bits. A number that is
 * not whole has none and fails.
 */
function compareBits(passes: Uint8Array, raw: Hdf5Values, op: BitTest, mask: number): void {
  const all = mask >>> 0;
  const whole = op === "bits_all" || op === "bits_not_all";
  const wanted = op === "bits_all" || op === "bits_any";
  for (let i = 0; i < passes.length; i += 1) {
    const element = raw[i];
    const low = typeof element === "bigint" ? Number(BigInt.asUintN(32, element)) : element;
    const set = (low & all) >>> 0;
    const holds = whole ? set === all : set !== 0;
    if (holds !== wanted || !Number.isInteger(low)) passes[i] = 0;
  }
}

function clearMissing(passes: Uint8Array, raw: Hdf5Values, { fills }: Packing): void {
  for (const fill of fills) {
    const elements = raw as Float64Array;
    for (let i = 0; i < passes.length; i += 1) if (elements[i] === fill) passes[i] = 0;
  }
  if (raw instanceof Float32Array || raw instanceof Float64Array) {
    for (let i = 0; i < passes.length; i += 1) if (raw[i] !== raw[i]) passes[i] = 0;
  }
}
