/** One HDF5 granule as columns of observations, a group at a time. */
import { GranaryError } from "../errors.ts";
import type { Values } from "../values.ts";
import type { Hdf5File, Hdf5Values } from "../hdf5/contract.ts";
import { ALIGNMENT, type KernelMemory } from "../kernels/memory.ts";
import {
  type Column,
  type DatasetFilter,
  type ExpressionTest,
  givenName,
  type GroupObservations,
  isOwn,
  type ReadRequest,
  type RowRange,
} from "./contract.ts";
import { type Linked, LinkedRows } from "./linked_rows.ts";
import { type GroupColumns, openGroup } from "./group_columns.ts";
import { type DatasetPath, datasetPath, linkedGroups, noGroupsError, selectGroups } from "./groups.ts";
import { findTimes, type RowTimes } from "./row_times.ts";
import { applyCondition, filterPaths, filterReads } from "./row_condition.ts";
import { rowsOf, takeRanges } from "./row_ranges.ts";
import { toCoordinate, toValues } from "../hdf5/values.ts";

/** Which rows to read; without options every row of every group is. */
export interface ReadOptions {
  /** Ascending, disjoint row ranges by group (a row index). A group that it does not name is skipped. */
  rows?: ReadonlyMap<string, readonly RowRange[]>;
  /** False leaves latitude and longitude unread (and empty), where a row index says the cells of rows. */
  coordinates?: boolean;
  /** The value of `@name` in the rows of a group. */
  given?: (name: string, group: string) => number;
  /** Groups that are left unread where it says false. */
  accepts?: (group: string) => boolean;
  /**
   * Indices of columns whose numbers must be exact: integers past 2^53 that a float64 would round are then
   * refused by name. Columns that are only counted need not be.
   */
  exact?: ReadonlySet<number>;
  /** Computes the expressions of filters, where there are such. */
  test?: ExpressionTest;
  /**
   * Called when the rows of a group are known and before they are read, with the bytes that its columns
   * take and those that say which rows pass: the memory that they are put into, where they can be. What lies there is
   * good until the next group is asked for.
   */
  memory?: (rows: number, bytes: number) => KernelMemory | undefined;
  /**
   * Called when a group's coordinates and filters are read and before its columns are: the ranges of rows
   * that are needed (ascending, within the rows read), or false for none: the columns' bytes then stay
   * unread and the group is not yielded.
   */
  wanted?: (
    group: string,
    latitude: Float64Array,
    longitude: Float64Array,
    passes: Uint8Array | null,
  ) => readonly RowRange[] | boolean;
}

/** Bytes of a row that say whether it passes. */
const PASSES_BYTES = 1;

/** What became of a granule's groups. */
export interface GranuleSummary {
  /** Groups with the datasets, in the order of reading. */
  present: string[];
  /** Groups that exist and have none of the datasets. */
  empty: string[];
  /** Names (not globs) asked for that the granule does not have. */
  missing: string[];
  /** Present groups of which no row was needed. */
  skipped: string[];
  /** Rows whose coordinates were read. */
  rows: number;
  /** What was read otherwise than its attributes or links say, or left aside: plain sentences. */
  warnings: string[];
}

/**
 * Yields the observations of each group of `request`, in the config's order (globs in name order, a group
 * listed twice once), and returns what became of the groups. Rows stand in file order; nothing is dropped.
 * Arrays belong to the caller, those in a memory until the next group is asked for. Throws a granule error where the
 * granule has none of the groups, where a group has some of the datasets and not others, where datasets differ in
 * length, and where one is not a column of numbers.
 */
