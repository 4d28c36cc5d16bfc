/** Where and when a run takes granules: what the config and the request say, with regions and files read. */
import type { GranuleFilter } from "../../catalog/query/filter.ts";
import { findRegion } from "../../core/cells/regions.ts";
import { instant } from "../../core/cf_time.ts";
import { inputPath } from "../../core/files/address.ts";
import { areaFrom, type AreaSpec } from "../../core/geometry/area.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";
import type { AreaSource, Pipeline } from "../pipeline.ts";
import { areasOf, DAY_MS, isDay } from "./row_rules.ts";

type Bounds = Pipeline["bounds"];

/** The config's bounds with a request's over them: its times instead, its areas in addition, regions by shape. */
export async function effectiveBounds(
  bounds: Bounds,
  filter: Pick<GranuleFilter, "start" | "end"> = {},
  areas: readonly AreaSpec[] = [],
): Promise<Bounds & { areas: AreaSpec[] }> {
  const own = await Promise.all((bounds.areas ?? []).map(shapeOf));
  const startDate = filter.start === undefined ? bounds.startDate : dateText(filter.start);
  const endDate = filter.end === undefined ? bounds.endDate : dateText(filter.end);
  return { ...bounds, startDate, endDate, areas: [...own, ...areas] };
}

async function shapeOf(source: AreaSource): Promise<AreaSpec> {
  if ("file" in source) {
    const { readPolygonFile } = await import("../../core/vector/area_file.ts");
    return (await readPolygonFile(inputPath(source.file))).spec;
  }
  if (!("region" in source) || "geometry" in source) return source as AreaSpec;
  const { name, geometry } = await findRegion(source.region);
  return { name, region: source.region, geometry: geometry as Geometry };
}

/** The zones of a config or a request, read where they are in a file. */
export async function effectiveZones(
  { zones, zoneFile }: Pipeline["output"],
): Promise<Pick<Pipeline["output"], "zones">> {
  if (zones !== undefined) return { zones };
  if (zoneFile === undefined) return {};
  const { readZones } = await import("../../core/vector/zone_file.ts");
  return { zones: await readZones(inputPath(zoneFile.file), zoneFile.name) };
}

/** The last millisecond of a day stands for all of it. */
function dateText(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return (milliseconds + 1) % DAY_MS === 0 ? text.slice(0, 10) : text;
}

/** The times of granules that touch the window, in milliseconds since 1970, as catalogs are asked. */
export function granuleTimes({ startDate, endDate }: Bounds): { start?: number; end?: number } {
  return {
    ...startDate === null ? {} : { start: instant(startDate) },
    ...endDate === null ? {} : { end: isDay(endDate) ? instant(endDate) + DAY_MS - 1 : instant(endDate) },
  };
}

/** The areas that granules and parent cells are selected under. */
export function selectionAreas(bounds: Bounds): ReturnType<typeof areaFrom>[] {
  return areasOf(bounds).map(areaFrom);
}
