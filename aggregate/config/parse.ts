/** The YAML of a config to a Pipeline: plain data, every name checked, nothing opened. */
import { integerRange } from "../../core/zarr/element.ts";
import { parseTimeUnits } from "../../core/cf_time.ts";
import { GranaryError } from "../../core/errors.ts";
import { bounds } from "./bounds.ts";
import type { Context } from "./context.ts";
import { filterDatasets, filters } from "./filters.ts";
import { addShapeFaults, Faults } from "../../core/config/faults.ts";
import type { Pipeline, Zone } from "../pipeline.ts";
import { type Column, givenName, isOwn } from "../../core/observations/contract.ts";
import { GIVEN_COLUMNS } from "../../products/given_columns.ts";
import { checkLevels, columnPath, columnsOf, linkOf } from "./columns.ts";
import { parseGeoJson } from "../../core/geometry/geojson.ts";
import { cellsOf } from "./grid.ts";
import { MAX_ITEMS } from "./limits.ts";
import { type ConfigInput, configSchema } from "./schema.ts";
import { takeRectilinear } from "./rectilinear.ts";
import { otherKind, refusedValue, takeTolerated, unsupported } from "./tolerated.ts";
import { timeRule } from "./time.ts";
import { statistics } from "./variables.ts";
import { YamlText } from "../../core/config/yaml_text.ts";

export interface ParsedConfig {
  pipeline: Pipeline;
  /** One line each, with its place. */
  warnings: string[];
  /** `file:line:column` of data_source.driver, where the config has one. */
  driverPlace: string | null;
}

/**
 * Parses the config `text`; `fileName` is for messages and becomes the name of a pipeline that has none. Throws one input
 * error with a line for each fault, each with `file:line:column`, what was found and what was wanted.
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const yaml = new YamlText(text, fileName);
  const faults = new Faults(yaml);
  const warnings: string[] = [];
  const data = yaml.value;
  for (const { path, because } of takeTolerated(data)) {
    warnings.push(`${yaml.keyPlace(path)}: ${path.join(".")} is not needed and ignored: ${because}`);
  }
  for (const { path, because } of takeRectilinear(data)) {
    warnings.push(`${yaml.keyPlace(path)}: ${path.join(".")}: ${because}`);
  }
  if (data === null || data === undefined) {
    faults.value([], "is empty (wanted data_source, aggregation and output; see granary config show atl06)");
    faults.throwIfAny();
  }
  const other = otherKind(data);
  if (other !== undefined) {
    faults.value(other.path, other.because);
    faults.throwIfAny();
  }
  // Code for it would be made longer than it is parsed.
  const checked = configSchema.safeParse(data, { jitless: true });
  if (!checked.success) {
    addShapeFaults(faults, checked.error.issues, data, { schema: configSchema, unsupported, refusedValue });
    faults.throwIfAny();
  }
  const input = checked.data!;
  const context: Context = { yaml, faults, warnings };
  const pipeline: Pipeline = {
    name: input.name ?? fileName,
    dataSource: dataSource(input, context),
    aggregation: {
      statistics: statistics(input, context),
      morton: morton(input, context),
    },
    output: output(input, context),
    ...selection(input),
    catalog: input.catalog ?? null,
    bounds: bounds(input, context),
  };
  faults.throwIfAny();
  const driverPlace = pipeline.dataSource.driver === null ? null : yaml.place(["data_source", "driver"]);
  return { pipeline, warnings, driverPlace };
}

function dataSource(input: ConfigInput, context: Context): Pipeline["dataSource"] {
  const source = input.data_source;
  checkLevels(input, context);
  const columns = columnsOf(input);
  if (columns.length === 0) context.faults.value(["data_source", "variables"], "names no column");
  if (columns.length > MAX_ITEMS) {
    context.faults.value(
      ["data_source", "variables"],
      `has ${columns.length} columns (at most ${MAX_ITEMS})`,
    );
  }
  const paths: [(string | number)[], string][] = [
    [["data_source", "coordinates", "latitude"], source.coordinates.latitude],
    [["data_source", "coordinates", "longitude"], source.coordinates.longitude],
    ...Object.entries(source.variables).map(([name, of]): [string[], string] => [
      ["data_source", "variables", name],
      columnPath(of),
    ]),
    ...filterDatasets(source.filters ?? [], ["data_source", "filters"]),
  ];
  const given = source.coordinates.time;
  const time = given === undefined
    ? undefined
    : typeof given === "string"
    ? { path: given, units: null }
    : { path: given.dataset, units: given.units ?? null };
  if (time !== undefined) paths.push([["data_source", "coordinates", "time"], time.path]);
  if (time?.units && parseTimeUnits(time.units) === null) {
    context.faults.value(
      ["data_source", "coordinates", "time", "units"],
      `"${time.units}" is no unit of time (wanted such as "seconds since 2018-01-01")`,
    );
  }
  if (source.quality_filter !== undefined) {
    paths.push([["data_source", "quality_filter", "dataset"], source.quality_filter.dataset]);
  }
  for (const [place, path] of paths) {
    const given = givenName(path);
    if (given !== undefined && !GIVEN_COLUMNS.includes(given)) {
      context.faults.value(
        place,
        `there is no ${path} (wanted ${GIVEN_COLUMNS.map((one) => `@${one}`).join(", ")})`,
      );
    }
    const unknown = path.replaceAll("{group}", "").match(/\{[^{}]*\}/)?.[0];
    if (unknown !== undefined) {
      context.faults.value(place, `has the unknown placeholder ${unknown} (wanted {group}, the only one)`);
    }
  }
  return {
    collections: source.collections ?? [],
    asset: source.asset ?? null,
    driver: source.driver ?? null,
    groups: [...new Set(source.groups)],
    latitude: source.coordinates.latitude,
    longitude: source.coordinates.longitude,
    ...coordinateLink(input, columns, context),
    ...time === undefined ? {} : { time },
    columns,
    filters: filters(input, columns, context),
    ...source.beams === undefined ? {} : { beams: source.beams },
  };
}

/** Coordinates of another rate: the rows are then those of the first column of the base level. */
function coordinateLink(
  input: ConfigInput,
  columns: readonly Column[],
  { faults }: Context,
): Pick<Pipeline["dataSource"], "coordinateLink"> {
  const { levels = {}, coordinates: { level } } = input.data_source;
  if (level === undefined) return {};
  const at = ["data_source", "coordinates", "level"];
  if (!Object.hasOwn(levels, level)) faults.value(at, `"${level}" is none of data_source.levels`);
  const link = linkOf(input, level), base = columns.find(isOwn);
  if (link === undefined) return {};
  if (base === undefined) {
    faults.value(at, "needs a column of the base level, whose rows are counted");
    return {};
  }
  return { coordinateLink: { link, base: base.path } };
}

