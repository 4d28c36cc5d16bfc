/** Selections and plans for the engine's tests: no files behind them. */
import { loadPreset } from "../../../../aggregate/config/load.ts";
import type { Pipeline } from "../../../../aggregate/pipeline.ts";
import type { RunSelection } from "../../../../aggregate/plan/plan.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import type { Plan } from "../../../../aggregate/plan/plan.ts";
import type { ScheduleWork } from "../../../../aggregate/schedule/schedule_work.ts";

/** A granule of which only the identity, the size and the place matter. */
export function granuleRow(id: string, changes: Partial<GranuleRow> = {}): GranuleRow {
  return {
    id,
    collection: "ATL06.006",
    provider: "local",
    concept_id: null,
    revision: null,
    start_datetime: null,
    end_datetime: null,
    datetime: null,
    geometry: null,
    bbox: null,
    cell_order: 8,
    cells: new BigUint64Array(0),
    s3_base: null,
    https_base: null,
    local_base: "/data/",
    path: id,
    s3_credentials: null,
    s3_region: null,
    s3_endpoint: null,
    s3_access: null,
    size_bytes: 1_000_000,
    checksum: null,
    assets: [],
    properties: {},
    ...changes,
  };
}

/** The preset for ATL06, with parts of its output changed. */
export function samplePipeline(output: Partial<Pipeline["output"]> = {}): Pipeline {
  const pipeline = loadPreset("atl06");
  return { ...pipeline, output: { ...pipeline.output, ...output } };
}

/** A selection from granules with their ranks. */
export function selectionOf(
  parents: readonly number[],
  granules: readonly { row: GranuleRow; ranks: readonly number[] }[],
): RunSelection {
  return {
    parents,
    granules: granules.map(({ row }) => row),
    ranks: granules.map(({ ranks }) => ranks),
    leftOut: [],
  };
}

/** All of a plan. */
export function wholeWork(plan: Plan): ScheduleWork {
  return {
    granules: plan.ranks.map((ranks, granule) => ({ granule, ranks })),
    shards: plan.shards.map((_, s) => s),
    parts: [],
  };
}
