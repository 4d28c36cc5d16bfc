/**
 * Variables without axes of their own that have latitudes and longitudes of two dimensions: placed where
 * these are equal steps of degrees, or lie on a named grid that the user names; else refused, with what
 * would help.
 */
import { attributeWords } from "../hdf5/attribute_values.ts";
import { toCoordinate } from "../hdf5/values.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import type { Crs } from "../raster/grid.ts";
import { type AxisDirection, axisKind } from "./axes.ts";
import type { Dimension } from "./dimensions.ts";
import { fitNamedGrid, type KnownCell, NAMED_GRIDS, type NamedGrid, namedGridCrs } from "./ease_grids.ts";
import { baseName, type FileView, groupOf, isNumeric } from "./file_view.ts";
import { NoGrid } from "./refusal.ts";
import { evenSpacing, isSpacing, type Spacing } from "./spacing.ts";

interface CurvilinearPlace {
  readonly xAxis: number;
  readonly yAxis: number;
  readonly x: Spacing;
  readonly y: Spacing;
  readonly crs: Crs;
}

/** Names of dimensions along and across an orbit. */
const ORBIT = /scan|track|pixel|swath|atrack|xtrack|fov|beam|shot|sample|line_?of/i;

/**
 * Places the variable at `path` by its latitudes and longitudes; `wanted` is the named grid that the user
 * says it is on. Throws NoGrid where it cannot be placed.
 */
export function placeByLatitudes(
  view: FileView,
  path: string,
  dimensions: readonly Dimension[],
  wanted: NamedGrid | null,
  notes: string[],
): CurvilinearPlace {
  const shape = dimensions.map(({ size }) => size);
  const latitude = coordinateOver(view, path, shape, "y");
  if (latitude === undefined) return placeWhole(dimensions, wanted, notes);
  const names = dimensions.map(({ name, size }) => name === "" ? String(size) : `${name}=${size}`).join(", ");
  const longitude = coordinateOver(view, path, shape, "x");
  if (latitude.shape.length === 1 && shape.filter((size) => size === latitude.shape[0]).length > 1) {
    throw new NoGrid(
      "no-axes",
      `of its dimensions (${names}) more than one have the size of ${latitude.path}, and nothing says which is its ` +
        `(wanted dimension scales or names of dimensions)`,
    );
  }
  const alike = longitude !== undefined && longitude.axis === latitude.axis &&
    longitude.shape.join() === latitude.shape.join();
  if (latitude.shape.length === 1 || !alike) {
    throw new NoGrid(
      "swath",
      `each of its places has a latitude of its own (${latitude.path}), along an orbit (${names}; bin it to ` +
        `cells with granary aggregate)`,
    );
  }
  const [rows, columns] = latitude.shape.slice(-2);
  const yAxis = latitude.axis + latitude.shape.length - 2;
  const xAxis = yAxis + 1;
  const { lines, fitting } = linesOf(view, latitude.path, longitude.path, rows, columns);
  if (wanted !== null) {
    const fit = fitNamedGrid(wanted, lines.cells);
    if (fit === null) {
      throw new NoGrid(
        "curvilinear",
        `${latitude.path} and ${longitude.path} are not those of ${wanted.name} (${
          fitting === undefined ? "nor of another EASE-Grid 2.0" : `they are those of ${fitting.name}`
        })`,
      );
    }
    notes.push(`placed on ${wanted.name}, from its row ${fit.row} and column ${fit.column} on, as was asked`);
    return { xAxis, yAxis, ...onGrid(wanted, fit.row, fit.column) };
  }
  // A few rows of equal areas are equal steps of degrees too, nearly.
  const regular = fitting === undefined ? regularDegrees(lines) : null;
  if (regular !== null) {
    notes.push(
      `its latitudes and longitudes of two dimensions (${latitude.path}) are equal steps of degrees`,
    );
    return { xAxis, yAxis, ...regular, crs: crsOfCode("EPSG:4326") };
  }
  if (dimensions.some(({ name }) => ORBIT.test(name))) {
    throw new NoGrid(
      "swath",
      `its cells lie along an orbit (${names}), with latitudes and longitudes of their own (${latitude.path}; bin ` +
        `it to cells with granary aggregate)`,
    );
  }
  const advice = fitting === undefined
    ? "wanted axes of equal steps: regrid the file, as with cdo remapbil"
    : `they are those of ${fitting.name}: say so, as with granary cog --grid ${fitting.name}`;
  throw new NoGrid(
    "curvilinear",
    `its ${rows} rows and ${columns} columns have latitudes and longitudes of two dimensions (${latitude.path}) ` +
      `and no x and y, and are no equal steps of degrees (${advice})`,
  );
}

