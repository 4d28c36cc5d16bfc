/** A Pipeline as YAML again: every default written out. Parsing it gives the same pipeline. */
import { stringify } from "yaml";
import { safeName } from "../../core/access/redact.ts";
import { prefixOf } from "./combine.ts";
import { gridEntry } from "./grid.ts";
import type { AreaSource, Pipeline, PipelineSelection, Statistic } from "../pipeline.ts";
import type { RowFilter, RowLink } from "../../core/observations/contract.ts";
import { filterReads } from "../../core/observations/row_condition.ts";

/** The normalized config of `pipeline`, as `granary config show` prints it. */
export function formatConfig(pipeline: Pipeline): string {
  return stringify(configMapping(pipeline), { lineWidth: 0, flowCollectionPadding: false });
}

/** One config, or several with their names and `---` between, as `parseConfigs` reads them. */
export function formatConfigs(pipelines: readonly Pipeline[]): string {
  if (pipelines.length === 1) return formatConfig(pipelines[0]);
  return pipelines.map((pipeline) => `name: ${prefixOf(pipeline.name)}\n${formatConfig(pipeline)}`).join(
    "---\n",
  );
}

/** The normalized config as data: what its YAML, or the same as JSON, reads as. */
export function configMapping(pipeline: Pipeline): Record<string, unknown> {
  const { dataSource, aggregation, output, bounds } = pipeline;
  return {
    data_source: {
      reader: "hdf5",
      ...(dataSource.driver === null ? {} : { driver: dataSource.driver }),
      ...(dataSource.collections.length === 0 ? {} : { collections: dataSource.collections }),
      ...(dataSource.asset === null ? {} : { asset: dataSource.asset }),
      groups: dataSource.groups,
      coordinates: {
        latitude: dataSource.latitude,
        longitude: dataSource.longitude,
        ...coordinateLevel(dataSource),
        ...dataSource.time === undefined ? {} : { time: timeEntry(dataSource.time) },
      },
      variables: Object.fromEntries(
        dataSource.columns.filter(({ link }) => link === undefined).map(({ name, path }) => [name, path]),
      ),
      ...levelsEntry(dataSource),
      ...dataSource.beams === undefined ? {} : { beams: dataSource.beams },
      ...(dataSource.filters.length === 0 ? {} : {
        filters: dataSource.filters.map((one) => filterEntry(one, linksOf(dataSource))),
      }),
    },
    aggregation: {
      ...(aggregation.morton === null ? {} : {
        coordinates: {
          morton: { dtype: aggregation.morton.dtype, fill_value: aggregation.morton.fillValue },
        },
      }),
      variables: Object.fromEntries(
        aggregation.statistics.map((statistic) => [statistic.name, variableEntry(statistic)]),
      ),
    },
    output: {
      ...(output.store === null ? {} : { store: output.store }),
      ...output.projected === undefined ? { layout: output.layout } : {},
      ...(output.shard === null ? {} : { shard: output.shard }),
      ...(output.levels === undefined ? {} : { levels: output.levels }),
      ...(output.time === undefined ? {} : { time: windowsEntry(output.time) }),
      ...(output.zones === undefined ? {} : { zones: output.zones }),
      ...(output.zoneFile === undefined ? {} : { zones: output.zoneFile }),
      ...(output.exactQuantiles === undefined ? {} : { exact_quantiles: true }),
      grid: gridEntry(output),
    },
    ...(pipeline.catalog === null ? {} : { catalog: safeName(pipeline.catalog) }),
    ...boundsEntry(bounds),
    ...selectionEntry(pipeline.selection ?? {}),
  };
}

function filterEntry(filter: RowFilter, links: readonly string[]): Record<string, unknown> {
  if ("join" in filter) return { [filter.join]: filter.filters.map((one) => filterEntry(one, links)) };
  if ("expression" in filter) return { expression: filter.expression };
  const { path, op, value, raw, link } = filter;
  const level = link === undefined ? {} : { level: levelName(links.indexOf(JSON.stringify(link))) };
  return { dataset: path, ...level, op, value, ...(raw ? { raw } : {}) };
}

