/**
 * Facts of collections that their granules do not state: where S3 credentials come from, the bucket's
 * region, how the edges of footprints run, the orbit's parameters. (UMM-C schema 1.18.)
 */
import { inputError } from "../../../core/errors.ts";
import { parseAnswerJson } from "./cmr_answer.ts";
import { searchRequest } from "./cmr_request.ts";
import type { CollectionFacts } from "../draft/draft.ts";
import type { EdgeRule } from "../../footprint/extent.ts";
import { type HttpIo, requestText } from "../draft/http_text.ts";
import { asNumber, asObject, asObjects, asText, type JsonObject } from "../../../core/json_value.ts";
import { type OrbitParameters, orbitParameters } from "../../../products/orbits.ts";

/** So many are asked for in one request. */
const AT_ONCE = 50;

/** Asks for collections by concept id; those that CMR does not know are missing from the answer. */
export async function fetchCollections(
  conceptIds: readonly string[],
  io: HttpIo,
  endpoint: string,
): Promise<CollectionFacts[]> {
  const facts: CollectionFacts[] = [];
  for (let at = 0; at < conceptIds.length; at += AT_ONCE) {
    const ids = conceptIds.slice(at, at + AT_ONCE);
    const asked = `${endpoint} of ${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", …" : ""}`;
    facts.push(...await askCollections(ids.map((id) => ["concept_id[]", id]), io, endpoint, asked));
  }
  return facts;
}

/** The collections that parameters of a search of granules name: those that are of collections, too. */
export async function findCollections(
  parameters: readonly [string, string][],
  io: HttpIo,
  endpoint: string,
): Promise<CollectionFacts[]> {
  const own = parameters.filter(([name]) => OF_COLLECTIONS.has(name))
    .map((
      [name, value],
    ): [string, string] => [name === "collection_concept_id[]" ? "concept_id[]" : name, value]);
  return await askCollections(own, io, endpoint, endpoint);
}

const OF_COLLECTIONS = new Set(["short_name[]", "version[]", "provider[]", "collection_concept_id[]"]);

async function askCollections(
  parameters: readonly [string, string][],
  io: HttpIo,
  endpoint: string,
  asked: string,
): Promise<CollectionFacts[]> {
  const search = new URLSearchParams([...parameters, ["page_size", String(AT_ONCE)]]).toString();
  const reply = await requestText(io, searchRequest(endpoint, search, null, asked));
  return readCollections(parseAnswerJson(reply.text, asked), asked);
}

/** The facts in a collections.umm_json answer. Throws an input error when it is none. */
export function readCollections(answer: unknown, name: string): CollectionFacts[] {
  const items = asObject(answer)?.items;
  if (!Array.isArray(items)) {
    throw inputError(`${name}: not an answer of collections (wanted a list "items")`);
  }
  const facts: CollectionFacts[] = [];
  for (const item of asObjects(items)) {
    const conceptId = asText(asObject(item.meta)?.["concept-id"]);
    const umm = asObject(item.umm);
    if (conceptId !== null && umm !== null) facts.push(readCollection(conceptId, umm));
  }
  return facts;
}

/** Whether an answer is of collections rather than of granules, by its first item. */
export function isCollectionsAnswer(answer: unknown): boolean {
  const items = asObject(answer)?.items;
  return Array.isArray(items) && asObject(asObject(items[0])?.meta)?.["concept-type"] === "collection";
}

function readCollection(conceptId: string, umm: JsonObject): CollectionFacts {
  const shortName = asText(umm.ShortName);
  const version = asText(umm.Version);
  const direct = asObject(umm.DirectDistributionInformation);
  const endpoint = asText(direct?.S3CredentialsAPIEndpoint);
  const spatial = asObject(umm.SpatialExtent);
  return {
    conceptId,
    name: shortName === null ? null : version === null ? shortName : `${shortName}.${version}`,
    edges: EDGES[asText(spatial?.GranuleSpatialRepresentation) ?? ""] ?? "unknown",
    orbit: readOrbit(asObject(spatial?.OrbitParameters)),
    s3Credentials: endpoint !== null && /^https:\/\//i.test(endpoint) && URL.canParse(endpoint)
      ? endpoint
      : null,
    s3Region: regionOf(asText(direct?.Region)),
    times: asObjects(umm.TemporalExtents),
  };
}

const EDGES: Readonly<Record<string, EdgeRule>> = { CARTESIAN: "planar", GEODETIC: "geodetic" };

function regionOf(region: string | null): string | null {
  return region !== null && /^[a-z0-9-]{1,32}$/.test(region) ? region : null;
}

const KILOMETRES: Readonly<Record<string, number>> = { KILOMETER: 1, METER: 0.001 };
const MINUTES: Readonly<Record<string, number>> = { "DECIMAL MINUTE": 1, MINUTE: 1 };

function readOrbit(orbit: JsonObject | null): OrbitParameters | null {
  if (orbit === null) return null;
  const inclination = asNumber(orbit.InclinationAngle);
  const period = asNumber(orbit.OrbitPeriod) ?? asNumber(orbit.Period);
  const width = asNumber(orbit.SwathWidth) ??
    Math.max(0, ...asObjects(orbit.Footprints).map((one) => toKilometres(one.Footprint, one.FootprintUnit)));
  const unit = asText(orbit.SwathWidthUnit)?.toUpperCase();
  const periodUnit = asText(orbit.OrbitPeriodUnit)?.toUpperCase();
  if (inclination === null || period === null) return null;
  return orbitParameters(
    inclination,
    period * (periodUnit === undefined ? 1 : MINUTES[periodUnit] ?? NaN),
    width * (unit === undefined ? 1 : KILOMETRES[unit] ?? NaN),
    asNumber(orbit.StartCircularLatitude) ?? 0,
  );
}

function toKilometres(value: unknown, unit: unknown): number {
  return (asNumber(value) ?? 0) * (KILOMETRES[asText(unit)?.toUpperCase() ?? "KILOMETER"] ?? 0);
}
