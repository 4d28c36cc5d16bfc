/** The dimensions of a file's grids and their coordinates, by the names that netCDF's readers give them. */
import { attributeWords } from "../hdf5/attribute_values.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toCoordinate } from "../hdf5/values.ts";
import type { FileAxes, FileCoordinate } from "../raster/grid.ts";
import { axisKind } from "./axes.ts";
import type { Dimension } from "./dimensions.ts";
import { dtypeName } from "./elements.ts";
import { baseName, type FileView, groupOf, isNumeric } from "./file_view.ts";
import { type Hdf5Session, isFileFault } from "./hdf5_session.ts";

/** Coordinates of more elements are named, and not looked through for the least and the most. */
const MOST_ELEMENTS = 1 << 22;

/** A grid's variable with the dimensions by which it was placed. */
interface PlacedDimensions {
  readonly path: string;
  readonly dimensions: readonly Dimension[];
}

/** Sizes by names, and coordinates: of the dimensions first, then those that the variables name. */
export async function fileAxes(
  session: Hdf5Session,
  view: FileView,
  variables: readonly PlacedDimensions[],
  signal?: AbortSignal,
): Promise<FileAxes> {
  const dimensions = variables.flatMap((one) => one.dimensions).filter(({ name }) => name !== "");
  const named = await session.run(
    () => variables.flatMap(({ path }) => namedCoordinates(view, path)),
    signal,
  );
  const own = dimensions.flatMap(({ coordinate }) => coordinate ?? []);
  const coordinates: FileCoordinate[] = [];
  for (const path of new Set([...own, ...named])) {
    coordinates.push(await session.run(() => coordinateAt(view, path), signal));
  }
  return {
    dimensions: byName(dimensions.map(({ name, size, coordinate }) => ({
      name,
      path: coordinate ?? name,
      value: size,
    }))),
    coordinates: byName(
      coordinates.map((value) => ({ name: baseName(value.path), path: value.path, value })),
    ),
  };
}

/** By the bare names; what another thing of that name has already is named by its path. */
function byName<T>(items: readonly { name: string; path: string; value: T }[]): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const { name, path, value } of items) {
    const known = found.get(name);
    found.set(known === undefined || known === value ? name : path.replace(/^\//, ""), value);
  }
  return found;
}

/** Paths of what the variable's `coordinates` and `grid_mapping` name. */
function namedCoordinates(view: FileView, path: string): string[] {
  const { coordinates, grid_mapping } = view.attributes(path);
  return [...attributeWords(coordinates), ...attributeWords(grid_mapping)].flatMap((word) => {
    const at = view.resolve(word.replace(/:$/, ""), groupOf(path));
    return at === undefined || !isNumeric(view.dataset(at).dtype) ? [] : [at];
  });
}

/** Marks of no value are those of attributes: the default that a library fills with is a number of a grid mapping. */
function statedPacking(view: FileView, path: string): Packing {
  const { _FillValue, missing_value } = view.attributes(path);
  const packing = view.packing(path);
  return _FillValue === undefined && missing_value === undefined ? { ...packing, fills: [] } : packing;
}

function coordinateAt(view: FileView, path: string): FileCoordinate {
  const { shape, dtype } = view.dataset(path);
  const size = shape.reduce((product, length) => product * length, 1);
  const kind = axisKind(baseName(path), view.attributes(path));
  if (kind.direction === "time") return { path, size, dtype: "datetime64[ns]", least: null, most: null };
  try {
    const packing = statedPacking(view, path);
    const packed = packing.scale !== 1 || packing.offset !== 0;
    const name = packed ? "float64" : dtypeName(packing.dtype);
    if (!isNumeric(dtype) || size > MOST_ELEMENTS) {
      return { path, size, dtype: name, least: null, most: null };
    }
    const raw = view.dataset(path).readWindow(shape.map(() => 0), shape);
    let [least, most] = [Infinity, -Infinity];
    for (const value of toCoordinate(raw, packing)) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return {
      path,
      size,
      dtype: name,
      least: Number.isFinite(least) ? least : null,
      most: Number.isFinite(most) ? most : null,
    };
  } catch (error) {
    if (!isFileFault(error)) throw error;
    return { path, size, dtype: dtypeName(dtype), least: null, most: null };
  }
}
