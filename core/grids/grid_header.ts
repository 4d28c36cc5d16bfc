/**
 * Grids of the Global Precipitation Measurement mission whose axes have no coordinates: a group's attribute
 * `GridHeader` tells their outer edges and the corner of the first cell (PPS, "File Specification for GPM
 * Products": North-, South-, East-, WestBoundingCoordinate, Latitude-, LongitudeResolution, Origin).
 */
import { attributeText } from "../hdf5/attribute_values.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import type { Dimension } from "./dimensions.ts";
import { type FileView, groupOf } from "./file_view.ts";
import type { Placement, PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";

/** Of a step, by which a size may miss the header's edges. */
const TOLERANCE = 1e-3;

const ORIGINS = ["SOUTHWEST", "SOUTHEAST", "NORTHWEST", "NORTHEAST"];

interface GridHeader {
  /** Where it stands. */
  readonly group: string;
  readonly north: number;
  readonly south: number;
  readonly east: number;
  readonly west: number;
  /** Degrees of a cell, from north to south and from east to west. */
  readonly latitude: number;
  readonly longitude: number;
  readonly origin: string;
}

/** The place by the nearest header around `path`; undefined where there is none. Throws NoGrid. */
export function placeByHeader(
  { view, crs }: PlacingContext,
  path: string,
  dimensions: readonly Dimension[],
  notes: string[],
): Placement | undefined {
  const header = nearestHeader(view, path);
  if (header === undefined) return undefined;
  const { north, south, east, west, latitude, longitude, origin } = header;
  const columns = countOf(east - west, longitude), rows = countOf(north - south, latitude);
  const xAxis = axisOf(dimensions, "x", columns), yAxis = axisOf(dimensions, "y", rows);
  if (columns === null || rows === null || xAxis < 0 || yAxis < 0 || xAxis === yAxis) {
    throw new NoGrid(
      "no-axes",
      `the GridHeader of ${header.group} tells of ${east - west} by ${
        north - south
      } degrees in cells of ${longitude} ` +
        `by ${latitude}, and its dimensions are ${dimensions.map(({ size }) => size).join(" by ")}`,
    );
  }
  notes.push(
    `its axes have no coordinates: the GridHeader of ${header.group} is followed (origin ${origin})`,
  );
  const [dx, dy] = [(east - west) / columns, (north - south) / rows];
  return {
    xAxis,
    yAxis,
    x: origin.endsWith("WEST") ? { edge: west, step: dx } : { edge: east, step: -dx },
    y: origin.startsWith("SOUTH") ? { edge: south, step: dy } : { edge: north, step: -dy },
    crs: crs ?? crsOfCode("EPSG:4326"),
  };
}

/** Cells along an extent; null where no whole number of them fills it. */
function countOf(extent: number, step: number): number | null {
  const count = Math.round(extent / step);
  return count >= 1 && Math.abs(extent / step - count) <= TOLERANCE * count ? count : null;
}

/** The dimension that is named so and has the size, or else the only unnamed one that has it. */
function axisOf(dimensions: readonly Dimension[], direction: "x" | "y", size: number | null): number {
  const named = dimensions.findIndex(({ kind }) => kind.direction === direction);
  if (named >= 0) return dimensions[named].size === size ? named : -1;
  const fitting = dimensions.flatMap((one, axis) =>
    one.size === size && one.kind.direction === "other" ? [axis] : []
  );
  return fitting.length === 1 ? fitting[0] : -1;
}

function nearestHeader(view: FileView, path: string): GridHeader | undefined {
  for (let group = groupOf(path);; group = groupOf(group)) {
    const text = attributeText(view.file.attributes(group)?.GridHeader);
    if (text !== "") return parseHeader(group, text);
    if (group === "/") return undefined;
  }
}

function parseHeader(group: string, text: string): GridHeader {
  const words = new Map(
    text.split(/[;\n]+/).flatMap((line): [string, string][] => {
      const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return key === undefined ? [] : [[key.toLowerCase(), value]];
    }),
  );
  const number = (key: string): number => {
    const value = words.get(key.toLowerCase()) ?? "";
    if (value !== "" && Number.isFinite(Number(value))) return Number(value);
    throw new NoGrid("damaged", `the GridHeader of ${group} has no number ${key} ("${value.slice(0, 40)}")`);
  };
  const origin = (words.get("origin") ?? "").toUpperCase();
  if (!ORIGINS.includes(origin)) {
    throw new NoGrid(
      "damaged",
      `the GridHeader of ${group} has the origin "${origin.slice(0, 40)}" (wanted a corner)`,
    );
  }
  return {
    group,
    north: number("NorthBoundingCoordinate"),
    south: number("SouthBoundingCoordinate"),
    east: number("EastBoundingCoordinate"),
    west: number("WestBoundingCoordinate"),
    latitude: number("LatitudeResolution"),
    longitude: number("LongitudeResolution"),
    origin,
  };
}
