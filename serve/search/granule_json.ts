/** A granule as JSON: by the names of its metadata (UMM-G), or as GeoJSON with names in snake_case. */
import { boundingBox, type Geometry } from "../../core/geometry/geometry.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { locationsOf } from "../../catalog/locations.ts";
import type { ServedGranule } from "./granules.ts";

type JsonRecord = Record<string, unknown>;

export function granuleRecord(granule: ServedGranule): JsonRecord {
  return { ...facts(granule), geometry: geometryOf(granule.row) };
}

export function granuleFeature(granule: ServedGranule): JsonRecord {
  const geometry = geometryOf(granule.row);
  const box = geometry === null ? undefined : boundingBox(geometry);
  return {
    ...(box === undefined ? {} : { bbox: [box.xmin, box.ymin, box.xmax, box.ymax] }),
    type: "Feature",
    geometry,
    properties: snakeCase(facts(granule)),
  };
}

function facts({ row, conceptId, collectionId, umm }: ServedGranule): JsonRecord {
  const named = { id: conceptId, granule_ur: row.id, collection_concept_id: collectionId };
  if (umm === null) {
    return { ...named, related_urls: relatedUrls(row), temporal_extent: temporalExtent(row) };
  }
  return {
    ...named,
    related_urls: umm.RelatedUrls ?? [],
    spatial_extent: umm.SpatialExtent ?? null,
    temporal_extent: umm.TemporalExtent ?? null,
    additional_attributes: umm.AdditionalAttributes ?? null,
    data_granule: umm.DataGranule ?? null,
  };
}

/** Paths of this machine stay here: only what others can reach is given. */
function relatedUrls(row: GranuleRow): JsonRecord[] {
  const links = (driver: "https" | "s3", type: string) =>
    locationsOf(row, driver).map((url) => ({ URL: url, Type: type }));
  return [...links("https", "GET DATA"), ...links("s3", "GET DATA VIA DIRECT ACCESS")];
}

function temporalExtent({ start_datetime, end_datetime }: GranuleRow): JsonRecord | null {
  if (start_datetime === null) return null;
  const iso = (time: number) => new Date(time).toISOString();
  return {
    RangeDateTime: {
      BeginningDateTime: iso(start_datetime),
      EndingDateTime: iso(end_datetime ?? start_datetime),
    },
  };
}

function geometryOf({ geometry }: GranuleRow): Geometry | null {
  return geometry === null ? null : decodeWkb(geometry);
}

/** Names of all levels: `GPolygons` is `g_polygons`, `URL` is `url`. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2").toLowerCase(),
      snakeCase(inner),
    ]),
  );
}
