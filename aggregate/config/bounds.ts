/** Time and place of a config. */
import type { Context } from "./context.ts";
import type { Faults } from "../../core/config/faults.ts";
import type { Pipeline } from "../pipeline.ts";
import type { ConfigInput } from "./schema.ts";

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

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
  return {
    startDate: temporal?.start_date ?? null,
    endDate: temporal?.end_date ?? null,
    bbox: spatial === undefined || spatial === null ? null : box(spatial, faults),
  };
}

/** Milliseconds since 1970 of a date or time of ISO 8601, UTC unless it says otherwise; NaN if it is none. */
function instant(value: string): number {
  if (!DATE.test(value)) return NaN;
  // Engines differ on 30 February: the calendar decides.
  const day = Date.parse(value.slice(0, 10));
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== value.slice(0, 10)) return NaN;
  if (value.length === 10) return day;
  const iso = value.replace(" ", "T");
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
}

type SpatialInput = NonNullable<NonNullable<ConfigInput["bounds"]>["spatial"]>;

function box(spatial: SpatialInput, faults: Faults): [number, number, number, number] {
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
      ["bounds", "spatial"],
      `[${list.join(", ")}] leaves the globe (wanted west, south, east, north in degrees)`,
    );
  } else if (south > north) {
    faults.value(
      ["bounds", "spatial"],
      `south ${south} lies north of ${north} (wanted west, south, east, north)`,
    );
  }
  return [west, south, east, north];
}
