/** One item of a CMR umm_json answer (UMM-G) as a draft row. */
import { chooseData, type Relation } from "../draft/assets.ts";
import { fileName } from "../draft/bases.ts";
import { checksumOf } from "../../checksum.ts";
import { asRevision } from "../../granule.ts";
import {
  type CollectionFacts,
  type Draft,
  locationColumns,
  orderedTimes,
  type ReadContext,
  wholeNames,
} from "../draft/draft.ts";
import {
  asArray,
  asInteger,
  asNumber,
  asObject,
  asObjects,
  asText,
  asTime,
  type JsonObject,
  withoutEmpty,
} from "../../../core/json_value.ts";
import { orbitOfProduct } from "../../../products/orbits.ts";
import { NO_EXTENT, readUmmExtent } from "./spatial_extent.ts";
import type { Tally } from "../draft/tally.ts";
import { type LinkForm, readLinks } from "./read_links.ts";

const RELATIONS: Readonly<Record<string, Relation>> = {
  "GET DATA": "data",
  "GET DATA VIA DIRECT ACCESS": "data",
  "EXTENDED METADATA": "metadata",
  "GET RELATED VISUALIZATION": "browse",
  "VIEW RELATED INFORMATION": "documentation",
  "USE SERVICE API": "service",
};

/** Bytes of a unit; decimal, as the providers that give both sizes count. */
const UNIT_BYTES: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };

/** The draft of one item, or null when it was set aside in the tally. */
export function readUmmGranule(item: unknown, context: ReadContext): Draft | null {
  const { tally } = context;
  const umm = asObject(asObject(item)?.umm);
  const meta = asObject(asObject(item)?.meta) ?? {};
  if (umm === null) {
    tally.add("granule", "item without UMM metadata", asText(meta["concept-id"]));
    return null;
  }
  const conceptId = asText(meta["concept-id"]);
  const id = asText(umm.GranuleUR) ?? asText(meta["native-id"]);
  if (id === null) {
    tally.add("granule", "no granule id", conceptId);
    return null;
  }
  const collectionId = asText(meta["collection-concept-id"]);
  const facts = collectionId === null ? null : context.collection?.(collectionId) ?? null;
  const reference = asObject(umm.CollectionReference) ?? {};
  const collection = collectionName(reference, collectionId, facts, id);
  const provider = asText(meta["provider-id"]) ?? providerOf(conceptId);
  const names = wholeNames(id, collection, provider, tally);
  if (names === null) return null;

  const { links, credentials } = readLinks(umm.RelatedUrls, RELATED_URLS, tally, id);
  const files = chooseData(links, tally);
  if (files.length === 0) {
    tally.add("granule", "no data link", id);
    return null;
  }
  const granule = asObject(umm.DataGranule) ?? {};
  const stated = describeFiles(granule, files, tally, id);

  const productName = facts?.name ?? asText(reference.ShortName) ?? asText(reference.EntryTitle) ?? id;
  const orbit = orbitOfProduct(productName) ?? facts?.orbit ?? context.orbit ?? null;
  const { extent, note } = readUmmExtent(umm.SpatialExtent, facts?.edges ?? "unknown", orbit);
  if (note !== null) tally.add("note", note === NO_EXTENT ? note : `footprint unknown: ${note}`, id);

  return {
    row: {
      ...names,
      concept_id: conceptId,
      revision: asRevision(meta["revision-id"]),
      ...readTimes(umm.TemporalExtent, tally, id),
      ...locationColumns(files, credentials, facts),
      properties: withoutEmpty({ ...ummProperties(umm, meta, granule, reference), ...stated }),
    },
    extent,
  };
}

/** `ATL06.006`; the concept id when an answer has no short name; the older systems' own ids; the title. */
function collectionName(
  reference: JsonObject,
  conceptId: string | null,
  facts: CollectionFacts | null,
  granuleId: string,
): string | null {
  const shortName = asText(reference.ShortName);
  const version = asText(reference.Version);
  if (shortName !== null) return version === null ? shortName : `${shortName}.${version}`;
  return facts?.name ?? conceptId ?? /^SC:([A-Za-z0-9_]+\.[A-Za-z0-9_]+):\d+$/.exec(granuleId)?.[1] ??
    asText(reference.EntryTitle);
}

/** The provider in a concept id: `G2159085058-NSIDC_ECS`. */
export function providerOf(conceptId: string | null): string | null {
  return conceptId === null ? null : /^[A-Z]+\d+-([A-Za-z0-9_]+)$/.exec(conceptId)?.[1] ?? null;
}

const RELATED_URLS: LinkForm = {
  list: "RelatedUrls",
  url: "URL",
  relations: RELATIONS,
  relationName: (related) => asText(related.Type),
  mediaType: mediaTypeOf,
};

function mediaTypeOf(related: JsonObject): string | undefined {
  const type = asText(related.MimeType);
  return type === null || /^not provided$/i.test(type) ? undefined : type;
}

interface Describable {
  name: string;
  s3: string | null;
  https: string | null;
  sizeBytes: number | null;
  checksum: string | null;
}

