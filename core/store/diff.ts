/**
 * What two stores have in common and where they part: levels, cells, variables, values, and the worst
 * difference with its cell. Both are read once, part by part, in ascending ids.
 */
import { inputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import { type CellRows, cellRows, requireAscending } from "./cell_rows.ts";
import type { GranaryStore } from "./open.ts";
import type { StoreArray, StoreLevel } from "./levels.ts";

/** Values are the same where |a - b| <= absolute + relative * |b|, as numpy.isclose has it. */
interface Tolerance {
  absolute: number;
  relative: number;
}

interface DiffOptions {
  /** Names to compare; all without it. */
  variables?: readonly string[] | undefined;
  /** The level to compare; all without it. */
  order?: number | undefined;
  tolerance: Tolerance;
  signal?: AbortSignal | undefined;
}

/** One difference, at its cell. */
interface WorstDifference {
  /** Nested id. */
  cell: string;
  a: number;
  b: number;
  difference: number;
}

interface VariableDiff {
  name: string;
  types: { a: string; b: string };
  /** Cells in which both have a value. */
  compared: number;
  /** Of these, those beyond the tolerance. */
  different: number;
  /** Cells of both stores in which one alone has a value. */
  onlyA: number;
  onlyB: number;
  /** The largest |a - b|; null where no two values differ. */
  worst: WorstDifference | null;
  /** The largest |a - b| / |b|; null where no two values differ. */
  worstRelative: WorstDifference | null;
}

interface LevelDiff {
  order: number;
  /** Where the window of time begins; null for stores without windows. */
  window: string | null;
  latitudes: { a: string; b: string };
  /** Cells with a value of any compared variable. */
  cells: { both: number; onlyA: number; onlyB: number };
  variables: VariableDiff[];
  variablesOnlyA: string[];
  variablesOnlyB: string[];
}

export interface StoreDiff {
  a: string;
  b: string;
  same: boolean;
  levels: LevelDiff[];
  levelsOnlyA: number[];
  levelsOnlyB: number[];
  /** Windows of time of one store, by their beginnings; one with another end counts as another window. */
  windowsOnlyA: string[];
  windowsOnlyB: string[];
}

/** Compares two opened stores. Throws an input error for a level or variable that neither has. */
export async function diffStores(a: GranaryStore, b: GranaryStore, options: DiffOptions): Promise<StoreDiff> {
  const orders = (store: GranaryStore) =>
    store.levels.map(({ order }) => order).filter((order) =>
      options.order === undefined || options.order === order
    );
  const ofA = orders(a), ofB = orders(b);
  const [gridA, gridB] = [a, b].map((store) =>
    store.level().plane === null ? "HEALPix" : store.level().cells.name
  );
  if (gridA !== gridB) {
    throw inputError(
      `${a.name} has cells of ${gridA} and ${b.name} of ${gridB}: cells of different grids are not compared` +
        " (make both on one grid, or compare them as images with granary export --crs)",
    );
  }
  if (ofA.length === 0 && ofB.length === 0) a.level(options.order);
  const levels: LevelDiff[] = [];
  const windowsOnlyA = new Set<string>(), windowsOnlyB = new Set<string>();
  for (const order of ofA.filter((one) => ofB.includes(one))) {
    const left = await windowsOf(a, order), right = await windowsOf(b, order);
    for (const [name, step] of left) {
      const other = right.get(name);
      if (other === undefined) windowsOnlyA.add(name);
      else {
        const window = name === WHOLE ? null : name.split("/")[0];
        levels.push(
          await diffLevel([a, step, a.level(order)], [b, other, b.level(order)], window, options),
        );
      }
    }
    for (const name of right.keys()) if (!left.has(name)) windowsOnlyB.add(name);
  }
  const levelsOnlyA = ofA.filter((order) => !ofB.includes(order));
  const levelsOnlyB = ofB.filter((order) => !ofA.includes(order));
  const same = levelsOnlyA.length === 0 && levelsOnlyB.length === 0 && windowsOnlyA.size === 0 &&
    windowsOnlyB.size === 0 && levels.every(isSame);
  const beginnings = (names: ReadonlySet<string>) => [...names].map((name) => name.split("/")[0]);
  return {
    a: a.name,
    b: b.name,
    same,
    levels,
    levelsOnlyA,
    levelsOnlyB,
    windowsOnlyA: beginnings(windowsOnlyA),
    windowsOnlyB: beginnings(windowsOnlyB),
  };
}

/** The name of what a store without windows has in their place. */
const WHOLE = "all times";

/** Windows by their two ends; one of everything where the store has none. */
async function windowsOf(store: GranaryStore, order: number): Promise<Map<string, number>> {
  const windows = await store.windows(order);
  if (windows === null) return new Map([[WHOLE, 0]]);
  const text = (seconds: number) =>
    Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : String(seconds);
  return new Map(windows.starts.map((start, step) => [`${text(start)}/${text(windows.ends[step])}`, step]));
}

function isSame(level: LevelDiff): boolean {
  const { cells, latitudes, variables } = level;
  return latitudes.a === latitudes.b && cells.onlyA === 0 && cells.onlyB === 0 &&
    level.variablesOnlyA.length === 0 && level.variablesOnlyB.length === 0 &&
    variables.every((one) => one.different === 0 && one.onlyA === 0 && one.onlyB === 0);
}

type Side = readonly [store: GranaryStore, step: number, level: StoreLevel];

async function diffLevel(
  [storeA, stepA, levelA]: Side,
  [storeB, stepB, levelB]: Side,
  window: string | null,
  { variables, tolerance, signal }: DiffOptions,
): Promise<LevelDiff> {
  const named = (level: StoreLevel) =>
    level.variables.filter(({ name }) => variables === undefined || variables.includes(name));
  const ofA = named(levelA), ofB = named(levelB);
  for (const name of variables ?? []) {
    if (ofA.some((one) => one.name === name) || ofB.some((one) => one.name === name)) continue;
    const known = [...new Set([...levelA.variables, ...levelB.variables].map((one) => one.name))];
    throw inputError(
      `level ${levelA.order} of neither store has a variable "${name}"${suggestion(name, known)}`,
      { variables: known },
    );
  }
  const other = new Map(ofB.map((array) => [array.name, array]));
  const shared = ofA.filter(({ name }) => other.has(name));
  const counts = shared.map((array) => new VariableCount(array, other.get(array.name)!, tolerance));
  const a = storeA.at(stepA), b = storeB.at(stepB);
  const cells = { both: 0, onlyA: 0, onlyB: 0 };
  const left = new Cursor(a, levelA, shared, signal);
  const right = new Cursor(b, levelB, shared.map(({ name }) => other.get(name)!), signal);
  if (shared.length > 0) {
    await left.read();
    await right.read();
  }
  while (left.rows !== null || right.rows !== null) {
    const idA = left.id, idB = right.id;
    if (idB === null || (idA !== null && idA < idB)) {
      cells.onlyA += 1;
      if (!left.step()) await left.read();
    } else if (idA === null || idB < idA) {
      cells.onlyB += 1;
      if (!right.step()) await right.read();
    } else {
      cells.both += 1;
      for (let v = 0; v < counts.length; v++) counts[v].add(v, left, right);
      if (!left.step()) await left.read();
      if (!right.step()) await right.read();
    }
  }
  return {
    order: levelA.order,
    window,
    latitudes: { a: levelA.latitude, b: levelB.latitude },
    cells,
    variables: counts.map((count) => count.result()),
    variablesOnlyA: ofA.filter(({ name }) => !other.has(name)).map(({ name }) => name),
    variablesOnlyB: ofB.filter(({ name }) => !shared.some((one) => one.name === name)).map(({ name }) =>
      name
    ),
  };
}

/** A place in a level's rows, which are read as it goes on. */
class Cursor {
  rows: CellRows | null = null;
  at = 0;
  readonly #parts: AsyncGenerator<CellRows>;
  readonly #check: (rows: CellRows) => void;

  constructor(
    store: GranaryStore,
    level: StoreLevel,
    variables: readonly StoreArray[],
    signal: AbortSignal | undefined,
  ) {
    this.#parts = cellRows(store, level, variables, signal);
    this.#check = requireAscending(store, level);
  }

  get id(): bigint | null {
    return this.rows === null ? null : this.rows.ids[this.at];
  }

  /** To the next row of the part; false where there is none. */
  step(): boolean {
    if (this.at + 1 >= this.rows!.ids.length) return false;
    this.at += 1;
    return true;
  }

  /** To the first row of the next part; `rows` is null after the last. */
  async read(): Promise<void> {
    const { value, done } = await this.#parts.next();
    this.rows = done ? null : value;
    this.at = 0;
    if (this.rows !== null) this.#check(this.rows);
  }
}

class VariableCount {
  #compared = 0;
  #different = 0;
  #onlyA = 0;
  #onlyB = 0;
  #worst: WorstDifference | null = null;
  #relative: WorstDifference | null = null;

  constructor(readonly a: StoreArray, readonly b: StoreArray, readonly tolerance: Tolerance) {}

  add(column: number, left: Cursor, right: Cursor): void {
    const columnA = left.rows!.columns[column], columnB = right.rows!.columns[column];
    const hasA = columnA.valid[left.at] === 1, hasB = columnB.valid[right.at] === 1;
    if (!hasA || !hasB) {
      if (hasA) this.#onlyA += 1;
      if (hasB) this.#onlyB += 1;
      return;
    }
    this.#compared += 1;
    const a = columnA.values[left.at], b = columnB.values[right.at];
    // Loosely, so that a bigint equals the number of its value.
    if (a == b) return;
    const difference = typeof a === "bigint" && typeof b === "bigint"
      ? Math.abs(Number(a - b))
      : Math.abs(Number(a) - Number(b));
    const size = Math.abs(Number(b));
    // Not (<=): an infinite value on one side is always beyond.
    const finite = Number.isFinite(difference);
    if (!(finite && difference <= this.tolerance.absolute + this.tolerance.relative * size)) {
      this.#different += 1;
    }
    const found = { cell: String(left.id), a: Number(a), b: Number(b), difference };
    if (this.#worst === null || difference > this.#worst.difference) this.#worst = found;
    const relative = finite ? difference / size : Infinity;
    if (this.#relative === null || relative > this.#relative.difference) {
      this.#relative = { ...found, difference: relative };
    }
  }

  result(): VariableDiff {
    return {
      name: this.a.name,
      types: { a: this.a.dtype, b: this.b.dtype },
      compared: this.#compared,
      different: this.#different,
      onlyA: this.#onlyA,
      onlyB: this.#onlyB,
      worst: this.#worst,
      worstRelative: this.#relative,
    };
  }
}
