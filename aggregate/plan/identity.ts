/** Keys of pieces of work: hashes of everything that their results depend on, and of nothing else. */
import { createHash } from "node:crypto";
import type { GranuleIdentity, GranuleRow } from "../../catalog/granule.ts";
import type { Pipeline } from "../pipeline.ts";

/** JSON with the keys of every object in order, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** The first 32 hex digits of the SHA-256 of a value's canonical JSON. */
export function keyOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 32);
}

/** What a granule is, whatever place it was read from. */
export function identityOf(row: GranuleRow): GranuleIdentity {
  return {
    collection: row.collection,
    id: row.id,
    revision: row.revision,
    size_bytes: row.size_bytes,
    checksum: row.checksum,
  };
}

/** The part of a pipeline, beside its rules for rows, that decides which observations are kept and in which parent they lie. */
export function scatterConfig(pipeline: Pipeline): unknown {
  const { groups, latitude, longitude, columns, filters, asset } = pipeline.dataSource;
  const { parentOrder, childOrder, latitude: convention } = pipeline.output;
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
    asset,
    parentOrder,
    childOrder,
    convention,
    statistics,
  };
}
