/** The config as results depend on it: a part of every key, and of what the store says of its making. */
import type { Pipeline } from "../pipeline.ts";

/** The config without what results do not depend on: names of files, drivers, the store's place. */
export function resultConfig(pipeline: Pipeline, rows: Record<string, unknown>): Record<string, unknown> {
  const { driver: _driver, collections: _collections, ...dataSource } = pipeline.dataSource;
  const { store: _store, shard: _shard, layout: _layout, levels: _levels, ...output } = pipeline.output;
  return {
    dataSource,
    aggregation: pipeline.aggregation,
    output,
    ...Object.keys(rows).length === 0 ? {} : { rows },
  };
}
