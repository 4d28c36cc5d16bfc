/** Row filters over the raw elements of a dataset. */
import type { RowFilter } from "./contract.ts";
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/values.ts";
import { toFloat64 } from "../hdf5/values.ts";

/**
 * Clears `passes[i]` where row i fails `filter`. Elements are compared as stored, before scale_factor and
 * add_offset; fill and NaN never pass, whatever the operator.
 */
export function applyFilter(passes: Uint8Array, raw: Hdf5Values, packing: Packing, filter: RowFilter): void {
  const elements = raw instanceof BigInt64Array || raw instanceof BigUint64Array ? toFloat64(raw) : raw;
  const { op } = filter;
  const fills = packing.fills.map(Number);
  const values = typeof filter.value === "number" ? [filter.value] : filter.value;
  if (op === "in" || op === "not_in") {
    const set = new Set(values);
    const wanted = op === "in";
    for (let i = 0; i < passes.length; i += 1) if (set.has(elements[i]) !== wanted) passes[i] = 0;
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
  for (const fill of fills) {
    for (let i = 0; i < passes.length; i += 1) if (elements[i] === fill) passes[i] = 0;
  }
  if (elements instanceof Float32Array || elements instanceof Float64Array) {
    for (let i = 0; i < passes.length; i += 1) if (elements[i] !== elements[i]) passes[i] = 0;
  }
}