/**
 * Gives files their sizes and checksums from ArchiveAndDistributionInformation: by name, or without
 * one when there is one file and one entry. Returns what the columns cannot hold.
 */
function describeFiles(
  granule: JsonObject,
  files: Describable[],
  tally: Tally,
  id: string,
): Record<string, unknown> {
  const entries = asObjects(granule.ArchiveAndDistributionInformation)
    .flatMap((entry) => [entry, ...asObjects(entry.Files)]);
  const unused = new Set(entries);
  const rest: Record<string, unknown> = {};
  for (const file of files) {
    const names = [
      file.name,
      ...[file.s3, file.https].flatMap((link) => link === null ? [] : [fileName(link)]),
    ];
    const named = entries.find((entry) => names.includes(asText(entry.Name) ?? ""));
    const entry = named ?? (files.length === 1 && entries.length === 1 ? entries[0] : undefined);
    if (entry === undefined) continue;
    unused.delete(entry);
    const exact = asInteger(entry.SizeInBytes);
    const rounded = sizeInUnits(entry);
    file.sizeBytes ??= exact !== null && exact >= 0 ? exact : rounded;
    if (exact === null && rounded !== null) rest.size_is_rounded = true;
    const checksum = asObject(entry.Checksum);
    if (checksum === null) continue;
    const algorithm = asText(checksum.Algorithm);
    const value = asText(checksum.Value);
    file.checksum ??= checksumOf(algorithm, value);
    if (file.checksum !== null) continue;
    if (/^(md5|sha-?256)$/i.test(algorithm ?? "")) tally.add("note", "checksum that cannot be read", id);
    else rest.other_checksum = { algorithm, value };
  }
  const [only] = unused;
  if (unused.size === 1 && entries.length === 1 && files.length > 1) rest.total_size_bytes = sizeOf(only);
  return rest;
}

function sizeOf(entry: JsonObject): number | null {
  return asInteger(entry.SizeInBytes) ?? sizeInUnits(entry);
}

function sizeInUnits(entry: JsonObject): number | null {
  const size = asNumber(entry.Size);
  const unit = asText(entry.SizeUnit)?.toUpperCase() ?? "";
  if (size === null || size < 0 || !Object.hasOwn(UNIT_BYTES, unit)) return null;
  const bytes = Math.round(size * UNIT_BYTES[unit]);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function readTimes(temporal: unknown, tally: Tally, id: string) {
  const extent = asObject(temporal) ?? {};
  const single = asTime(extent.SingleDateTime);
  if (single !== null) return { start_datetime: single, end_datetime: single, datetime: single };
  const range = asObject(extent.RangeDateTime) ?? {};
  const start = asTime(range.BeginningDateTime);
  const end = asTime(range.EndingDateTime);
  if (start === null && end === null) tally.add("note", "no time that can be read", id);
  return { ...orderedTimes(start, end, tally, id), datetime: null };
}

/** What users of granules filter by, under names of our own; the rest of UMM-G stays with its source. */
function ummProperties(
  umm: JsonObject,
  meta: JsonObject,
  granule: JsonObject,
  reference: JsonObject,
): Record<string, unknown> {
  const identifiers = asObjects(granule.Identifiers);
  const producerId = identifiers.find((one) => one.IdentifierType === "ProducerGranuleId");
  const track = asObject(asObject(asObject(umm.SpatialExtent)?.HorizontalSpatialDomain)?.Track);
  return {
    native_id: asText(meta["native-id"]),
    collection_concept_id: asText(meta["collection-concept-id"]),
    collection_title: asText(reference.EntryTitle),
    revision_date: asText(meta["revision-date"]),
    producer_granule_id: asText(producerId?.Identifier),
    production_datetime: asText(granule.ProductionDateTime),
    day_night: asText(granule.DayNightFlag),
    cloud_cover: asNumber(umm.CloudCover),
    orbit: asObjects(umm.OrbitCalculatedSpatialDomains).map((domain) => snakeKeys(domain)),
    track: track === null ? null : snakeKeys(track),
    platforms: asObjects(umm.Platforms).map((platform) => asText(platform.ShortName)).filter((name) =>
      name !== null
    ),
    pge_version: asText(asObject(umm.PGEVersionClass)?.PGEVersion),
    tiling: snakeKeys(asObject(umm.TilingIdentificationSystem) ?? {}),
    additional_attributes: additionalAttributes(umm.AdditionalAttributes),
  };
}

/** `[{Name, Values}]` as `{name: value}`, a list where there are several values. */
function additionalAttributes(value: unknown): Record<string, unknown> {
  const attributes: [string, unknown][] = [];
  for (const attribute of asObjects(value)) {
    const name = asText(attribute.Name);
    const values = asArray(attribute.Values);
    if (name !== null && values.length > 0) attributes.push([name, values.length === 1 ? values[0] : values]);
  }
  return Object.fromEntries(attributes);
}

/** `{EquatorCrossingLongitude: 1}` as `{equator_crossing_longitude: 1}`, one level deep. */
function snakeKeys(object: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase(),
      value,
    ]),
  );
}
