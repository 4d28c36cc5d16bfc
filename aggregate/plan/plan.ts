/**
 * The plan of a run: what will be read, by which task, into which objects. A pure function of
 * the selection, the pipeline and the options; a value that can be printed, tested and sent away.
 */
import { inputError } from "../../core/errors.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Pipeline, Statistic } from "../pipeline.ts";
import { RANK_ERROR, THINNING_ERROR } from "../statistics/sketch.ts";
import { compileMerge, requireMergeable } from "../statistics/merge.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { defaultParentsPerShard, shardsAcross } from "../../core/store/layout.ts";
import { compareGranules } from "../../catalog/file/row_order.ts";
import { keyOf } from "../../core/keys.ts";
import { identityOf } from "./identity.ts";
import { areasOf, rowRules } from "./row_rules.ts";
import { areaNote, storeNote } from "./store_note.ts";
import { planWindows } from "./time_windows.ts";
import { ENGINE_VERSION, PLAN_FORMAT } from "./version.ts";

/** Which parents a run has and which granules each needs: what the catalog's selection gives. */
export interface RunSelection {
  /** Nested ids at the pipeline's parent order, ascending. */
  parents: readonly number[];
  granules: readonly GranuleRow[];
  /** For each granule, the ranks (positions in `parents`) of the parents that need it, ascending. */
  ranks: readonly (readonly number[] | Uint32Array)[];
  /** What the catalog held and the run leaves out, and why. */
  leftOut: { what: string; granules: number }[];
  /** Granules among them whose observations a selected one has. */
  folded?: GranuleName[];
}

type GranuleName = Pick<GranuleRow, "collection" | "id">;

/** One Zarr shard: the unit of reducing. */
interface PlannedShard {
  /** Position of the shard along the `cells` dimension. */
  index: number;
  /** Ranks `[firstRank, endRank)` of its parents in the plan. */
  firstRank: number;
  endRank: number;
  /** Granules that it needs, as positions in the plan. */
  granules: number[];
  /** Equal keys mean equal objects. */
  key: string;
}

/** A list of granules: the unit of scattering. */
interface PlannedBatch {
  granules: number[];
  bytes: number;
  key: string;
}

export interface Plan {
  format: number;
  engineVersion: number;
  /** Hash of everything that the store's bytes depend on. */
  key: string;
  pipeline: Pipeline;
  store: StoreSpec;
  /** In canonical order, without their cells. */
  granules: GranuleRow[];
  /**
   * For each granule the ranks of its parents, ascending. Where the store has windows of time, a rank is of a
   * parent in a window: the window's number times the parents, plus the parent's own rank.
   */
  ranks: number[][];
  shards: PlannedShard[];
  batches: PlannedBatch[];
  leftOut: { what: string; granules: number }[];
  /** Granules left out because selected ones have their observations: what a resumed run may do without. */
  folded?: GranuleName[];
  /** Bounds that leave out rows of granules, not only granules; null for none. */
  rows: Pipeline["bounds"] | null;
  /** Whether parents were chosen by place, so that granules hold observations outside them. */
  selective: boolean;
}

export interface PlanOptions {
  selective?: boolean;
  /** Bounds by which rows are left out: shapes, no names of regions. */
  rows?: Pipeline["bounds"];
  /** Orders to write, fine to coarse; default the child order alone. */
  levels?: readonly number[];
  /** Parents a shard where the config says none; default as many as fit the parents. */
  parentsPerShard?: number;
  /** Scatter batches; default one for every {@linkcode DEFAULT_BATCH_BYTES} of granules. */
  batches?: number;
}

/** A scatter batch is about this much of granule files: minutes of one core, seconds to lose. */
const DEFAULT_BATCH_BYTES = 2e9;

/** A granule whose size no catalog states is taken to be this large. */
export const ASSUMED_GRANULE_BYTES = 50e6;

/** Cells of one parent that a chunk may hold; beyond it memory, not science, would set the limit. */
const MAX_CELLS_PER_PARENT = 4 ** 12;

/** What arrays of quantiles say at levels above the parents. */
const RANK_ERROR_NOTE = "from merged sketches: the rank is off by at most " +
  `${percentUp(RANK_ERROR)} % of the values of the cell, and by ${
    percentUp(THINNING_ERROR)
  } % more for each` +
  " thinning of a sketch of too many clusters; in sparse tails values may be off by more";

/** What they say where all values were kept. */
const EXACT_NOTE = "exact: quantiles of all values of the cell";

/** Whether a plan has quantiles above the parents that are made from all values. */
export function hasExactQuantiles({ pipeline, store }: Pick<Plan, "pipeline" | "store">): boolean {
  return pipeline.output.exactQuantiles === true && store.levels.some((level) => level < store.parentOrder) &&
    pipeline.aggregation.statistics.some(hasQuantile);
}

/** A bound in percent, rounded up. */
function percentUp(share: number): string {
  return (Math.ceil(share * 1e4) / 100).toFixed(2);
}

