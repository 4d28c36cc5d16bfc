/**
 * Levels above the parent order, from the mergeable states of the parents: exact for counts, extremes,
 * sums, means and variances; quantiles by digests of stated error, or exactly from the values that the
 * run kept.
 */
import { hasExactQuantiles } from "../plan/quantile_notes.ts";
import type { RangedSource } from "../../core/access/block_cache.ts";
import { numbersAtRanks } from "../../core/select_ranks.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { encodeCoarseLevel } from "../../core/store/writer.ts";
import type { Plan } from "../plan/plan.ts";
import { compileMerge } from "../statistics/merge.ts";
import { between } from "../statistics/sketch.ts";
import { decodeState, type ShardRecord } from "../run_directory/shard_records.ts";

interface CoarseLevels {
  /** Objects by key. */
  objects: Map<string, Uint8Array>;
  /** Cells with observations, by order. */
  cells: Record<string, number>;
}

/** What a shard's record says of levels above the parents. */
export type ShardStates = Pick<ShardRecord, "states" | "values" | "zones">;

export function statesOf({ states, values, zones }: ShardStates): ShardStates {
  return {
    states,
    ...values === undefined ? {} : { values },
    ...zones === undefined ? {} : { zones },
  };
}

/** A parent: its state, and for each digest where its values lie. */
interface Parent {
  cell: number;
  /** Of time; 0 where there are none. */
  window: number;
  state: Float64Array;
  values: ValueSpan[];
}

/** Values `from` up to `from + count` of an object. */
interface ValueSpan {
  key: string;
  from: number;
  count: number;
}

/** A cell above the parents, which holds parents `[first, end)`. */
interface Family {
  cell: number;
  state: Float64Array;
  first: number;
  end: number;
}

/** So many values are read at once: 4 MB. */
const VALUES_AT_ONCE = 524_288;

/** Every level above the parents. `records` are of all shards; `open` gives the values that they speak of. */
export async function coarseLevels(
  plan: Plan,
  records: readonly ShardStates[],
  open: (key: string) => Promise<RangedSource>,
): Promise<CoarseLevels> {
  const { store } = plan;
  const levels = store.levels.filter((level) => level < store.parentOrder);
  const made: CoarseLevels = { objects: new Map(), cells: {} };
  if (levels.length === 0) return made;
  const columnNames = plan.pipeline.dataSource.columns.map((column) => column.name);
  const merger = compileMerge(plan.pipeline.aggregation.statistics, columnNames);
  const windows = new Map<number, Parent[]>();
  for (const parent of records.flatMap((record) => parentsOf(record, store.parents))) {
    const own = windows.get(parent.window) ?? [];
    windows.set(parent.window, own);
    own.push(parent);
  }
  for (const level of levels) made.cells[level] = 0;
  // Without windows every rank is of the first; a store in which nothing was observed still has its levels.
  if (store.time === undefined && windows.size === 0) windows.set(0, []);
  const exact = hasExactQuantiles(plan) ? open : undefined;
  for (const [window, own] of windows) {
    const at = store.time === undefined ? undefined : window;
    await addLevels(made, store, merger, levels, own.sort((a, b) => a.cell - b.cell), exact, at);
  }
  return made;
}

/** Adds the levels of one window of time; `open` is there where quantiles are exact. */
async function addLevels(
  made: CoarseLevels,
  store: StoreSpec,
  merger: ReturnType<typeof compileMerge>,
  levels: readonly number[],
  parents: readonly Parent[],
  open: ((key: string) => Promise<RangedSource>) | undefined,
  window: number | undefined,
): Promise<void> {
  let order = store.parentOrder;
  let current = parents.map(({ cell, state }, at): Family => ({ cell, state, first: at, end: at + 1 }));
  for (const level of levels) {
    const factor = 4 ** (order - level);
    const families: (Omit<Family, "state"> & { states: Float64Array[] })[] = [];
    for (const { cell, state, first, end } of current) {
      const ancestor = Math.floor(cell / factor);
      const last = families.at(-1);
      if (last?.cell === ancestor) {
        last.states.push(state);
        last.end = end;
      } else families.push({ cell: ancestor, states: [state], first, end });
    }
    const merged = families.map(({ states, ...rest }): Family => ({
      ...rest,
      state: merger.combine(states),
    }));
    const finished: Float64Array[] = [];
    for (const { state, first, end } of merged) {
      const quantiles = open === undefined
        ? undefined
        : await exactQuantiles(merger.quantiles, parents.slice(first, end), open);
      finished.push(merger.finish(state, quantiles));
    }
    const values = store.variables.map((_, v) => Float64Array.from(finished, (row) => row[v]));
    const cells = merged.map(({ cell }) => cell);
    for (const [key, bytes] of encodeCoarseLevel(store, level, cells, values, window)) {
      made.objects.set(key, bytes);
    }
    made.cells[level] += cells.length;
    current = merged;
    order = level;
  }
}

function parentsOf({ states, values = [] }: ShardStates, cells: readonly number[]): Parent[] {
  const from = values.map(() => 0);
  return states.map(([rank, text], at) => ({
    cell: cells[rank % cells.length],
    window: Math.floor(rank / cells.length),
    state: decodeState(text),
    values: values.map(({ key, counts }, digest) => {
      const span = { key, from: from[digest], count: counts[at] };
      from[digest] += counts[at];
      return span;
    }),
  }));
}

/** Quantiles by numpy's linear method of all values of some parents. */
async function exactQuantiles(
  asked: readonly { digest: number; q: number }[],
  parents: readonly Parent[],
  open: (key: string) => Promise<RangedSource>,
): Promise<(digest: number, q: number) => number> {
  const found = new Map<string, number>();
  for (const digest of new Set(asked.map((one) => one.digest))) {
    const spans = joined(parents.map(({ values }) => values[digest]));
    const count = spans.reduce((sum, span) => sum + span.count, 0);
    if (count === 0) continue;
    const places = asked.filter((one) => one.digest === digest).map(({ q }) => {
      const rank = (count - 1) * q;
      return { q, low: Math.floor(rank), high: Math.ceil(rank), part: rank - Math.floor(rank) };
    });
    const ranks = places.flatMap(({ low, high }) => [low, high]);
    const numbers = await numbersAtRanks(() => readSpans(spans, open), count, ranks);
    places.forEach(({ q, part }, i) => {
      found.set(`${digest} ${q}`, between(numbers[2 * i], numbers[2 * i + 1], part));
    });
  }
  return (digest, q) => found.get(`${digest} ${q}`) ?? NaN;
}

/** Spans that follow each other in one object, as one. */
function joined(spans: readonly ValueSpan[]): ValueSpan[] {
  const joined: ValueSpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last?.key === span.key && last.from + last.count === span.from) last.count += span.count;
    else if (span.count > 0) joined.push({ ...span });
  }
  return joined;
}

async function* readSpans(
  spans: readonly ValueSpan[],
  open: (key: string) => Promise<RangedSource>,
): AsyncGenerator<Float64Array> {
  for (const { key, from, count } of spans) {
    const source = await open(key);
    try {
      for (let at = 0; at < count; at += VALUES_AT_ONCE) {
        const length = Math.min(VALUES_AT_ONCE, count - at);
        const bytes = await source.read(8 * (from + at), 8 * length);
        // Aligned: where a reader gives a part of something larger it may not be.
        yield new Float64Array(bytes.slice().buffer, 0, length);
      }
    } finally {
      await source.close();
    }
  }
}
