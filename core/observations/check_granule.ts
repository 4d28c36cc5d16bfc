/** What a config would take of one granule: its datasets group by group, and how many rows pass its filters. */
import { toCoordinate, toValues } from "../hdf5/values.ts";
import type { Hdf5File, Hdf5Values } from "../hdf5/contract.ts";
import {
  type Column,
  type DatasetFilter,
  type ExpressionTest,
  givenName,
  type ReadRequest,
} from "./contract.ts";
import { type GroupColumns, openGroup } from "./group_columns.ts";
import { datasetPath, linkedGroups, noGroupsError, selectGroups } from "./groups.ts";
import { applyCondition, filterReads, filterText } from "./row_condition.ts";
import { flatPaths, linkedTemplates, requestPaths } from "./granule.ts";
import { type Linked, LinkedRows } from "./linked_rows.ts";

interface DatasetCheck {
  path: string;
  /** What the config names it for: latitude, longitude, a variable's name, filter. */
  role: string;
  /** As numpy writes it, after `_Unsigned`. */
  dtype: string;
  rows: number;
  /** Values that mean "no value", in that type. */
  fills: string[];
  scale: number;
  offset: number;
  /** Rows without a value: fill, not a number, or outside the valid range. */
  missing: number;
  /** Of physical values; null where there is none. */
  min: number | null;
  max: number | null;
}

/** The value of `@name` in the rows of a group. */
type GivenValues = (name: string, group: string) => number;

interface GroupCheck {
  group: string;
  rows: number;
  datasets: DatasetCheck[];
  /** Rows that pass each filter alone, in the config's order. */
  filters: { filter: string; passes: number }[];
  /** Rows that have a place on Earth and pass all filters. */
  kept: number;
}

export interface GranuleCheck {
  groups: GroupCheck[];
  /** Groups that are there and have none of the datasets. */
  empty: string[];
  /** Names, not globs, of groups that are not there. */
  missing: string[];
  warnings: string[];
}

/**
 * Reads everything that `request` names, once. Throws a granule error where the granule has none of the groups,
 * where a group has some of the datasets and not others, and where one is no column of numbers.
 */
export function checkGranule(
  file: Hdf5File,
  request: ReadRequest,
  test: ExpressionTest,
  given: GivenValues,
): GranuleCheck {
  const names = selectGroups(file, request.groups);
  if (names.length === 0) throw noGroupsError(file, request.groups);
  const found: GranuleCheck = {
    groups: [],
    empty: [],
    missing: request.groups.filter((name) => !/[*?[]/.test(name) && !names.includes(name)),
    warnings: linkedGroups(file, request.groups),
  };
  for (const group of names) {
    const columns = openGroup(file, requestPaths(request, group), flatPaths(request, group));
    if (columns === undefined) {
      found.empty.push(group);
      continue;
    }
    found.groups.push(checkGroup(columns, request, group, test, given));
    found.warnings.push(...columns.warnings);
  }
  return found;
}

function checkGroup(
  columns: GroupColumns,
  request: ReadRequest,
  group: string,
  test: ExpressionTest,
  given: GivenValues,
): GroupCheck {
  const { rows, file } = columns;
  const linked = new LinkedRows(file, linkedTemplates(request), group, rows);
  const all = new Uint8Array(rows).fill(1);
  const filtered = {
    read: (path: string) => columns.read(datasetPath(path, group), null),
    packing: (path: string) => columns.packing(datasetPath(path, group)),
    checkExact: (path: string, raw: Hdf5Values, values: Float64Array) =>
      columns.checkExact(datasetPath(path, group), raw, values),
    // Times are read by runs alone: here they are those of 1970.
    given: (path: string) =>
      new Float64Array(rows).fill(path === "@time" ? 0 : given(givenName(path)!, group)),
    linked: (column: Linked<Column>) => linked.column(column, null, false),
    linkedFilter: (passes: Uint8Array, filter: Linked<DatasetFilter>) => linked.filter(passes, filter, null),
  };
  const filters = request.filters.map((filter) => {
    const passes = new Uint8Array(rows).fill(1);
    applyCondition(passes, filter, filtered, test);
    for (let i = 0; i < rows; i += 1) all[i] &= passes[i];
    const text = filterText(filter, (path) => path.replaceAll("{group}", group));
    return { filter: text, passes: countOf(passes) };
  });
  for (const [template, most] of [[request.latitude, 90], [request.longitude, 360]] as const) {
    const at = datasetPath(template, group);
    const degrees = request.coordinateLink === undefined
      ? toCoordinate(columns.read(at, null), columns.packing(at))
      : linked.column({ path: template, link: request.coordinateLink.link }, null, false);
    for (let i = 0; i < rows; i += 1) if (!(Math.abs(degrees[i]) <= most)) all[i] = 0;
  }
  const named: [role: string, template: string][] = [
    ["latitude", request.latitude],
    ["longitude", request.longitude],
    ...request.columns.filter(isCheckable).map(({ name, path }): [string, string] => [name, path]),
    ...request.filters.flatMap(filterReads).filter(isCheckable).map(({ path }): [string, string] => [
      "filter",
      path,
    ]),
  ];
  const levels = new Map(
    linkedTemplates(request).filter(isCheckable)
      .map(({ path }) => [path, openGroup(file, [datasetPath(path, group).path])!]),
  );
  const roles = new Map<string, string[]>();
  for (const [role, template] of named) {
    const others = roles.get(template);
    if (others === undefined) roles.set(template, [role]);
    else if (!others.includes(role)) others.push(role);
  }
  const datasets = [...roles].map(([template, of]) =>
    checkDataset(levels.get(template) ?? columns, template, of.join(", "), group)
  );
  return { group, rows, datasets, filters, kept: countOf(all) };
}

/** Whether a column has values of its own: not what is given, nor one value for all. */
function isCheckable({ path, link }: Pick<Column, "path" | "link">): boolean {
  return link?.kind !== "broadcast" && givenName(path) === undefined;
}

function checkDataset(columns: GroupColumns, template: string, role: string, group: string): DatasetCheck {
  const at = datasetPath(template, group);
  const { dtype, fills, scale, offset } = columns.packing(at);
  const values = toValues(columns.read(at, null), columns.packing(at));
  let missing = 0, min = Infinity, max = -Infinity;
  for (const value of values) {
    if (Number.isNaN(value)) missing += 1;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return {
    path: at.flat ? `${at.path}[:,:]` : at.column === null ? at.path : `${at.path}[:,${at.column}]`,
    role,
    dtype,
    rows: columns.rows,
    fills: fills.map(String),
    scale,
    offset,
    missing,
    min: missing === values.length ? null : min,
    max: missing === values.length ? null : max,
  };
}

function countOf(passes: Uint8Array): number {
  let count = 0;
  for (const one of passes) count += one;
  return count;
}