/** Whether a statistic is, or is made of, quantiles. */
function hasQuantile({ function: named, expression }: Statistic): boolean {
  return named === "median" || named === "quantile" || named === "percentile" ||
    /\b(?:nan)?(?:median|quantile|percentile)\s*\(/.test(expression ?? "");
}

/** Makes the plan. Throws an input error when the selection is empty or the orders do not fit. */
export function planRun(selection: RunSelection, pipeline: Pipeline, options: PlanOptions = {}): Plan {
  const { parents } = selection;
  const { parentOrder, childOrder, layout, latitude } = pipeline.output;
  if (parents.length === 0 || selection.granules.length === 0) {
    throw inputError(
      "nothing to aggregate: no granule of the catalog touches the selected cells" +
        " (look at granary cells CATALOG, and at the time, the polygon and --where)",
      { leftOut: selection.leftOut },
    );
  }
  checkOrders(parentOrder, childOrder);
  const levels = checkLevels(options.levels ?? pipeline.output.levels ?? [childOrder], childOrder);
  if (levels.some((level) => level < parentOrder)) {
    const columnNames = pipeline.dataSource.columns.map((column) => column.name);
    requireMergeable(compileMerge(pipeline.aggregation.statistics, columnNames));
  }
  const order = selection.granules.map((_, i) => i)
    .sort((a, b) => compareGranules(selection.granules[a], selection.granules[b]));
  const granules = order.map((i) => ({ ...selection.granules[i], cells: new BigUint64Array(0) }));
  const windows = pipeline.output.time === undefined
    ? null
    : planWindows(pipeline.output.time, granules, options.rows);
  const ranks = order.map((i, g) => rankedWindows(selection.ranks[i], parents.length, windows?.ranges[g]));
  const cellsPerParent = 4 ** (childOrder - parentOrder);
  const store: StoreSpec = {
    layout,
    parentOrder,
    parents: [...parents],
    parentsPerShard: pipeline.output.shard ?? options.parentsPerShard ??
      defaultParentsPerShard(layout, parents.length, cellsPerParent),
    levels,
    latitude,
    morton: pipeline.aggregation.morton,
    variables: pipeline.aggregation.statistics.map((statistic) => ({
      name: statistic.name,
      dtype: statistic.dtype,
      fillValue: statistic.fillValue,
      attributes: statistic.attributes,
      ...hasQuantile(statistic)
        ? {
          coarseAttributes: { rank_error: pipeline.output.exactQuantiles ? EXACT_NOTE : RANK_ERROR_NOTE },
        }
        : {},
    })),
    ...windows === null ? {} : { time: windows.time },
    provenance: {},
  };
  const identities = granules.map((row) => keyOf(identityOf(row)));
  const rows = options.rows ?? null;
  const config = resultConfig(pipeline, rowRules(rows));
  const base = { config, engine: ENGINE_VERSION, layout, shard: store.parentsPerShard, levels };
  const shards = planShards(store, ranks, identities, base);
  const batches = planBatches(
    granules,
    ranks,
    identities,
    { config, parents, engine: ENGINE_VERSION },
    options,
  );
  const noted = rows === null ? config : notedConfig(pipeline, rows);
  const collections = countBy(granules.map((row) => row.collection));
  store.provenance = {
    engine_version: ENGINE_VERSION,
    ...storeNote(pipeline, granules),
    config: noted,
    granules: granules.length,
    granules_sha256: keyOf(identities),
    collections,
    parent_order: parentOrder,
    parents: parents.length,
  };
  return {
    format: PLAN_FORMAT,
    engineVersion: ENGINE_VERSION,
    key: keyOf([base, shards.map((shard) => shard.key)]),
    pipeline,
    store,
    granules,
    ranks,
    shards,
    batches,
    leftOut: [...selection.leftOut],
    ...selection.folded === undefined || selection.folded.length === 0 ? {} : { folded: selection.folded },
    rows,
    selective: options.selective ?? false,
  };
}

/** Ranks of parents in every window that a granule touches, ascending. */
function rankedWindows(
  ranks: readonly number[] | Uint32Array,
  parents: number,
  range: readonly [first: number, end: number] | undefined,
): number[] {
  if (range === undefined) return Array.from(ranks);
  const all: number[] = [];
  for (let window = range[0]; window < range[1]; window++) {
    for (const rank of ranks) all.push(window * parents + rank);
  }
  return all;
}

/** The shard of a parent, or of a parent in a window: each window has its own shards. */
export function shardOfRank(store: StoreSpec): (rank: number) => number {
  const { parentsPerShard, parents, layout } = store;
  const own = layout === "sphere"
    ? (rank: number) => Math.floor(parents[rank] / parentsPerShard)
    : (rank: number) => Math.floor(rank / parentsPerShard);
  if (store.time === undefined) return own;
  const across = shardsAcross(store);
  return (rank) => Math.floor(rank / parents.length) * across + own(rank % parents.length);
}

/** The config without what results do not depend on: names of files, drivers, the store's place. */
function resultConfig(pipeline: Pipeline, rows: Record<string, unknown>): Record<string, unknown> {
  const { driver: _driver, collections: _collections, ...dataSource } = pipeline.dataSource;
  const { store: _store, shard: _shard, layout: _layout, levels: _levels, ...output } = pipeline.output;
  return {
    dataSource,
    aggregation: pipeline.aggregation,
    output,
    ...Object.keys(rows).length === 0 ? {} : { rows },
  };
}

/** The same with areas in few words, for the store. */
function notedConfig(pipeline: Pipeline, bounds: Pipeline["bounds"]): Record<string, unknown> {
  const rules = rowRules(bounds);
  return resultConfig(
    pipeline,
    "areas" in rules ? { ...rules, areas: areasOf(bounds).map(areaNote) } : rules,
  );
}

function planShards(
  store: StoreSpec,
  ranks: readonly (readonly number[])[],
  identities: readonly string[],
  base: unknown,
): PlannedShard[] {
  const shardOf = shardOfRank(store);
  const shards: PlannedShard[] = [];
  const byIndex = new Map<number, PlannedShard>();
  const used = store.time === undefined ? null : new Set(ranks.flat());
  const all = store.parents.length * (store.time?.starts.length ?? 1);
  for (let rank = 0; rank < all; rank++) {
    if (used !== null && !used.has(rank)) continue;
    const index = shardOf(rank);
    const shard = byIndex.get(index);
    if (shard !== undefined) {
      shard.endRank = rank + 1;
      continue;
    }
    const made = { index, firstRank: rank, endRank: rank + 1, granules: [], key: "" };
    byIndex.set(index, made);
    shards.push(made);
  }
  ranks.forEach((own, granule) => {
    let last = -1;
    for (const rank of own) {
      const index = shardOf(rank);
      if (index === last) continue;
      last = index;
      byIndex.get(index)!.granules.push(granule);
    }
  });
  for (const shard of shards) {
    const first = shard.firstRank % store.parents.length;
    const parents = store.parents.slice(first, first + shard.endRank - shard.firstRank);
    const window = windowOf(store, shard.firstRank);
    const needed = shard.granules.map((granule) => [
      identities[granule],
      ranks[granule].filter((rank) => rank >= shard.firstRank && rank < shard.endRank)
        .map((rank) => rank - shard.firstRank),
    ]);
    shard.key = keyOf([base, shard.index, parents, needed, ...window === null ? [] : [window]]);
  }
  return shards;
}

/** The window of a rank, as its two ends; null where the store has none. */
function windowOf({ time, parents }: StoreSpec, rank: number): [number, number] | null {
  if (time === undefined) return null;
  const window = Math.floor(rank / parents.length);
  return [time.starts[window], time.ends[window]];
}

/** Consecutive granules in batches of about equal bytes, so that a batch's reads lie close together. */
function planBatches(
  granules: readonly GranuleRow[],
  ranks: readonly (readonly number[])[],
  identities: readonly string[],
  base: unknown,
  options: PlanOptions,
): PlannedBatch[] {
  const sizes = granules.map((row) => row.size_bytes ?? ASSUMED_GRANULE_BYTES);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const count = Math.min(
    granules.length,
    Math.max(1, options.batches ?? Math.ceil(total / DEFAULT_BATCH_BYTES)),
  );
  const batches: PlannedBatch[] = [];
  let seen = 0;
  granules.forEach((_, granule) => {
    const remaining = granules.length - granule;
    const wantsNew = batches.length === 0 || seen >= (total * batches.length) / count ||
      remaining <= count - batches.length;
    if (wantsNew && batches.length < count) batches.push({ granules: [], bytes: 0, key: "" });
    const batch = batches[batches.length - 1];
    batch.granules.push(granule);
    batch.bytes += sizes[granule];
    seen += sizes[granule];
  });
  for (const batch of batches) {
    batch.key = keyOf([base, batch.granules.map((granule) => [identities[granule], ranks[granule]])]);
  }
  return batches;
}

function checkOrders(parentOrder: number, childOrder: number): void {
  if (childOrder < parentOrder) {
    throw inputError(
      `child_order ${childOrder} is coarser than parent_order ${parentOrder}; wanted at least the parent's`,
    );
  }
  const cells = 4 ** (childOrder - parentOrder);
  if (cells > MAX_CELLS_PER_PARENT) {
    throw inputError(
      `child_order ${childOrder} has ${cells} cells in each parent of order ${parentOrder};` +
        ` at most ${MAX_CELLS_PER_PARENT} fit a chunk (raise parent_order to ${childOrder - 12} or more)`,
    );
  }
}

function checkLevels(levels: readonly number[], childOrder: number): number[] {
  const distinct = [...new Set(levels)].sort((a, b) => b - a);
  for (const level of distinct) {
    if (!Number.isInteger(level) || level < 0 || level > childOrder) {
      throw inputError(`level ${level} is not between 0 and the child order ${childOrder}`);
    }
  }
  if (distinct[0] !== childOrder) distinct.unshift(childOrder);
  return distinct;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
