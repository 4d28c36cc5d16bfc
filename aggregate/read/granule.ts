/** One HDF5 granule as columns of observations, a group at a time. */
import { GranaryError } from "../../base/errors.ts";
import type { Values } from "../statistics/contract.ts";
import type {
  GroupObservations,
  Hdf5Dataset,
  Hdf5File,
  Hdf5Values,
  ReadRequest,
  RowRange,
} from "./contract.ts";
import { type DatasetPath, datasetPath, noGroupsError, selectGroups, shortList } from "./groups.ts";
import { applyFilter } from "./row_filter.ts";
import { type Packing, packingOf, toCoordinate, toValues } from "./values.ts";

/** Which rows to read; without options every row of every group is. */
export interface ReadOptions {
  /** Ascending, disjoint row ranges by group (a row index). A group that it does not name is skipped. */
  rows?: ReadonlyMap<string, readonly RowRange[]>;
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
}

/**
 * Yields the observations of each group of `request`, in the config's order (globs in name order, a group
 * listed twice once), and returns what became of the groups. Rows stand in file order; nothing is dropped.
 * Arrays belong to the caller. Throws a granule error where the granule has none of the groups, where a
 * group has some of the datasets and lacks others, where datasets differ in length, and where one is not
 * a column of numbers.
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
  };
  for (const group of groups) {
    const ranges = options.rows?.get(group);
    if (options.rows !== undefined && ranges === undefined) {
      summary.skipped.push(group);
      continue;
    }
    const columns = openGroup(file, request, group);
    if (columns === undefined) {
      summary.empty.push(group);
      continue;
    }
    summary.present.push(group);
    const observations = readGroup(columns, request, group, ranges ?? null, options, summary);
    if (observations === undefined) summary.skipped.push(group);
    else yield observations;
  }
  return summary;
}

/** Every dataset that a request reads from one group, coordinates first, each path once. */
export function requestPaths(request: ReadRequest, group: string): string[] {
  const templates = [
    request.latitude,
    request.longitude,
    ...request.filters.map(({ path }) => path),
    ...request.columns.map(({ path }) => path),
  ];
  return [...new Set(templates.map((template) => datasetPath(template, group).path))];
}

/** The open datasets of one group, by path. */
class GroupColumns {
  readonly rows: number;
  readonly #file: Hdf5File;
  readonly #datasets: Map<string, Hdf5Dataset>;

  constructor(file: Hdf5File, datasets: Map<string, Hdf5Dataset>) {
    this.#file = file;
    this.#datasets = datasets;
    let first: Hdf5Dataset | undefined;
    for (const dataset of datasets.values()) {
      first ??= dataset;
      const rows = dataset.shape[0];
      if (rows === undefined) {
        throw granuleError(
          file,
          `${dataset.path} is a single value (wanted one value a row; name another dataset)`,
        );
      }
      if (rows !== first.shape[0]) {
        throw granuleError(
          file,
          `${first.path} has ${first.shape[0]} rows and ${dataset.path} has ${rows} ` +
            `(wanted datasets of one length; name datasets at the same rate)`,
        );
      }
    }
    this.rows = first!.shape[0]!;
  }

  packing(at: DatasetPath): Packing {
    const dataset = this.#datasets.get(at.path)!;
    return packingOf(dataset.attributes(), dataset.dtype);
  }

  /** Fetches what will be read, all of it at once. Columns of wide datasets are read in parts, each by itself. */
  prefetch(all: readonly DatasetPath[], ranges: readonly RowRange[] | null): void {
    const paths = new Set(all.filter(({ column }) => column === null).map(({ path }) => path));
    const rows = ranges ?? [{ start: 0, count: this.rows }];
    this.#file.prefetch?.(
      [...paths].flatMap((path) => rows.map(({ start, count }) => ({ path, start, count }))),
    );
  }

  /** The raw elements of the rows in `ranges` (null: all), one a row. */
  read(at: DatasetPath, ranges: readonly RowRange[] | null): Hdf5Values {
    const dataset = this.#datasets.get(at.path)!;
    this.#checkColumn(dataset, at);
    const all = ranges ?? [{ start: 0, count: this.rows }];
    if (at.column === null && all.length === 1) return dataset.read(all[0]!.start, all[0]!.count);
    let rows = 0;
    for (const { count } of all) rows += count;
    let result: Hdf5Values | undefined;
    let filled = 0;
    for (const { start, count } of all) {
      for (const part of blocks(dataset, at.column, start, count)) {
        result ??= new (part.constructor as new (length: number) => Hdf5Values)(rows);
        result.set(part as never, filled);
        filled += part.length;
      }
    }
    return result ?? dataset.read(0, 0);
  }

  #checkColumn({ path, shape, dtype }: Hdf5Dataset, { column }: DatasetPath): void {
    if (!/^[<>|][iuf][1248]$/.test(dtype)) {
      throw granuleError(this.#file, `${path} holds ${dtype} values (wanted numbers; name another dataset)`);
    }
    if (column === null && shape.length !== 1) {
      throw granuleError(
        this.#file,
        `${path} has ${shape.length} dimensions, ${shape.join(" x ")} (wanted one value a row` +
          `${shape.length === 2 ? `; name one column of it, as ${path}[:,0]` : ""})`,
      );
    }
    if (column !== null && (shape.length !== 2 || column >= shape[1]!)) {
      throw granuleError(
        this.#file,
        `${path}[:,${column}] is not there: its shape is ${shape.join(" x ") || "a single value"} ` +
          `(wanted two dimensions${shape.length === 2 ? ` and an index below ${shape[1]}` : ""})`,
      );
    }
  }
}

/** Bytes of a two-dimensional dataset that are held at once while one column is taken from it. */
const COLUMN_BLOCK_BYTES = 8 << 20;

