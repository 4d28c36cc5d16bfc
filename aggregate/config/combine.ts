/**
 * Several configs as one run: each takes the granules of its own collections, and its variables have its name before
 * theirs. Rows that a config gives have no value in the columns of the others.
 */
import path from "node:path";
import { inputError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/keys.ts";
import type { Pipeline, Statistic } from "../pipeline.ts";

/**
 * One pipeline of several. Throws an input error, which names the config, where two have one name, where one names no
 * collections, and where they differ in what a store has once.
 */
export function combinePipelines(pipelines: readonly Pipeline[]): Pipeline {
  const [first, ...others] = pipelines;
  if (others.length === 0) return first;
  const prefixes = pipelines.map(({ name }) => prefixOf(name));
  for (const [i, prefix] of prefixes.entries()) {
    if (prefixes.indexOf(prefix) !== i) {
      throw inputError(
        `${pipelines[i].name}: a second config of the name ${prefix} (its variables begin with it)`,
      );
    }
    if (pipelines[i].dataSource.collections.length === 0) {
      throw inputError(
        `${pipelines[i].name}: one of several configs, and it does not say which granules it takes` +
          " (name them in data_source.collections)",
      );
    }
  }
  for (const other of others) refuseDifferences(first, other);
  const columns = pipelines.flatMap(({ dataSource }, i) =>
    dataSource.columns.map((column) => ({ ...column, name: `${prefixes[i]}_${column.name}` }))
  );
  return {
    ...first,
    name: pipelines.map(({ name }) => name).join(" and "),
    dataSource: {
      ...first.dataSource,
      collections: [...new Set(pipelines.flatMap(({ dataSource }) => dataSource.collections))],
      columns,
      filters: [],
      sources: pipelines.map(({ name, dataSource, aggregation }) => ({
        name,
        dataSource: { ...dataSource, driver: null },
        statistics: aggregation.statistics,
      })),
    },
    aggregation: {
      ...first.aggregation,
      statistics: pipelines.flatMap((pipeline, i) => prefixed(pipeline, prefixes[i])),
    },
  };
}

/** The configs that a combined one was made of, each a pipeline of its own; the pipeline itself where it is one. */
export function partsOf(pipeline: Pipeline): Pipeline[] {
  const { sources } = pipeline.dataSource;
  if (sources === undefined) return [pipeline];
  return sources.map(({ name, dataSource, statistics }) => ({
    ...pipeline,
    name,
    dataSource,
    aggregation: { ...pipeline.aggregation, statistics },
  }));
}

/** What stands before a config's variables: `atl06` of the preset, `my_config` of `folder/my-config.yaml`. */
export function prefixOf(name: string): string {
  const base = path.basename(name).replace(/\.ya?ml$/i, "").replaceAll(/\W/g, "_");
  return /^[A-Za-z]/.test(base) ? base : `c_${base}`;
}

function prefixed({ dataSource, aggregation }: Pipeline, prefix: string): Statistic[] {
  const columns = new Set(dataSource.columns.map(({ name }) => name));
  const renamed = (text: string) =>
    text.replaceAll(/(?<![\w.])[A-Za-z_]\w*/g, (name) => columns.has(name) ? `${prefix}_${name}` : name);
  return aggregation.statistics.map((statistic): Statistic => {
    const byTime = (statistic.function === "first" || statistic.function === "last") &&
      statistic.params.by === undefined;
    const params = Object.entries({ ...statistic.params, ...byTime ? { by: "time" } : {} });
    return {
      ...statistic,
      name: `${prefix}_${statistic.name}`,
      ...statistic.source === undefined ? {} : { source: renamed(statistic.source) },
      ...statistic.expression === undefined ? {} : { expression: renamed(statistic.expression) },
      params: Object.fromEntries(
        params.map(([key, value]) => [key, typeof value === "string" ? renamed(value) : value]),
      ),
    };
  });
}

/** A store has one grid, one set of levels and windows, one area and time; a run one asset and one selection. */
function refuseDifferences(first: Pipeline, other: Pipeline): void {
  const of = (
    { output: { store: _store, ...output }, aggregation, bounds, selection, dataSource }: Pipeline,
  ) => ({
    ...Object.fromEntries(Object.entries(output).map(([key, value]) => [`output.${key}`, value])),
    "aggregation.coordinates.morton": aggregation.morton,
    bounds,
    selection,
    "data_source.asset": dataSource.asset,
  });
  const [one, two] = [of(first) as Record<string, unknown>, of(other) as Record<string, unknown>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(two)])) {
    const [was, is] = [one[key], two[key]].map((value) => canonicalJson(value ?? null));
    if (was === is) continue;
    throw inputError(
      `${other.name}: ${key} is ${is}, and ${was} in ${first.name}` +
        " (configs of one run have one store: make them agree, or say it by a flag)",
    );
  }
}
