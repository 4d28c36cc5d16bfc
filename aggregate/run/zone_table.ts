/** Statistics of zones, from the summaries of their observations in each parent cell. */
import type { Plan } from "../plan/plan.ts";
import { compileMerge } from "../statistics/merge.ts";
import { decodeState, type ShardRecord } from "../run_directory/shard_records.ts";

/** A store's note of its zones: a row a zone, in each window of time where it has some. */
interface ZoneTable {
  zone: string[];
  /** Beginnings of windows, in seconds since 1970 UTC; absent without windows. */
  time?: number[];
  observations: number[];
  /** By name; null where a zone has no value. Quantiles are of merged sketches, as those of levels above the parents. */
  statistics: Record<string, (number | null)[]>;
}

/** The table of a plan's zones; null for a plan without any. */
export function zoneTable(plan: Plan, records: readonly Pick<ShardRecord, "zones">[]): ZoneTable | null {
  const { zones } = plan.pipeline.output;
  if (zones === undefined) return null;
  const { store, pipeline } = plan;
  const merger = compileMerge(
    pipeline.aggregation.statistics,
    pipeline.dataSource.columns.map(({ name }) => name),
  );
  const parents = store.parents.length;
  const parts = new Map<string, { rank: number; rows: number; state: Float64Array }[]>();
  for (const [zone, rank, rows, text] of records.flatMap((record) => record.zones ?? [])) {
    const key = `${Math.floor(rank / parents)} ${zone}`;
    const own = parts.get(key) ?? [];
    parts.set(key, own);
    own.push({ rank, rows, state: decodeState(text) });
  }
  const table: ZoneTable = {
    zone: [],
    ...store.time === undefined ? {} : { time: [] },
    observations: [],
    statistics: Object.fromEntries(store.variables.map(({ name }) => [name, []])),
  };
  for (let window = 0; window < (store.time?.starts.length ?? 1); window++) {
    zones.forEach(({ name }, zone) => {
      const own = (parts.get(`${window} ${zone}`) ?? []).sort((a, b) => a.rank - b.rank);
      const values = merger.finish(merger.combine(own.map(({ state }) => state)));
      table.zone.push(name);
      table.time?.push(store.time!.starts[window]);
      table.observations.push(own.reduce((sum, { rows }) => sum + rows, 0));
      store.variables.forEach((variable, v) => {
        table.statistics[variable.name].push(Number.isFinite(values[v]) ? values[v] : null);
      });
    });
  }
  return table;
}
