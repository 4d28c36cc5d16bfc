/**
 * Bringing a catalog up to date: which of its queries can be asked again for what changed since, and
 * from when. Metadata of a granule may reach CMR's index minutes after its revision date, so the time of
 * the last query is stepped back; rows that come twice lose to themselves by their revision.
 */
import { inputError } from "../../../core/errors.ts";
import { queryRows } from "../../../core/tables/query.ts";
import type { Catalog } from "../../file/open_catalog.ts";
import type { CatalogQuery, RemovedGranules } from "../../schema.ts";
import type { DeletedGranule } from "./cmr.ts";
import { CMR_URL, type CmrQuery } from "./cmr_query.ts";
import { asArray, asNumber, asObject, asText, asTime } from "../../../core/json_value.ts";

/** How far before the last query an update begins. */
export const UPDATE_OVERLAP_MS = 6 * 3_600_000;

/** One query to be asked again. */
interface UpdateQuery {
  url: string;
  /** With `updatedSince` set. */
  query: CmrQuery;
}

/**
 * The CMR queries of a catalog with the time since which each is to be asked. Equal queries that were
 * asked several times are asked once, since the last. Throws an input error when there is none.
 */
export function updateQueries(queries: readonly CatalogQuery[], name: string): UpdateQuery[] {
  if (queries.some(({ source }) => source === "sql")) {
    throw inputError(
      `${name}: catalog sql took it out of another catalog (update that one, and select again)`,
    );
  }
  const last = new Map<string, { url: string; query: CmrQuery; asked: number }>();
  for (const { source, parameters, asked } of queries) {
    if (source !== "cmr") continue;
    const time = asTime(asked);
    if (time === null) {
      throw inputError(
        `${name}: its query does not say when it was asked, so it cannot be updated (build it again)`,
      );
    }
    const { updatedSince: _, ...query } = readQuery(parameters);
    const url = asText(parameters.url) ?? CMR_URL;
    const key = JSON.stringify([url, parametersOf(query)]);
    const known = last.get(key);
    if (known === undefined || known.asked < time) last.set(key, { url, query, asked: time });
  }
  if (last.size === 0) {
    throw inputError(`${name}: no query of CMR in its metadata, so there is nothing to update`);
  }
  return [...last.values()].map(({ url, query, asked }) => ({
    url,
    query: { ...query, updatedSince: new Date(asked - UPDATE_OVERLAP_MS).toISOString() },
  }));
}

/** A query out of the metadata of a catalog, which may come from anywhere: wrong members are refused. */
function readQuery(parameters: Record<string, unknown>): CmrQuery {
  const texts = (value: unknown, what: string) => {
    if (value === undefined) return undefined;
    const list = asArray(value).map(asText);
    if (!Array.isArray(value) || list.includes(null)) {
      throw inputError(`the catalog's query has no list of ${what}`);
    }
    return list as string[];
  };
  const numbers = (value: unknown, what: string) => {
    const list = asArray(value).map(asNumber);
    if (!Array.isArray(value) || list.includes(null)) {
      throw inputError(`the catalog's query has no list of ${what}`);
    }
    return list as number[];
  };
  const { shortNames, versions, providers, conceptIds, cycles, bbox, polygons, start, end } =
    asObject(parameters) ?? {};
  const query: Record<string, unknown> = {
    shortNames: texts(shortNames, "short names"),
    versions: texts(versions, "versions"),
    providers: texts(providers, "providers"),
    conceptIds: texts(conceptIds, "concept ids"),
    start: asText(start) ?? undefined,
    end: asText(end) ?? undefined,
    cycles: cycles === undefined ? undefined : numbers(cycles, "cycles"),
    bbox: bbox === undefined ? undefined : numbers(bbox, "a box"),
    polygons: polygons === undefined
      ? undefined
      : asArray(polygons).map((ring) => Float64Array.from(numbers(ring, "a polygon's vertices"))),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as CmrQuery;
}

function parametersOf(query: CmrQuery): unknown {
  return Object.entries(query).sort(([a], [b]) => a < b ? -1 : 1)
    .map((
      [name, value],
    ) => [name, name === "polygons" ? (value as Float64Array[]).map((ring) => [...ring]) : value]);
}

/** What a catalog knows the granules by that their source deleted. */
export function removedGranules(deleted: readonly DeletedGranule[]): RemovedGranules {
  return {
    conceptIds: deleted.flatMap(({ conceptId }) => conceptId ?? []),
    // Without a concept id, a granule is known by its provider and its own id.
    names: deleted.flatMap(({ conceptId, provider, id }) =>
      conceptId === null && provider !== null ? [{ provider, id }] : []
    ),
  };
}

/** The concept ids of a catalog's collections, as its rows name them. */
export async function collectionsOf(catalog: Catalog): Promise<string[]> {
  const found = await queryRows(
    catalog.duck.connection,
    `SELECT DISTINCT json_extract_string(properties, '$.collection_concept_id') AS id FROM ${catalog.table}`,
  );
  return found.map(({ id }) => asText(id)).filter((id) => id !== null && /^C\d+-[A-Z0-9_]+$/i.test(id))
    .sort() as string[];
}
