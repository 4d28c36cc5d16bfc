/** Where cells stand in the arrays of a level: positions by nested ids, without a search per cell. */
import { isObject } from "../json_value.ts";
import { inputError } from "../errors.ts";
import { takeNumbers } from "../kept_numbers.ts";
import type { GranaryStore } from "./open.ts";
import type { StoreLevel } from "./levels.ts";

/**
 * The positions of cells along the level's arrays; -1 for those that have none, and for the id -1. They are the ids
 * themselves, or an array that may be given back (core/kept_numbers.ts).
 */
export type PositionsOf = (ids: Float64Array) => Float64Array;

/** Ids are compared as numbers, which are exact to here. */
const MOST_ORDER = 24;
/** Ids of a level of another tool's store, held in memory. */
const MOST_IDS = 2 ** 26;
const PART = 2 ** 20;

/**
 * Neighbouring ids stand in runs: of one parent cell in what granary writes, of whatever length elsewhere.
 * A compact store's parents are read from its coarsest level; positions of a sphere, and of a plane, are its ids.
 */
export async function cellPositions(store: GranaryStore, level: StoreLevel): Promise<PositionsOf> {
  if (level.order > MOST_ORDER) {
    throw inputError(`${store.name}: cells of order ${level.order} are looked up to order ${MOST_ORDER}`);
  }
  if (level.plane !== null) return (ids) => ids;
  if (level.length === 12 * 4 ** level.order) {
    if (await isSphere(store, level)) return (ids) => ids;
  }
  const provenance = store.provenance;
  const parentOrder = isObject(provenance) ? provenance.parent_order : undefined;
  if (typeof parentOrder === "number" && parentOrder <= level.order && provenance?.layout === "compact") {
    return byParents(await parentsOf(store, parentOrder), 4 ** (level.order - parentOrder));
  }
  return await byRuns(store, level);
}

/** Whether the first and the last id stand where a sphere has them. */
async function isSphere(store: GranaryStore, level: StoreLevel): Promise<boolean> {
  const layout = isObject(store.provenance) ? store.provenance.layout : undefined;
  if (layout !== undefined) return layout === "sphere";
  const [first] = await store.slice(level.coordinate, 0, 1) as BigUint64Array;
  const [last] = await store.slice(level.coordinate, level.length - 1, level.length) as BigUint64Array;
  return Number(first) === 0 && Number(last) === level.length - 1;
}

async function parentsOf(store: GranaryStore, parentOrder: number): Promise<Float64Array> {
  const fine = store.levels.filter(({ order }) => order >= parentOrder);
  const level = fine[fine.length - 1];
  const step = 4 ** (level.order - parentOrder);
  const parents = new Float64Array(level.length / step);
  const part = Math.ceil(PART / step) * step;
  for (let from = 0; from < level.length; from += part) {
    const ids = await store.slice(level.coordinate, from, Math.min(level.length, from + part)) as ArrayLike<
      number | bigint
    >;
    for (let i = 0; i < ids.length; i += step) parents[(from + i) / step] = Math.floor(Number(ids[i]) / step);
  }
  return parents;
}

function byParents(parents: Float64Array, cells: number): PositionsOf {
  return (ids) => {
    const positions = takeNumbers(ids.length);
    // Neighbouring pixels lie in one parent, which may have no place.
    let first = 0, end = 0;
    let index = -1;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (!(id >= first && id < end)) {
        const parent = Math.floor(id / cells);
        first = parent * cells;
        end = first + cells;
        index = indexOf(parents, parent);
      }
      positions[i] = index < 0 ? -1 : index * cells + (id - first);
    }
    return positions;
  };
}

/** The index of a value in an ascending list; -1 for none. */
function indexOf(ascending: Float64Array, value: number): number {
  const index = lastNotAbove(ascending, value);
  return index >= 0 && ascending[index] === value ? index : -1;
}

function lastNotAbove(ascending: Float64Array, value: number): number {
  let low = 0, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

async function byRuns(store: GranaryStore, level: StoreLevel): Promise<PositionsOf> {
  if (level.length > MOST_IDS) {
    throw inputError(
      `${store.name}: level ${level.order} has ${level.length} cells in no order that granary knows`,
    );
  }
  const runs: [first: number, position: number, length: number][] = [];
  for (let from = 0; from < level.length; from += PART) {
    const ids = await store.slice(level.coordinate, from, Math.min(level.length, from + PART)) as ArrayLike<
      number | bigint
    >;
    for (let i = 0; i < ids.length; i++) {
      const id = Number(ids[i]);
      const run = runs[runs.length - 1];
      if (run !== undefined && id === run[0] + run[2]) run[2] += 1;
      else runs.push([id, from + i, 1]);
    }
  }
  runs.sort((a, b) => a[0] - b[0]);
  const firsts = Float64Array.from(runs, ([first]) => first);
  return (ids) =>
    ids.map((id) => {
      const index = lastNotAbove(firsts, id);
      if (index < 0) return -1;
      const [first, position, length] = runs[index];
      return id - first < length ? position + (id - first) : -1;
    });
}