export function* readGranule(
  file: Hdf5File,
  request: ReadRequest,
  options: ReadOptions = {},
): Generator<GroupObservations, GranuleSummary, undefined> {
  const groups = selectGroups(file, request.groups);
  if (groups.length === 0) throw noGroupsError(file, request.groups);
  const summary: GranuleSummary = {
    present: [],
    empty: [],
    missing: request.groups.filter((name) => !/[*?[]/.test(name) && !groups.includes(name)),
    skipped: [],
    rows: 0,
    warnings: linkedGroups(file, request.groups),
  };
  if (options.rows !== undefined) prefetchRows(file, request, groups, options);
  for (const group of groups) {
    const ranges = options.rows?.get(group);
    if (options.rows !== undefined && ranges === undefined || options.accepts?.(group) === false) {
      summary.skipped.push(group);
      continue;
    }
    const columns = openGroup(file, requestPaths(request, group), flatPaths(request, group));
    if (columns === undefined) {
      summary.empty.push(group);
      for (const path of requestPaths(request, group)) {
        const out = file.linkOut(path);
        if (out !== undefined) summary.warnings.push(`${path} is ${out}`);
      }
      continue;
    }
    summary.present.push(group);
    const observations = readGroup(columns, request, group, ranges ?? null, options, summary);
    summary.warnings.push(...columns.warnings);
    if (observations === undefined) summary.skipped.push(group);
    else yield observations;
  }
  return summary;
}

/**
 * Fetches the rows that an index names of all groups at once: they are few, and a round trip for each group would be
 * waited for.
 */
function prefetchRows(
  file: Hdf5File,
  request: ReadRequest,
  groups: readonly string[],
  { rows, accepts, coordinates }: ReadOptions,
): void {
  const unread = coordinates === false && request.coordinateLink === undefined
    ? new Set([request.latitude, request.longitude])
    : new Set<string>();
  const reads = groups.flatMap((group) => {
    const ranges = rows?.get(group);
    if (ranges === undefined || accepts?.(group) === false) return [];
    const columns = openGroup(file, requestPaths(request, group), flatPaths(request, group));
    const read = ownTemplates(request).filter((template) => !unread.has(template));
    return columns?.reads(read.map((template) => datasetPath(template, group)), ranges) ?? [];
  });
  file.prefetch?.(reads);
}

/** The time of each row. */
function secondsOf(
  columns: GroupColumns,
  { each, isFlat, seconds }: RowTimes,
  path: DatasetPath,
  ranges: readonly RowRange[] | null,
): Float64Array {
  const at: DatasetPath = isFlat ? { ...path, flat: true } : path;
  const rows = each === 1 ? ranges : [{ start: 0, count: columns.rows / each }];
  const times = seconds(columns.read(at, rows), columns.packing(at));
  if (each === 1) return times;
  const all = Float64Array.from({ length: columns.rows }, (_, i) => times[Math.floor(i / each)]);
  return ranges === null ? all : takeRanges(all, ranges);
}

/** Paths of one group that a request reads. */
interface GroupPaths {
  readonly all: readonly string[];
  readonly flat: ReadonlySet<string>;
}

/** By request and group: a run asks the same of each granule. */
const pathsOf = new WeakMap<ReadRequest, Map<string, GroupPaths>>();

function groupPaths(request: ReadRequest, group: string): GroupPaths {
  let groups = pathsOf.get(request);
  if (groups === undefined) pathsOf.set(request, groups = new Map());
  let paths = groups.get(group);
  if (paths === undefined) {
    const own = ownTemplates(request).map((template) => datasetPath(template, group));
    groups.set(
      group,
      paths = {
        all: [...new Set(own.map(({ path }) => path))],
        flat: new Set(own.filter(({ flat }) => flat).map(({ path }) => path)),
      },
    );
  }
  return paths;
}

/** Every dataset that a request reads of one group's own rows, coordinates first, each path once. */
export function requestPaths(request: ReadRequest, group: string): readonly string[] {
  return groupPaths(request, group).all;
}

/** Those of them of which every element is a row. */
export function flatPaths(request: ReadRequest, group: string): ReadonlySet<string> {
  return groupPaths(request, group).flat;
}

/** Columns and filters of other rates. */
export function linkedTemplates(
  { latitude, longitude, coordinateLink, columns, filters }: ReadRequest,
): Linked<Pick<Column, "path" | "link">>[] {
  const coordinates = coordinateLink === undefined
    ? []
    : [latitude, longitude].map((path) => ({ path, link: coordinateLink.link }));
  return [...coordinates, ...filters.flatMap(filterReads), ...columns]
    .flatMap(({ path, link }) => link === undefined ? [] : [{ path, link }]);
}

function ownTemplates({ latitude, longitude, coordinateLink, filters, columns }: ReadRequest): string[] {
  const places = coordinateLink === undefined ? [latitude, longitude] : [coordinateLink.base];
  return [
    ...places,
    ...filters.flatMap(filterPaths),
    ...columns.filter(isOwn).map(({ path }) => path),
  ];
}

function readGroup(
  columns: GroupColumns,
  request: ReadRequest,
  group: string,
  indexed: readonly RowRange[] | null,
  options: ReadOptions,
  summary: GranuleSummary,
): GroupObservations | undefined {
  const at = (template: string) => datasetPath(template, group);
  let ranges = indexed;
  const coordinates = options.coordinates === false ? [] : [request.latitude, request.longitude];
  const { coordinateLink } = request;
  const times = request.times === undefined
    ? undefined
    : findTimes(columns.file, columns, request.times, at(request.latitude).path, group);
  if (typeof times === "string" && request.times?.required) {
    throw new GranaryError(
      "granule",
      `${columns.file.name}: no times of observations: ${times} (name their dataset in data_source.coordinates.time)`,
    );
  }
  if (typeof times === "string") {
    summary.warnings.push(
      `its observations are not cut by time, because their times are not known: ${times}`,
    );
  }
  const timed = typeof times === "object" ? times : undefined;
  const early = [
    ...coordinateLink === undefined ? coordinates : [],
    ...request.filters.flatMap(filterPaths),
    ...timed === undefined || timed.each > 1 || timed.isFlat ? [] : [timed.path],
  ];
  const late = request.columns.filter(isOwn).map(({ path }) => path).filter((path) => !early.includes(path));
  const rows = ranges === null ? columns.rows : ranges.reduce((sum, { count }) => sum + count, 0);
  const memory = options.memory?.(
    rows,
    (rows + ALIGNMENT) * (columns.rowBytes([...early, ...late].map(at)) + PASSES_BYTES),
  );
  if (memory !== undefined) columns.readInto((bytes) => memory.take(bytes));
  // Where the callback may yet say that no row is needed, the columns wait for its answer.
  columns.prefetch((options.wanted ? early : [...early, ...late]).map(at), ranges);
  const linked = new LinkedRows(columns.file, linkedTemplates(request), group, columns.rows);
  let latitude: Float64Array = new Float64Array(0), longitude: Float64Array = latitude;
  if (coordinates.length > 0) {
    [latitude, longitude] = coordinates.map((path) =>
      coordinateLink === undefined
        ? toCoordinate(columns.read(at(path), ranges), columns.packing(at(path)))
        : Float64Array.from(linked.column({ path, link: coordinateLink.link }, ranges, false))
    );
  }
  summary.rows += rows;

  let seconds = timed === undefined ? undefined : secondsOf(columns, timed, at(timed.path), ranges);
  const givenOf = (path: string, count: number): Float64Array => {
    const name = givenName(path)!;
    if (name === "time") return seconds!.slice();
    return new Float64Array(count).fill(options.given!(name, group));
  };

  let passes: Uint8Array | null = null;
  const filtered = new Map<string, Hdf5Values>();
  const datasets = {
    read(path: string): Hdf5Values {
      const raw = filtered.get(path) ?? columns.read(at(path), ranges);
      filtered.set(path, raw);
      return raw;
    },
    packing: (path: string) => columns.packing(at(path)),
    checkExact: (path: string, raw: Hdf5Values, values: Float64Array) =>
      columns.checkExact(at(path), raw, values),
    given: (path: string) => givenOf(path, rows),
    linked: (column: Linked<Column>) => linked.column(column, ranges, true),
    linkedFilter: (passes: Uint8Array, filter: Linked<DatasetFilter>) =>
      linked.filter(passes, filter, ranges),
  };
  for (const filter of request.filters) {
    passes ??= (memory?.take(rows) ?? new Uint8Array(rows)).fill(1);
    applyCondition(passes, filter, datasets, options.test);
  }

  const wanted = options.wanted?.(group, latitude, longitude, passes) ?? true;
  if (wanted === false || (wanted !== true && wanted.length === 0)) return undefined;
  if (wanted !== true) {
    latitude = takeRanges(latitude, wanted);
    longitude = takeRanges(longitude, wanted);
    if (passes !== null) passes = takeRanges(passes, wanted);
    if (seconds !== undefined) seconds = takeRanges(seconds, wanted);
    for (const [path, raw] of filtered) filtered.set(path, takeRanges(raw, wanted));
    ranges = ranges === null ? wanted : rowsOf(ranges, wanted);
  }

  if (options.wanted) columns.prefetch(late.map(at), ranges);
  const exact = new Set(request.columns.filter((_, c) => options.exact?.has(c)).map(({ path }) => path));
  const converted = new Map<string, Values>();
  const taken = ranges === null ? columns.rows : ranges.reduce((sum, { count }) => sum + count, 0);
  const values = request.columns.map(({ path, link }): Values => {
    if (givenName(path) !== undefined) return givenOf(path, taken);
    if (link !== undefined) return linked.column({ path, link }, ranges, exact.has(path));
    const before = converted.get(path);
    if (before !== undefined) return before.slice();
    const raw = filtered.get(path) ?? columns.read(at(path), ranges);
    const column = toValues(raw, columns.packing(at(path)));
    if (exact.has(path)) columns.checkExact(at(path), raw, column);
    converted.set(path, column);
    return column;
  });
  return {
    group,
    rows: coordinates.length === 0 ? rows : latitude.length,
    latitude,
    longitude,
    columns: values,
    passes,
    ...(seconds === undefined ? {} : { times: seconds }),
    totalRows: columns.rows,
    ...(ranges === null ? {} : { ranges }),
  };
}
