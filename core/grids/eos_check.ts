/** Holds what StructMetadata says of a grid's rows and columns against latitudes and longitudes in the grid. */
import { toCoordinate } from "../hdf5/values.ts";
import { axisKind } from "./axes.ts";
import { baseName, type FileView, isNumeric } from "./file_view.ts";
import { isFileFault } from "./hdf5_session.ts";
import { evenSpacing, isSpacing, type Spacing } from "./spacing.ts";
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
  const checked = (direction: "x" | "y", stated: Spacing, cells: number): Spacing => {
    for (const path of inGrid) {
      const kind = axisKind(baseName(path), view.attributes(path));
      if (kind.direction !== direction || kind.measure !== "degrees") continue;
      const found = spacingOf(view, path, direction, grid);
      if (found === undefined) continue;
      if (agrees(found, stated, cells)) return stated;
      const turned = { edge: stated.edge + cells * stated.step, step: -stated.step };
      notes.push(
        `StructMetadata puts the first ${direction === "y" ? "row" : "column"} at ${
          stated.edge + stated.step / 2
        }, ` +
          `${path} at ${found.edge + found.step / 2}: the latter is followed`,
      );
      return agrees(found, turned, cells) ? turned : found;
    }
    return stated;
  };
  return { x: checked("x", axes.x, grid.xDim), y: checked("y", axes.y, grid.yDim) };
}

/** Cells by which two ends may differ and still be meant as one: coordinates are often float32. */
const SAME_CELL = 0.01;

function agrees(a: Spacing, b: Spacing, cells: number): boolean {
  const off = Math.max(
    Math.abs(a.edge - b.edge),
    Math.abs(a.edge + cells * a.step - b.edge - cells * b.step),
  );
  return off <= SAME_CELL * Math.abs(b.step);
}

/** The steps of the latitudes or longitudes at `path`, carried over places that have no value. */
function spacingOf(
  view: FileView,
  path: string,
  direction: "x" | "y",
  grid: GridStructure,
): Spacing | undefined {
  const { shape, dtype } = view.dataset(path);
  const cells = direction === "y" ? grid.yDim : grid.xDim;
  const rank = shape.length;
  const line = rank === 1 && shape[0] === cells;
  const plane = rank === 2 && shape[0] === grid.yDim && shape[1] === grid.xDim;
  if (!isNumeric(dtype) || cells < 2 || (!line && !plane)) return undefined;
  const own = plane && direction === "x" ? 1 : 0;
  // A line at the edge first, where it costs least; the middle one where the edge has no values.
  for (const at of line ? [0] : [0, Math.floor(shape[1 - own] / 2)]) {
    const start = line ? [0] : own === 0 ? [0, at] : [at, 0];
    const count = line ? [cells] : own === 0 ? [cells, 1] : [1, cells];
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
    const known = values.subarray(first, last + 1);
    const step = (known[known.length - 1] - known[0]) / (known.length - 1);
    const filled = known.map((value, i) => Number.isFinite(value) ? value : known[0] + i * step);
    const spacing = evenSpacing(filled, dtype.endsWith("f4"), true);
    if (isSpacing(spacing)) return { edge: spacing.edge - first * spacing.step, step: spacing.step };
  }
  return undefined;
}
