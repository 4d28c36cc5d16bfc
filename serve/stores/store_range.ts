/** The range that a variable is drawn by where a request states none: one for all tiles of a store. */
import type { ValueRange } from "../../core/raster/colour/rescale.ts";
import { hasVariable } from "./level_choice.ts";
import type { ServedStore } from "./served_stores.ts";

/** Values of a coarse level that are looked at. */
const MOST_VALUES = 1 << 20;
const LOW = 0.02;
const HIGH = 0.98;

const known = new WeakMap<ServedStore, Map<string, Promise<ValueRange>>>();

/** From the 2nd to the 98th percentile of the coarsest level that has a hundred values. */
export function storeRange(served: ServedStore, variable: string): Promise<ValueRange> {
  const ofStore = known.get(served) ?? new Map<string, Promise<ValueRange>>();
  known.set(served, ofStore);
  let range = ofStore.get(variable);
  if (range === undefined) {
    range = look(served, variable);
    range.catch(() => ofStore.delete(variable));
    ofStore.set(variable, range);
  }
  return range;
}

const FEW = 100;

async function look({ store }: ServedStore, variable: string): Promise<ValueRange> {
  let found: number[] = [];
  for (const level of [...store.levels].reverse()) {
    if (!hasVariable(level, variable)) continue;
    found = [];
    for await (const { values } of store.cells(variable, level.order)) {
      for (const value of values) if (Number.isFinite(value)) found.push(value);
      if (found.length >= MOST_VALUES) break;
    }
    if (found.length >= FEW) break;
  }
  if (found.length === 0) return [0, 1];
  const sorted = Float64Array.from(found).sort();
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return at(HIGH) > at(LOW) ? [at(LOW), at(HIGH)] : [sorted[0], sorted[sorted.length - 1]];
}
