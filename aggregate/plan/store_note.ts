/**
 * What a store says of its making: all that its bytes follow from, and a config that makes it again. Nothing
 * that only one run knows, such as when and where it ran: that stands in the run directory.
 */
import { createHash } from "node:crypto";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { AreaSpec } from "../../core/geometry/area.ts";
import { keyOf } from "../../core/keys.ts";
import { VERSION } from "../../core/version.ts";
import { partsOf } from "../config/combine.ts";
import { formatConfigs } from "../config/format.ts";
import { knownConfigText } from "../config/preset_pipelines.ts";
import type { Pipeline } from "../pipeline.ts";

/** Granules up to this many are named in the store; of more the run directory's plan has the list. */
const MOST_NAMED = 1000;

/** A shape of more text than this is identified by its name and its digest. */
const MOST_SHAPE_BYTES = 1_000_000;

/** The store's note of a run of these granules, beside keys, counts and the layout. */
export function storeNote(pipeline: Pipeline, granules: readonly GranuleRow[]): Record<string, unknown> {
  const { areas: all = [], ...bounds } = pipeline.bounds;
  const large = all.filter(isLarge) as AreaSpec[];
  const areas = all.filter((area) => !isLarge(area));
  const { zones, ...output } = pipeline.output;
  const keepsZones = zones !== undefined && JSON.stringify(zones).length <= MOST_SHAPE_BYTES;
  const again: Pipeline = {
    ...pipeline,
    catalog: null,
    dataSource: { ...pipeline.dataSource, driver: null },
    output: { ...output, store: null, ...keepsZones ? { zones } : {} },
    bounds: { ...bounds, ...areas.length === 0 ? {} : { areas } },
  };
  return {
    version: VERSION,
    granule_times: timesOf(granules),
    granule_list: granules.length <= MOST_NAMED
      ? granules.map(({ collection, id }) => `${collection} ${id}`)
      : "granules of plan.json in the run directory; granules_sha256 is their digest",
    config_yaml: knownConfigText(again) ?? formatConfigs(partsOf(again)),
    ...large.length === 0 && (zones === undefined || keepsZones) ? {} : {
      config_missing: [
        ...large.map(describeLarge),
        ...zones === undefined || keepsZones ? [] : [`${zones.length} zones`],
      ],
    },
  };
}

/** An area in few words, for a note: what region it is, or its shape where that is short. */
export function areaNote(area: AreaSpec): unknown {
  if ("bbox" in area) return area.bbox;
  if (area.region !== undefined) return { region: area.region };
  return isLarge(area) ? describeLarge(area) : area.geometry;
}

/** A config whose zones are told by their number and digest. */
export function withZoneNote(
  config: Record<string, unknown>,
  { output: { zones } }: Pipeline,
): Record<string, unknown> {
  if (zones === undefined) return config;
  const note = { count: zones.length, sha256: keyOf(zones) };
  return { ...config, output: { ...config.output as Record<string, unknown>, zones: note } };
}

function isLarge(area: unknown): boolean {
  const { geometry, region } = area as { geometry?: unknown; region?: string };
  return geometry !== undefined && region === undefined && JSON.stringify(geometry).length > MOST_SHAPE_BYTES;
}

function describeLarge(area: AreaSpec): string {
  const { name, geometry } = area as Extract<AreaSpec, { geometry: unknown }>;
  const digest = createHash("sha256").update(JSON.stringify(geometry)).digest("hex");
  return `the polygons of ${name.split("/").at(-1)} (sha256 ${digest})`;
}

function timesOf(granules: readonly GranuleRow[]): { start: string | null; end: string | null } {
  let start = Infinity, end = -Infinity;
  for (const { start_datetime: first, end_datetime: last, datetime } of granules) {
    start = Math.min(start, first ?? datetime ?? Infinity);
    end = Math.max(end, last ?? datetime ?? first ?? -Infinity);
  }
  const text = (time: number) => Number.isFinite(time) ? new Date(time).toISOString() : null;
  return { start: text(start), end: text(end) };
}