/** Rows `[start, start + count)` of a dataset or of one column of it, in bounded parts. */
function* blocks(
  dataset: Hdf5Dataset,
  column: number | null,
  start: number,
  count: number,
): Generator<Hdf5Values> {
  if (column === null) {
    if (count > 0) yield dataset.read(start, count);
    return;
  }
  const width = dataset.shape[1]!;
  const chunkRows = dataset.chunks?.[0] ?? 1;
  const fit = Math.max(1, Math.floor(COLUMN_BLOCK_BYTES / (8 * width)));
  const step = Math.max(chunkRows, fit - fit % chunkRows);
  for (let from = start; from < start + count;) {
    // Blocks end where chunks do, so that no chunk is decoded twice.
    const to = Math.min(start + count, from - from % chunkRows + step);
    const block = dataset.read(from, to - from);
    const part = new (block.constructor as new (length: number) => Hdf5Values)(to - from);
    for (let i = 0; i < part.length; i += 1) part[i] = block[i * width + column]!;
    yield part;
    from = to;
  }
}

/** Opens the datasets of a group; undefined where it has none of them. */
function openGroup(file: Hdf5File, request: ReadRequest, group: string): GroupColumns | undefined {
  const datasets = new Map<string, Hdf5Dataset>();
  const absent: string[] = [];
  for (const path of requestPaths(request, group)) {
    const dataset = file.dataset(path);
    if (dataset === undefined) absent.push(path);
    else datasets.set(path, dataset);
  }
  if (datasets.size === 0) return undefined;
  if (absent.length > 0) {
    const path = absent[0]!;
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    const beside = file.list(parent);
    throw granuleError(
      file,
      `has no dataset ${path}${absent.length > 1 ? ` (nor ${absent.length - 1} more)` : ""}; ` +
        (beside === undefined ? `there is no group ${parent}` : `${parent} has ${shortList(beside)}`) +
        ` (check the config's paths)`,
      { absent },
    );
  }
  return new GroupColumns(file, datasets);
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
  const early = [request.latitude, request.longitude, ...request.filters.map(({ path }) => path)];
  const late = request.columns.map(({ path }) => path).filter((path) => !early.includes(path));
  // Where the callback may yet say that no row is needed, the columns wait for its answer.
  columns.prefetch((options.wanted ? early : [...early, ...late]).map(at), ranges);
  const latitudeAt = at(request.latitude);
  const longitudeAt = at(request.longitude);
  let latitude = toCoordinate(columns.read(latitudeAt, ranges), columns.packing(latitudeAt));
  let longitude = toCoordinate(columns.read(longitudeAt, ranges), columns.packing(longitudeAt));
  summary.rows += latitude.length;

  let passes: Uint8Array | null = null;
  const filtered = new Map<string, Hdf5Values>();
  for (const filter of request.filters) {
    passes ??= new Uint8Array(latitude.length).fill(1);
    const raw = filtered.get(filter.path) ?? columns.read(at(filter.path), ranges);
    filtered.set(filter.path, raw);
    applyFilter(passes, raw, columns.packing(at(filter.path)), filter);
  }

  const wanted = options.wanted?.(group, latitude, longitude, passes) ?? true;
  if (wanted === false || (wanted !== true && wanted.length === 0)) return undefined;
  if (wanted !== true) {
    latitude = takeRanges(latitude, wanted);
    longitude = takeRanges(longitude, wanted);
    if (passes !== null) passes = takeRanges(passes, wanted);
    for (const [path, raw] of filtered) filtered.set(path, takeRanges(raw, wanted));
    ranges = ranges === null ? wanted : rowsOf(ranges, wanted);
  }

  if (options.wanted) columns.prefetch(late.map(at), ranges);
  const converted = new Map<string, Values>();
  const values = request.columns.map(({ path }): Values => {
    const before = converted.get(path);
    if (before !== undefined) return before.slice();
    const column = toValues(filtered.get(path) ?? columns.read(at(path), ranges), columns.packing(at(path)));
    converted.set(path, column);
    return column;
  });
  return {
    group,
    rows: latitude.length,
    latitude,
    longitude,
    columns: values,
    passes,
    totalRows: columns.rows,
    ...(ranges === null ? {} : { ranges }),
  };
}

/** The elements of `values` in `ranges`, one after the other. */
function takeRanges<T extends Hdf5Values>(values: T, ranges: readonly RowRange[]): T {
  if (ranges.length === 1 && ranges[0]!.start === 0 && ranges[0]!.count === values.length) return values;
  let rows = 0;
  for (const { count } of ranges) rows += count;
  const taken = new (values.constructor as new (length: number) => T)(rows);
  let filled = 0;
  for (const { start, count } of ranges) {
    taken.set(values.subarray(start, start + count) as never, filled);
    filled += count;
  }
  return taken;
}

/** `inner` counts positions among the rows of `outer`; the result counts rows of the dataset. */
function rowsOf(outer: readonly RowRange[], inner: readonly RowRange[]): RowRange[] {
  const rows: RowRange[] = [];
  let k = 0;
  let passed = 0;
  for (const { start, count } of inner) {
    let from = start;
    while (from < start + count) {
      while (from >= passed + outer[k]!.count) passed += outer[k++]!.count;
      const within = from - passed;
      const take = Math.min(start + count - from, outer[k]!.count - within);
      rows.push({ start: outer[k]!.start + within, count: take });
      from += take;
    }
  }
  return rows;
}

function granuleError(file: Hdf5File, what: string, details: Record<string, unknown> = {}): GranaryError {
  return new GranaryError("granule", `${file.name}: ${what}`, { details: { name: file.name, ...details } });
}
