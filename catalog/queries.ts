/** The queries that fed a catalog, each once. */
import type { CatalogQuery, SetAside } from "./schema.ts";

/**
 * One entry for each distinct query (what was asked of which source), in the order in which they first came.
 * Asked again, it keeps the latest time; what an update set aside (it asked only for what changed since) is
 * added to what was set aside before, and what a whole new answer set aside takes its place.
 */
export function distinctQueries(queries: readonly CatalogQuery[]): CatalogQuery[] {
  const distinct = new Map<string, CatalogQuery>();
  const seen = new Set<string>();
  for (const query of queries) {
    // The very same entry came by two ways.
    const text = JSON.stringify(query);
    if (seen.has(text)) continue;
    seen.add(text);
    const { updatedSince, ...parameters } = query.parameters;
    const key = JSON.stringify([query.source, sorted(parameters)]);
    const known = distinct.get(key);
    distinct.set(key, known === undefined ? query : again(known, query, updatedSince !== undefined));
  }
  return [...distinct.values()];
}

function again(known: CatalogQuery, query: CatalogQuery, isUpdate: boolean): CatalogQuery {
  const latest = (query.asked ?? "") >= (known.asked ?? "") ? query : known;
  const asked = latest.asked;
  const set_aside = isUpdate ? sumSetAside(known.set_aside, query.set_aside) : latest.set_aside;
  const base = isUpdate ? known : latest;
  return {
    source: base.source,
    parameters: base.parameters,
    ...(asked === undefined ? {} : { asked }),
    ...(set_aside === undefined ? {} : { set_aside }),
  };
}

/** The counts of all together. */
export function sumSetAside(...parts: readonly (SetAside | undefined)[]): SetAside {
  const total: SetAside = { granules: {}, links: {}, notes: {} };
  for (const part of parts) {
    for (const kind of ["granules", "links", "notes"] as const) {
      for (const [reason, count] of Object.entries(part?.[kind] ?? {})) {
        total[kind][reason] = (total[kind][reason] ?? 0) + count;
      }
    }
    if (part?.examples !== undefined) total.examples = { ...total.examples, ...part.examples };
  }
  return total;
}

function sorted(parameters: Record<string, unknown>): [string, unknown][] {
  return Object.entries(parameters).toSorted(([a], [b]) => a < b ? -1 : 1);
}
