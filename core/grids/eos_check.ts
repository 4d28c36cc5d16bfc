/** Holds what StructMetadata says of a grid's rows and columns against latitudes and longitudes in the grid. */
import { toCoordinate } from "../hdf5/values.ts";
import { axisKind } from "./axes.ts";
import { baseName, type FileView, isNumeric } from "./file_view.ts";
import { isFileFault } from "./hdf5_session.ts";
import type { Spacing } from "./spacing.ts";
import type { GridStructure } from "./struct_metadata.ts";

interface Axes {
  readonly x: Spacing;
  readonly y: Spacing;
}

/**
 * The axes as the grid's own latitudes and longitudes have them, with a note where they contradict
 * StructMetadata; as given where it has none or they do not tell.
 */
export function checkEosRows(view: FileView, grid: GridStructure, axes: Axes, notes: string[]): Axes {
  const inGrid = [`/HDFEOS/GRIDS/${grid.name}`, `/HDFEOS/GRIDS/${grid.name}/Data Fields`]
    .flatMap((group) => [...view.inGroup(group)]);
  const turned = (direction: "x" | "y", axis: Spacing, cells: number): Spacing => {
    for (const path of inGrid) {
      const kind = axisKind(baseName(path), view.attributes(path));
      if (kind.direction !== direction || kind.measure !== "degrees") continue;
      const ends = endsOf(view, path, direction, grid);
      if (ends === undefined) continue;
      const stated = axis.edge + axis.step / 2;
      const other = axis.edge + (cells - 0.5) * axis.step;
      const [near, far] = [Math.abs(ends - stated), Math.abs(ends - other)];
      if (near <= far) return axis;
      notes.push(
        `StructMetadata puts the first ${
          direction === "y" ? "row" : "column"
        } at ${stated}, ${path} at ${ends}: ` +
          `the latter is followed`,
      );
      return { edge: axis.edge + cells * axis.step, step: -axis.step };
    }
    return axis;
  };
  return { x: turned("x", axes.x, grid.xDim), y: turned("y", axes.y, grid.yDim) };
}

/** The coordinate of the first row or column, carried over from the nearest one that has a value. */
function endsOf(view: FileView, path: string, direction: "x" | "y", grid: GridStructure): number | undefined {
  const { shape, dtype } = view.dataset(path);
  if (!isNumeric(dtype)) return undefined;
  const cells = direction === "y" ? grid.yDim : grid.xDim;
  const rank = shape.length;
  const own = rank === 1 && shape[0] === cells
    ? 0
    : rank === 2 && shape[0] === grid.yDim && shape[1] === grid.xDim
    ? direction === "y" ? 0 : 1
    : undefined;
  if (own === undefined || cells < 2) return undefined;
  // A line at the edge first, where it costs least; the middle one where the edge has no values.
  const lines = rank === 1 ? [0] : [0, Math.floor(shape[1 - own] / 2)];
  for (const line of lines) {
    const start = rank === 1 ? [0] : own === 0 ? [0, line] : [line, 0];
    const count = rank === 1 ? [cells] : own === 0 ? [cells, 1] : [1, cells];
    let values: Float64Array;
    try {
      values = toCoordinate(view.dataset(path).readWindow(start, count), view.packing(path));
    } catch (error) {
      if (isFileFault(error)) return undefined;
      throw error;
    }
    const first = values.findIndex(Number.isFinite);
    const last = values.findLastIndex(Number.isFinite);
    if (first < 0 || first === last) continue;
    const step = (values[last] - values[first]) / (last - first);
    return Number((values[first] - first * step).toPrecision(7));
  }
  return undefined;
}
