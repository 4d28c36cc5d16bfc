/** Time and place of a config. */
import type { Context } from "./context.ts";
import type { Faults } from "../../core/config/faults.ts";
import { instant } from "../../core/cf_time.ts";
import { GranaryError } from "../../core/errors.ts";
import { parseGeoJson } from "../../core/geometry/geojson.ts";
import type { AreaSource, Pipeline } from "../pipeline.ts";
import type { ConfigInput } from "./schema.ts";

/** The bounds, checked. Faults go to the context. */
export function bounds(input: ConfigInput, { faults }: Context): Pipeline["bounds"] {
  const { temporal, spatial } = input.bounds ?? {};
  const times = { start_date: NaN, end_date: NaN };
  for (const key of ["start_date", "end_date"] as const) {
    const value = temporal?.[key];
    if (value === undefined) continue;
    times[key] = instant(value);
    if (Number.isNaN(times[key])) {
      faults.value(
        ["bounds", "temporal", key],
        `found "${value}", wanted a date such as 2019-04-01 or 2019-04-01T12:00:00Z`,
      );
    }
  }
  if (times.end_date < times.start_date) {
    faults.value(["bounds", "temporal", "end_date"], "lies before start_date");
  }
  const listed = spatial === undefined || spatial === null
    ? []
    : typeof spatial === "object" && "all" in spatial
    ? spatial.all
    : [spatial];
  const found = listed.map((area, i) =>
    areaSource(area, listed.length > 1 ? ["bounds", "spatial", "all", i] : ["bounds", "spatial"], faults)
  );
  const boxes = found.filter((area) => "bbox" in area);
  return {
    startDate: temporal?.start_date ?? null,
    endDate: temporal?.end_date ?? null,
    bbox: boxes.length === 0 ? null : [...boxes[0].bbox],
    ...found.length === Math.min(1, boxes.length) ? {} : { areas: found.filter((area) => area !== boxes[0]) },
    ...input.bounds?.clip === undefined ? {} : { clip: input.bounds.clip },
  };
}

type SpatialInput = Exclude<NonNullable<NonNullable<ConfigInput["bounds"]>["spatial"]>, { all: unknown }>;
type Place = (string | number)[];

function areaSource(spatial: SpatialInput, place: Place, faults: Faults): AreaSource {
  if (!Array.isArray(spatial) && "region" in spatial) return { region: spatial.region };
  if (!Array.isArray(spatial) && "file" in spatial) return { file: spatial.file };
  if (!Array.isArray(spatial) && "geometry" in spatial) {
    const name = spatial.name ?? "the config's area";
    try {
      return { name, geometry: parseGeoJson(JSON.stringify(spatial.geometry), name) };
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      faults.value(place, error.message);
      return { bbox: [-180, -90, 180, 90] };
    }
  }
  return { bbox: box(spatial, place, faults) };
}

function box(
  spatial: Exclude<SpatialInput, { region: string } | { file: string } | { geometry: unknown }>,
  place: Place,
  faults: Faults,
): [number, number, number, number] {
  const list = Array.isArray(spatial)
    ? spatial
    : "bbox" in spatial
    ? spatial.bbox
    : [spatial.west, spatial.south, spatial.east, spatial.north];
  const [west, south, east, north] = list as [number, number, number, number];
  const inRange = [west, east].every((lon) => lon >= -180 && lon <= 180) &&
    [south, north].every((lat) => lat >= -90 && lat <= 90);
  if (!inRange) {
    faults.value(
      place,
      `[${list.join(", ")}] leaves the globe (wanted west, south, east, north in degrees)`,
    );
  } else if (south > north) {
    faults.value(place, `south ${south} lies north of ${north} (wanted west, south, east, north)`);
  }
  return [west, south, east, north];
}