/** A variable that says nothing of its places, if it has the very size of the grid that the user names. */
function placeWhole(
  dimensions: readonly Dimension[],
  wanted: NamedGrid | null,
  notes: string[],
): CurvilinearPlace {
  const places = wanted === null
    ? []
    : dimensions.flatMap(({ size }, axis) =>
      size === wanted.rows && dimensions[axis + 1]?.size === wanted.columns ? [axis] : []
    );
  if (wanted !== null && places.length === 1) {
    notes.push(`it has no coordinates: placed on ${wanted.name}, whose size it has, as was asked`);
    return { yAxis: places[0], xAxis: places[0] + 1, ...onGrid(wanted, 0, 0) };
  }
  throw refusalOf(dimensions);
}

function refusalOf(dimensions: readonly Dimension[]): NoGrid {
  const placed = dimensions.filter(({ kind, coordinate }) =>
    coordinate !== undefined && (kind.direction === "x" || kind.direction === "y")
  );
  if (placed.length >= 2) {
    return new NoGrid(
      "no-crs",
      `its axes ${
        placed.map(({ name }) => name).join(" and ")
      } are no degrees, and no grid mapping says which ` +
        `projection they are of (name it, as crs: EPSG:…)`,
    );
  }
  const names = dimensions.map(({ name, size }) => name === "" ? String(size) : `${name}=${size}`).join(", ");
  return new NoGrid(
    "no-axes",
    `of its dimensions (${names}) no two are known to be x and y by coordinates (wanted dimension scales, ` +
      `coordinate variables, or latitudes and longitudes)`,
  );
}

function onGrid(grid: NamedGrid, row: number, column: number): { x: Spacing; y: Spacing; crs: Crs } {
  return {
    x: { edge: grid.west + column * grid.cell, step: grid.cell },
    y: { edge: grid.north - row * grid.cell, step: -grid.cell },
    crs: namedGridCrs(grid),
  };
}

interface Coordinate {
  readonly path: string;
  /** The first dimension of the variable that it lies over. */
  readonly axis: number;
  readonly shape: readonly number[];
}

/** Latitudes or longitudes that lie over dimensions of the variable, one value a place. */
function coordinateOver(
  view: FileView,
  path: string,
  shape: readonly number[],
  direction: AxisDirection,
): Coordinate | undefined {
  const group = groupOf(path);
  const named = attributeWords(view.attributes(path).coordinates).flatMap((name) =>
    view.resolve(name, group) ?? []
  );
  for (const candidate of new Set([...named, ...view.inGroup(group)])) {
    const { shape: own, dtype } = view.dataset(candidate);
    if (own.length < 1 || own.length > Math.min(3, shape.length) || !isNumeric(dtype)) continue;
    const kind = axisKind(baseName(candidate), view.attributes(candidate));
    if (kind.direction !== direction || kind.measure !== "degrees") continue;
    const axis = shape.findIndex((_, from) => own.every((size, i) => shape[from + i] === size));
    if (axis >= 0) return { path: candidate, axis, shape: own };
  }
  return undefined;
}

/** Latitudes and longitudes along some rows and columns; NaN where there are none. */
interface Lines {
  readonly rows: readonly {
    readonly at: number;
    readonly latitude: Float64Array;
    readonly longitude: Float64Array;
  }[];
  readonly columns: Lines["rows"];
  readonly single: boolean;
  /** Cells of the lines whose place is known, some of each. */
  readonly cells: readonly KnownCell[];
}

/** Shares of the rows and columns that are read: of places that lie all over the array. */
const SHARES = [0.1, 0.5, 0.9];

