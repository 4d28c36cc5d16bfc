/** What the keys of an aggregation's tasks are made of. */
import type { GranuleIdentity, GranuleRow } from "../../catalog/granule.ts";
import { keyOfText } from "../../core/keys.ts";
import type { Pipeline } from "../pipeline.ts";

/** What a granule is, whatever place it was read from, as canonical JSON. */
export function identityJson({ checksum, collection, id, revision, size_bytes }: GranuleIdentity): string {
  return JSON.stringify({ checksum, collection, id, revision, size_bytes });
}

/** The hash of it, by which granules of plans are known again. */
export function identityKey(row: GranuleRow): string {
  return keyOfText(identityJson(row));
}

/** The part of a pipeline, beside its rules for rows, that decides which observations are kept and in which parent they lie. */
export function scatterConfig(pipeline: Pipeline): unknown {
  const { groups, latitude, longitude, columns, filters, asset, beams, coordinateLink, sources } =
    pipeline.dataSource;
  const { parentOrder, childOrder, latitude: convention, projected } = pipeline.output;
  const statistics = pipeline.aggregation.statistics.map(({ function: f, expression, source, params }) => ({
    f,
    expression,
    source,
    params,
  }));
  return {
    groups,
    latitude,
    longitude,
    columns,
    filters,
    ...beams === undefined ? {} : { beams },
    ...coordinateLink === undefined ? {} : { coordinateLink },
    ...sources === undefined ? {} : { sources },
    asset,
    parentOrder,
    childOrder,
    convention,
    ...projected === undefined ? {} : { projected },
    statistics,
  };
}
