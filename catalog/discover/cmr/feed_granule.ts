/** One entry of CMR's older granules.json feed as a draft row. Its numbers are strings, latitude first. */
import { chooseData, type Relation } from "../draft/assets.ts";
import { type Draft, locationColumns, orderedTimes, type ReadContext, wholeNames } from "../draft/draft.ts";
import {
  type EdgeRule,
  emptyExtent,
  isEmptyExtent,
  isPosition,
  isRing,
  type Ring,
} from "../../footprint/extent.ts";
import {
  asArray,
  asNumber,
  asObject,
  asObjects,
  asText,
  asTime,
  type JsonObject,
  withoutEmpty,
} from "../../../core/json_value.ts";
import { orbitOfProduct } from "../../../products/orbits.ts";
import {
  type ExtentResult,
  NO_EXTENT,
  orbitExtent,
  orbitExtentOf,
  UNREADABLE_EXTENT,
} from "./spatial_extent.ts";
import { type LinkForm, readLinks } from "./read_links.ts";
import { providerOf } from "./umm_granule.ts";

const RELATIONS: Readonly<Record<string, Relation>> = {
  "data": "data",
  "s3": "data",
  "metadata": "metadata",
  "browse": "browse",
  "documentation": "documentation",
  "service": "service",
};

/** The draft of one entry, or null when it was set aside in the tally. */
export function readFeedGranule(entry: unknown, context: ReadContext): Draft | null {
  const { tally } = context;
  const granule = asObject(entry);
  if (granule === null) {
    tally.add("granule", "entry that is no object");
    return null;
  }
  const conceptId = asText(granule.id);
  const id = asText(granule.title) ?? asText(granule.producer_granule_id);
  if (id === null) {
    tally.add("granule", "no granule id", conceptId);
    return null;
  }
  const collectionId = asText(granule.collection_concept_id);
  const facts = collectionId === null ? null : context.collection?.(collectionId) ?? null;
  const title = asText(granule.dataset_id);
  const collection = facts?.name ?? collectionId ?? title;
  const provider = asText(granule.data_center) ?? providerOf(conceptId);
  const names = wholeNames(id, collection, provider, tally);
  if (names === null) return null;

  const { links, credentials } = readLinks(granule.links, LINKS, tally, id);
  const files = chooseData(links, tally);
  if (files.length === 0) {
    tally.add("granule", "no data link", id);
    return null;
  }
  const sizeBytes = sizeInMegabytes(granule.granule_size);
  if (files.length === 1) files[0].sizeBytes = sizeBytes;

  const orbit = orbitOfProduct(facts?.name ?? title ?? id) ?? facts?.orbit ?? context.orbit ?? null;
  const { extent, note } = readFeedExtent(granule, facts?.edges ?? "unknown", orbit);
  if (note !== null) tally.add("note", note === NO_EXTENT ? note : `footprint unknown: ${note}`, id);

  const times = orderedTimes(asTime(granule.time_start), asTime(granule.time_end), tally, id);
  if (times.start_datetime === null && times.end_datetime === null) {
    tally.add("note", "no time that can be read", id);
  }
  return {
    row: {
      ...names,
      concept_id: conceptId,
      revision: null,
      ...times,
      datetime: null,
      ...locationColumns(files, credentials, facts),
      properties: withoutEmpty({
        collection_concept_id: collectionId,
        collection_title: title,
        updated: asText(granule.updated),
        producer_granule_id: asText(granule.producer_granule_id),
        day_night: asText(granule.day_night_flag),
        cloud_cover: asNumber(granule.cloud_cover),
        orbit: asObjects(granule.orbit_calculated_spatial_domains).map(numbersOf),
        size_is_rounded: files.length === 1 && sizeBytes !== null ? true : null,
        total_size_bytes: files.length > 1 ? sizeBytes : null,
      }),
    },
    extent,
  };
}

const LINKS: LinkForm = {
  list: "links",
  url: "href",
  relations: RELATIONS,
  relationName: (link) => /\/([a-z0-9]+)#$/.exec(asText(link.rel) ?? "")?.[1] ?? null,
  mediaType: (link) => asText(link.type) ?? undefined,
  foreign: (link) => link.inherited === true ? "link of the collection" : undefined,
};

/**
 * The footprint of an entry. An orbit comes before the polygons that the feed adds to it: CMR draws
 * those itself, up to 2.2 degrees off along the track.
 */
function readFeedExtent(
  granule: JsonObject,
  known: EdgeRule,
  orbit: Parameters<typeof orbitExtent>[1],
): ExtentResult {
  const stated = asObject(granule.orbit);
  if (stated !== null && asText(granule.coordinate_system) !== "GEODETIC") {
    const result = orbitExtent(
      orbitExtentOf(
        asNumber(stated.ascending_crossing),
        asNumber(stated.start_lat),
        stated.start_direction,
        asNumber(stated.end_lat),
        stated.end_direction,
      ),
      orbit,
    );
    if (result.extent !== null || !Array.isArray(granule.polygons)) return result;
  }
  const extent = emptyExtent(EDGES[asText(granule.coordinate_system) ?? ""] ?? known);
  for (const rings of asArray(granule.polygons)) {
    const [outer, ...holes] = asArray(rings).map(readPairs);
    if (outer === undefined || outer === null) {
      return { extent: null, note: UNREADABLE_EXTENT };
    }
    extent.polygons.push({
      outer,
      holes: holes.filter((hole): hole is Ring => hole !== null && isRing(hole)),
    });
  }
  for (const text of asArray(granule.boxes)) {
    const corners = readPairs(text);
    if (corners === null || corners.length !== 4 || corners[1] > corners[3]) {
      return { extent: null, note: UNREADABLE_EXTENT };
    }
    extent.boxes.push({ west: corners[0], south: corners[1], east: corners[2], north: corners[3] });
  }
  const points = asArray(granule.points).map(readPairs);
  const lines = asArray(granule.lines).map(readPairs);
  if ([...points, ...lines].includes(null)) return { extent: null, note: UNREADABLE_EXTENT };
  extent.points = Float64Array.from(points.flatMap((point) => [...point!]));
  extent.lines = lines.map((line) => line!);
  return isEmptyExtent(extent) ? { extent: null, note: NO_EXTENT } : { extent, note: null };
}

const EDGES: Readonly<Record<string, EdgeRule>> = { CARTESIAN: "planar", GEODETIC: "geodetic" };

/** `"lat lon lat lon"` as lon, lat pairs, or null when it is no list of positions. */
function readPairs(text: unknown): Float64Array | null {
  if (typeof text !== "string") return null;
  const numbers = text.trim().split(/[\s,]+/).map(asNumber);
  if (numbers.length < 2 || numbers.length % 2 !== 0) return null;
  const pairs = new Float64Array(numbers.length);
  for (let i = 0; i < numbers.length; i += 2) {
    if (!isPosition(numbers[i + 1]!, numbers[i]!)) return null;
    pairs[i] = numbers[i + 1]!;
    pairs[i + 1] = numbers[i]!;
  }
  return pairs;
}

/** The feed's granule_size is in megabytes, decimal, rounded. */
function sizeInMegabytes(value: unknown): number | null {
  const megabytes = asNumber(value);
  if (megabytes === null || megabytes < 0) return null;
  const bytes = Math.round(megabytes * 1e6);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Members that are numbers written as strings become numbers. */
function numbersOf(object: JsonObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, asNumber(value) ?? value]));
}
