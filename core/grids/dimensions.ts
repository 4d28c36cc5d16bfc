/** The dimensions of a variable, by their names and coordinate variables: the ways in which files tell them. */
import { attributeWords } from "../hdf5/attribute_values.ts";
import type { Hdf5Dataset } from "../hdf5/contract.ts";
import { type AxisKind, axisKind } from "./axes.ts";
import { baseName, type FileView, groupOf } from "./file_view.ts";

export interface Dimension {
  /** Empty where nothing names it. */
  readonly name: string;
  readonly size: number;
  /** The path of its coordinate variable, of one dimension; undefined where it has none. */
  readonly coordinate: string | undefined;
  readonly kind: AxisKind;
}

const OTHER: AxisKind = { direction: "other", measure: "unknown" };

/**
 * The dimensions of the dataset at `path`: by `given` names (HDF-EOS5's DimList), by its dimension scales, by
 * attributes that list names, the first that answers for each; then the horizontal ones that are missing by
 * its `coordinates` attribute and by the sizes of what lies beside it.
 */
export function dimensionsOf(
  view: FileView,
  path: string,
  given: readonly string[] | undefined,
): Dimension[] {
  const dataset = view.dataset(path);
  const { shape } = dataset;
  const scales = given === undefined ? view.file.dimensionScales(path) ?? [] : [];
  const names = given ?? listedNames(dataset);
  const group = groupOf(path);
  const found = shape.map((size, axis): Dimension => {
    const attached = scales[axis]?.filter((scale) => scale !== path) ?? [];
    if (attached.length > 0) {
      const coordinate = attached.find((scale) => isCoordinate(view, scale, size));
      return dimension(view, baseName(coordinate ?? attached[0]), size, coordinate);
    }
    const name = names?.[axis];
    if (name === undefined) return { name: "", size, coordinate: undefined, kind: OTHER };
    const at = view.resolve(name, group);
    return dimension(
      view,
      baseName(name),
      size,
      at !== undefined && isCoordinate(view, at, size) ? at : undefined,
    );
  });
  return withNeighbours(view, path, withAuxiliary(view, path, found, scales));
}

function dimension(view: FileView, name: string, size: number, coordinate: string | undefined): Dimension {
  return {
    name,
    size,
    coordinate,
    kind: axisKind(name, coordinate === undefined ? {} : view.attributes(coordinate)),
  };
}

/** Whether `path` holds one coordinate for each of `size` places. */
function isCoordinate(view: FileView, path: string, size: number): boolean {
  const { shape } = view.dataset(path);
  return shape.length === 1 && shape[0] === size && view.isVariable(path);
}

/** Names of the dimensions in attributes of the products that do not use dimension scales. */
function listedNames(dataset: Hdf5Dataset): string[] | undefined {
  const attributes = dataset.attributes();
  for (const attribute of ["DimensionNames", "DIMENSION_LABELS", "dimensions", "_ARRAY_DIMENSIONS"]) {
    const value = attributes[attribute];
    const names = Array.isArray(value) && value.length === dataset.shape.length
      ? value.map(String)
      : attributeWords(value);
    if (names.length === dataset.shape.length) return names.map((name) => name.trim());
  }
  return undefined;
}

/** Dimensions without a coordinate of their own, by one-dimensional variables that `coordinates` names. */
function withAuxiliary(
  view: FileView,
  path: string,
  found: readonly Dimension[],
  scales: readonly (readonly string[])[],
): Dimension[] {
  const named = attributeWords(view.attributes(path).coordinates)
    .flatMap((name) => view.resolve(name, groupOf(path)) ?? []);
  const result = [...found];
  for (const candidate of named) {
    const { shape } = view.dataset(candidate);
    if (shape.length !== 1 || !view.isVariable(candidate)) continue;
    const kind = axisKind(baseName(candidate), view.attributes(candidate));
    if (kind.direction === "other") continue;
    const own = view.file.dimensionScales(candidate)?.[0]?.[0];
    const axes = result.flatMap(({ coordinate, size }, axis) => {
      if (coordinate !== undefined || size !== shape[0]) return [];
      return own === undefined || scales[axis] === undefined || scales[axis].includes(own) ? [axis] : [];
    });
    if (axes.length !== 1 || result.some((one) => one.coordinate === candidate)) continue;
    result[axes[0]] = { ...result[axes[0]], coordinate: candidate, kind };
  }
  return result;
}

/**
 * Horizontal dimensions that are still missing, by coordinates whose size fits one only: in the same group, or
 * in the nearest one around it that has some.
 */
function withNeighbours(view: FileView, path: string, found: readonly Dimension[]): Dimension[] {
  const result = [...found];
  for (const direction of ["x", "y"] as const) {
    if (result.some(({ kind }) => kind.direction === direction)) continue;
    let fits: { axis: number; coordinate: string; kind: AxisKind }[] = [];
    for (let group = groupOf(path); fits.length === 0; group = groupOf(group)) {
      fits = neighboursIn(view, group).filter(({ kind }) => kind.direction === direction)
        .flatMap(({ coordinate, size, kind }) =>
          result.flatMap((one, axis) => {
            const open = one.size === size && one.coordinate === undefined && one.kind.direction === "other";
            return open ? [{ axis, coordinate, kind }] : [];
          })
        );
      if (group === "/") break;
    }
    if (fits.length !== 1) continue;
    const [{ axis, coordinate, kind }] = fits;
    result[axis] = { name: baseName(coordinate), size: result[axis].size, coordinate, kind };
  }
  return result;
}

interface Neighbour {
  readonly coordinate: string;
  readonly size: number;
  readonly kind: AxisKind;
}

const neighbours = new WeakMap<FileView, Map<string, readonly Neighbour[]>>();

/** The horizontal coordinates of one dimension in a group. */
function neighboursIn(view: FileView, group: string): readonly Neighbour[] {
  let known = neighbours.get(view);
  if (known === undefined) neighbours.set(view, known = new Map());
  let found = known.get(group);
  if (found === undefined) {
    found = view.inGroup(group).flatMap((coordinate): Neighbour[] => {
      const { shape } = view.dataset(coordinate);
      if (shape.length !== 1 || !view.isVariable(coordinate)) return [];
      const kind = axisKind(baseName(coordinate), view.attributes(coordinate));
      return kind.direction === "x" || kind.direction === "y" ? [{ coordinate, size: shape[0], kind }] : [];
    });
    known.set(group, found);
  }
  return found;
}
