/** Granules in a run of several configs: which of these read them, and what their rows have in the columns of all. */
import type { GroupObservations } from "../../core/observations/contract.ts";
import type { Values } from "../../core/values.ts";
import { collectionFits } from "../../products/collection_names.ts";
import type { DataSource } from "../pipeline.ts";

/** What is read of a granule of a collection: by each config that takes it, and where its columns begin among all. */
export function sourcesOf(
  dataSource: DataSource,
  collection: string,
): { dataSource: DataSource; first: number }[] {
  if (dataSource.sources === undefined) return [{ dataSource, first: 0 }];
  let first = 0;
  return dataSource.sources.flatMap(({ dataSource: own }) => {
    const at = first;
    first += own.columns.length;
    const takes = own.collections.some((glob) => collectionFits(glob, collection));
    return takes ? [{ dataSource: own, first: at }] : [];
  });
}

/** Observations of one config with the columns of all, `total` of them: those of the others hold no value. */
export function widened(observations: GroupObservations, first: number, total: number): GroupObservations {
  const { columns } = observations;
  if (columns.length === total) return observations;
  const nothing = new Float32Array(observations.rows).fill(NaN);
  const all: Values[] = new Array(total).fill(nothing);
  columns.forEach((values, c) => all[first + c] = values);
  return { ...observations, columns: all };
}