function morton(input: ConfigInput, { faults, warnings, yaml }: Context): Pipeline["aggregation"]["morton"] {
  const coordinates = input.aggregation.coordinates;
  const cellIds = coordinates?.cell_ids;
  if (cellIds?.fill_value !== undefined) {
    const path = ["aggregation", "coordinates", "cell_ids", "fill_value"];
    warnings.push(
      `${yaml.keyPlace(path)}: ${
        path.join(".")
      } is ignored: granary fills cell_ids with 12*4^order, because 0 is a cell`,
    );
  }
  const wanted = coordinates?.morton;
  if (wanted === undefined) return null;
  const dtype = wanted.dtype ?? "int64";
  const path = ["aggregation", "coordinates", "morton", "fill_value"];
  const text = wanted.fill_value === undefined
    ? "0"
    : (yaml.source(path) ?? String(wanted.fill_value)).trim();
  if (!/^[+-]?\d{1,20}$/.test(text)) {
    faults.value(path, `found ${text}, wanted a whole number`);
    return null;
  }
  const value = BigInt(text);
  const [least, greatest] = integerRange(dtype)!;
  if (value < least || value > greatest) {
    faults.value(path, `${text} is outside of ${dtype} (${least} to ${greatest})`);
  }
  return { dtype, fillValue: value.toString() };
}

function output(input: ConfigInput, { faults }: Context): Pipeline["output"] {
  const { grid: _grid, ...rest } = input.output;
  const cells = cellsOf(input, faults);
  const morton = input.aggregation.coordinates?.morton;
  if (morton !== undefined && (morton.dtype ?? "int64") === "int64" && cells.childOrder > 18) {
    faults.value(
      ["aggregation", "coordinates", "morton"],
      `int64 ids end at order 18, and child_order is ${cells.childOrder} (wanted dtype: uint64)`,
    );
  }
  return {
    store: rest.store ?? null,
    layout: rest.layout ?? "compact",
    shard: rest.shard ?? null,
    ...cells,
    ...rest.levels === undefined ? {} : { levels: rest.levels },
    ...timeOf(rest.time, faults),
    ...zonesOf(rest.zones, faults),
    ...rest.exact_quantiles === true ? { exactQuantiles: true as const } : {},
  };
}

function zonesOf(
  given: ConfigInput["output"]["zones"],
  faults: Context["faults"],
): Pick<Pipeline["output"], "zones" | "zoneFile"> {
  if (given === undefined) return {};
  if (!Array.isArray(given)) return { zoneFile: given };
  const zones = given.map(({ name, geometry }, i) => {
    try {
      return { name, geometry: parseGeoJson(JSON.stringify(geometry), `zone "${name}"`) };
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      faults.value(["output", "zones", i, "geometry"], error.message);
      return { name, geometry: geometry as unknown as Zone["geometry"] };
    }
  });
  return { zones };
}

function timeOf(
  given: ConfigInput["output"]["time"],
  faults: Context["faults"],
): Pick<Pipeline["output"], "time"> {
  if (given === undefined || given === null) return {};
  try {
    const time = timeRule(given, "output.time");
    return time === undefined ? {} : { time };
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    faults.value(["output", "time"], error.message.replace(/^output\.time: /, ""));
    return {};
  }
}

function selection({ selection: given }: ConfigInput): Pick<Pipeline, "selection"> {
  if (given === undefined || given === null) return {};
  const { max_cells: maxCells, unknown_extent: unknownExtent, ...rest } = given;
  return {
    selection: {
      ...rest,
      ...maxCells === undefined ? {} : { maxCells },
      ...unknownExtent === undefined ? {} : { unknownExtent },
    },
  };
}