/** The links of columns and filters, each once: a level each. */
function linksOf({ columns, filters, coordinateLink }: Pipeline["dataSource"]): string[] {
  const links = [
    ...coordinateLink === undefined ? [] : [coordinateLink],
    ...columns,
    ...filters.flatMap(filterReads),
  ]
    .flatMap(({ link }) => link === undefined ? [] : [JSON.stringify(link)]);
  return [...new Set(links)];
}

function coordinateLevel(dataSource: Pipeline["dataSource"]): { level?: string } {
  const { coordinateLink } = dataSource;
  if (coordinateLink === undefined) return {};
  return { level: levelName(linksOf(dataSource).indexOf(JSON.stringify(coordinateLink.link))) };
}

const BASE_LEVEL = "rows";
const levelName = (index: number) => `level${index + 1}`;

function levelsEntry(dataSource: Pipeline["dataSource"]): Record<string, unknown> {
  const links = linksOf(dataSource);
  if (links.length === 0) return {};
  const levels = links.map((text, index): [string, unknown] => {
    const own = dataSource.columns.filter(({ link }) => JSON.stringify(link) === text);
    return [levelName(index), {
      ...own.length === 0 ? {} : { variables: Object.fromEntries(own.map(({ name, path }) => [name, path])) },
      link: linkEntry(JSON.parse(text) as RowLink),
    }];
  });
  return { base_level: BASE_LEVEL, levels: { [BASE_LEVEL]: { link: null }, ...Object.fromEntries(levels) } };
}

function linkEntry(link: RowLink): Record<string, unknown> {
  if (link.kind !== "ranges") return { to: BASE_LEVEL, [link.kind]: true };
  return { to: BASE_LEVEL, index_beg: link.begin, count: link.count, index_base: link.base };
}

function variableEntry(statistic: Statistic): Record<string, unknown> {
  return {
    ...(statistic.function === undefined
      ? { expression: statistic.expression }
      : { function: statistic.function, source: statistic.source }),
    ...(Object.keys(statistic.params).length === 0 ? {} : { params: statistic.params }),
    dtype: statistic.dtype,
    fill_value: statistic.fillValue ?? "NaN",
    ...(Object.keys(statistic.attributes).length === 0 ? {} : { attrs: statistic.attributes }),
  };
}

function timeEntry({ path, units }: NonNullable<Pipeline["dataSource"]["time"]>): unknown {
  return units === null ? path : { dataset: path, units };
}

function windowsEntry({ every, epoch, windows }: NonNullable<Pipeline["output"]["time"]>): unknown {
  return {
    ...every === null ? {} : { every },
    ...epoch === null ? {} : { epoch },
    ...windows === null ? {} : { windows },
  };
}

function boundsEntry({ startDate, endDate, bbox, areas, clip }: Pipeline["bounds"]): Record<string, unknown> {
  const temporal = {
    ...startDate === null ? {} : { start_date: startDate },
    ...endDate === null ? {} : { end_date: endDate },
  };
  const spatial = [...bbox === null ? [] : [bbox], ...(areas ?? []).map(areaEntry)];
  const bounds = {
    ...Object.keys(temporal).length === 0 ? {} : { temporal },
    ...spatial.length === 0 ? {} : { spatial: spatial.length === 1 ? spatial[0] : { all: spatial } },
    ...clip === undefined ? {} : { clip },
  };
  return Object.keys(bounds).length === 0 ? {} : { bounds };
}

function selectionEntry({ maxCells, unknownExtent, ...rest }: PipelineSelection): Record<string, unknown> {
  const selection = {
    ...rest,
    ...maxCells === undefined ? {} : { max_cells: maxCells },
    ...unknownExtent === undefined ? {} : { unknown_extent: unknownExtent },
  };
  return Object.keys(selection).length === 0 ? {} : { selection };
}

function areaEntry(area: AreaSource): unknown {
  if ("bbox" in area) return area.bbox;
  if ("file" in area) return { file: area.file };
  if (area.region !== undefined) return { region: area.region };
  const { name, geometry } = area as Extract<AreaSource, { geometry: unknown }>;
  return { geometry, name };
}