/** Rows of an array in one piece, past which its columns, a request a cell, are not read. */
const MOST_SCATTERED_ROWS = 1024;

/** Cells of one line that are looked at. */
const CELLS_OF_LINE = 16;

interface KnownLines {
  readonly lines: Lines;
  /** The named grid that the cells lie on. */
  readonly fitting: NamedGrid | undefined;
}

const known = new WeakMap<FileView, Map<string, KnownLines>>();

/** The lines of a pair of coordinates, which many variables share; read once a file. */
function linesOf(
  view: FileView,
  latitude: string,
  longitude: string,
  rows: number,
  columns: number,
): KnownLines {
  let ofFile = known.get(view);
  if (ofFile === undefined) known.set(view, ofFile = new Map());
  const key = `${latitude}\n${longitude}`;
  let found = ofFile.get(key);
  if (found === undefined) {
    const lines = readLines(view, latitude, longitude, rows, columns);
    const fitting = NAMED_GRIDS.find((grid) => fitNamedGrid(grid, lines.cells) !== null);
    ofFile.set(key, found = { lines, fitting });
  }
  return found;
}

function readLines(
  view: FileView,
  latitude: string,
  longitude: string,
  rows: number,
  columns: number,
): Lines {
  const line = (path: string, row: number, column: number, height: number, width: number) => {
    const outer = view.dataset(path).shape.slice(0, -2);
    const start = [...outer.map(() => 0), row, column];
    const count = [...outer.map(() => 1), height, width];
    const values = toCoordinate(view.dataset(path).readWindow(start, count), view.packing(path));
    return values.map((value) => Math.abs(value) <= 360 ? value : NaN);
  };
  const places = (cells: number) => [...new Set(SHARES.map((share) => Math.floor(share * (cells - 1))))];
  const alongRows = places(rows).map((at) => ({
    at,
    latitude: line(latitude, at, 0, 1, columns),
    longitude: line(longitude, at, 0, 1, columns),
  }));
  const scattered = view.dataset(latitude).chunks === null && rows > MOST_SCATTERED_ROWS;
  const alongColumns = scattered ? [] : places(columns).map((at) => ({
    at,
    latitude: line(latitude, 0, at, rows, 1),
    longitude: line(longitude, 0, at, rows, 1),
  }));
  const cells: KnownCell[] = [];
  const take = (of: Lines["rows"], place: (at: number, i: number) => { row: number; column: number }) => {
    for (const { at, latitude, longitude } of of) {
      const known = [...latitude.keys()].filter((i) =>
        Math.abs(latitude[i]) <= 90 && !Number.isNaN(longitude[i])
      );
      const step = Math.max(1, Math.floor(known.length / CELLS_OF_LINE));
      for (let k = 0; k < known.length; k += step) {
        const i = known[k];
        cells.push({ ...place(at, i), latitude: latitude[i], longitude: longitude[i] });
      }
    }
  };
  take(alongRows, (at, i) => ({ row: at, column: i }));
  take(alongColumns, (at, i) => ({ row: i, column: at }));
  const single = view.dataset(latitude).dtype.endsWith("f4");
  return { rows: alongRows, columns: alongColumns, single, cells };
}

/** The axes, where latitudes depend on the row alone and longitudes on the column alone, in equal steps. */
function regularDegrees({ rows, columns, single }: Lines): { x: Spacing; y: Spacing } | null {
  if (columns.length === 0) return null;
  const longitude = rows[0].longitude;
  const latitude = columns[0].latitude;
  if (longitude.length < 2 || latitude.length < 2) return null;
  const x = evenSpacing(longitude, single, true);
  const y = evenSpacing(latitude, single, true);
  if (!isSpacing(x) || !isSpacing(y)) return null;
  const same = (a: number, b: number, step: number) => Math.abs(a - b) <= 1e-3 * Math.abs(step);
  const straight = rows.every((row) =>
    row.longitude.every((value, i) => same(value, longitude[i], x.step)) &&
    row.latitude.every((value) => same(value, latitude[row.at], y.step))
  ) && columns.every((column) => column.latitude.every((value, i) => same(value, latitude[i], y.step)));
  return straight ? { x, y } : null;
}
