/**
 * The plan of a run: what will be read, by which task, into which objects. A pure function of
 * the selection, the pipeline and the options; a value that can be printed, tested and sent away.
 */
import { resultConfig } from "./result_config.ts";
import { coarseNote } from "./quantile_notes.ts";
import { planBatches, type PlannedBatch } from "./batches.ts";
import { type PlannedShard, planShards } from "./shards.ts";
import { inputError } from "../../core/errors.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { Pipeline } from "../pipeline.ts";
import { requireMergeable } from "../statistics/merge_plan.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { defaultParentsPerShard } from "../../core/store/layout.ts";
import { planeAround } from "../../core/store/plane.ts";
import { compareGranules } from "../../catalog/file/row_order.ts";
import { keyOf, keysUnder } from "../../core/keys.ts";
import { identityKey } from "./identity.ts";
import { areasOf, rowRules, timeWindow } from "./row_rules.ts";
import { areaNote, storeNote, withZoneNote } from "./store_note.ts";
import { planWindows, rankedWindows } from "./time_windows.ts";
import { ENGINE_VERSION, PLAN_FORMAT } from "./version.ts";

/** Which parents a run has and which granules each needs: what the catalog's selection gives. */
export interface RunSelection {
  /** Ids at the pipeline's parent order, ascending: nested ones, or of tiles of a projected grid. */
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

/** Cells of one parent that a chunk may hold; beyond it memory, not science, would set the limit. */
const MAX_CELLS_PER_PARENT = 4 ** 12;

/** What of a run is merged, and the way out where a statistic cannot be. */
const ZONES = {
  what: "statistics of zones",
  instead: "leave these variables out, or the zones",
} as const;

/** Makes the plan. Throws an input error when the selection is empty or the orders do not fit. */
export function planRun(selection: RunSelection, pipeline: Pipeline, options: PlanOptions = {}): Plan {
  const { parents } = selection;
  const { parentOrder, childOrder, latitude, projected } = pipeline.output;
  const layout = projected === undefined ? pipeline.output.layout : "plane";
  if (parents.length === 0 || selection.granules.length === 0) {
    throw inputError(
      "nothing to aggregate: no granule of the catalog touches the selected cells" +
        " (look at granary cells CATALOG, and at the time, the polygon and --where)",
      { leftOut: selection.leftOut },
    );
  }
  checkOrders(parentOrder, childOrder);
  const levels = checkLevels(options.levels ?? pipeline.output.levels ?? [childOrder], childOrder);
  const isCoarse = levels.some((level) => level < parentOrder);
  if (isCoarse || pipeline.output.zones !== undefined) {
    const columnNames = pipeline.dataSource.columns.map((column) => column.name);
    requireMergeable(pipeline.aggregation.statistics, columnNames, isCoarse ? undefined : ZONES);
  }
  const order = selection.granules.map((_, i) => i)
    .sort((a, b) => compareGranules(selection.granules[a], selection.granules[b]));
  const granules = order.map((i) => withoutCells(selection.granules[i]));
  const rows = options.rows ?? null;
  const rules = rowRules(rows);
  const within = rows === null ? null : timeWindow(rows);
  const { time } = pipeline.output;
  const windows = time === undefined ? null : planWindows(time, granules, within);
  const ranks = order.map((i, g) => rankedWindows(selection.ranks[i], parents.length, windows?.ranges[g]));
  const cellsPerParent = 4 ** (childOrder - parentOrder);
  const parentsPerShard = pipeline.output.shard ?? options.parentsPerShard ??
    defaultParentsPerShard(layout, parents.length, cellsPerParent);
  const store: StoreSpec = {
    layout,
    ...projected === undefined
      ? {}
      : { plane: planeAround(projected, parents, parentOrder, parentsPerShard, levels) },
    parentOrder,
    parents: [...parents],
    parentsPerShard,
    levels,
    latitude,
    morton: pipeline.aggregation.morton,
    variables: pipeline.aggregation.statistics.map((statistic) => ({
      name: statistic.name,
      dtype: statistic.dtype,
      fillValue: statistic.fillValue,
      attributes: statistic.attributes,
      ...coarseNote(statistic, pipeline.output.exactQuantiles === true),
    })),
    ...windows === null ? {} : { time: windows.time },
    provenance: {},
  };
  const identities = granules.map(identityKey);
  const config = resultConfig(pipeline, rules);
  const base = {
    config,
    engine: ENGINE_VERSION,
    layout,
    shard: store.parentsPerShard,
    levels,
    ...store.plane === undefined ? {} : { extent: store.plane.extent },
  };
  const shardKeys = keysUnder(base);
  const batchKeys = keysUnder({ config, parents, engine: ENGINE_VERSION });
  const shards = planShards(store, ranks, identities, shardKeys);
  const batches = planBatches(granules, ranks, identities, batchKeys, options.batches);
  const collections = countBy(granules.map((row) => row.collection));
  store.provenance = {
    engine_version: ENGINE_VERSION,
    ...storeNote(pipeline, granules),
    config: withZoneNote(
      rows !== null && "areas" in rules
        ? { ...config, rows: { ...rules, areas: areasOf(rows).map(areaNote) } }
        : config,
      pipeline,
    ),
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

function withoutCells(row: GranuleRow): GranuleRow {
  return row.cells.length === 0 ? row : { ...row, cells: new BigUint64Array(0) };
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
