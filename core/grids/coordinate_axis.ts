/** The steps of a coordinate variable: by its bounds, else by its centres. */
import { attributeText } from "../hdf5/attribute_values.ts";
import { toCoordinate } from "../hdf5/values.ts";
import { factorTo } from "./axes.ts";
import { type FileView, groupOf, isNumeric } from "./file_view.ts";
import { isFileFault } from "./hdf5_session.ts";
import { NoGrid } from "./refusal.ts";
import { evenBounds, evenSpacing, isSpacing, type Spacing, type Unevenness } from "./spacing.ts";

/** An axis as its coordinate variable gives it. */
export interface CoordinateAxis {
  /** Undefined where the axis has one cell and nothing says how wide it is. */
  readonly spacing: Spacing | undefined;
  /** The centre of the first cell. */
  readonly first: number;
  readonly notes: readonly string[];
}

/** Coordinates on one axis; more than any grid has. */
const MOST_CELLS = 1 << 24;

/**
 * Reads the axis of the coordinate variable at `path`, in degrees or in units of `metres` metres. Throws NoGrid
 * where its steps are not equal.
 */
export function readCoordinateAxis(
  view: FileView,
  path: string,
  degrees: boolean,
  metres: number,
): CoordinateAxis {
  const dataset = view.dataset(path);
  const cells = dataset.shape[0];
  const attributes = dataset.attributes();
  if (!isNumeric(dataset.dtype) || cells > MOST_CELLS || cells === 0) {
    throw new NoGrid(
      "no-axes",
      `its coordinate ${path} holds ${cells} values of ${dataset.dtype} (wanted the numbers of an axis)`,
    );
  }
  const factor = degrees ? 1 : factorTo(metres, attributes);
  const centres = scaled(numbers(view, path), factor);
  const single = dataset.dtype.endsWith("f4");
  const notes: string[] = [];
  const bounds = readBounds(view, path, attributeText(attributes.bounds));
  if (bounds !== undefined) {
    const spacing = evenBounds(
      scaled(bounds.lower, factor),
      scaled(bounds.upper, factor),
      bounds.single,
      degrees,
    );
    if (isSpacing(spacing) && holds(spacing, centres)) return { spacing, first: centres[0], notes };
    notes.push(`the bounds ${bounds.path} do not fit ${path}: its centres are followed`);
  }
  if (cells === 1) return { spacing: undefined, first: centres[0], notes };
  const spacing = evenSpacing(centres, single, degrees);
  if (!isSpacing(spacing)) {
    const turned = degrees ? evenSpacing(unwrapped(centres), single, degrees) : spacing;
    if (isSpacing(turned)) return { spacing: turned, first: centres[0], notes };
    throw uneven(path, spacing, degrees);
  }
  return { spacing, first: centres[0], notes };
}

function numbers(view: FileView, path: string): Float64Array {
  try {
    return toCoordinate(view.dataset(path).read(0, view.dataset(path).shape[0]), view.packing(path));
  } catch (error) {
    if (!isFileFault(error)) throw error;
    throw new NoGrid("damaged", `its coordinate cannot be read: ${error.message}`);
  }
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return factor === 1 ? values : values.map((value) => value * factor);
}

/** Longitudes that jump from one side of the antimeridian to the other, as ones that run on. */
function unwrapped(centres: Float64Array): Float64Array {
  let turns = 0;
  return centres.map((value, i) => {
    if (i > 0) turns -= Math.round((value - centres[i - 1]) / 360);
    return value + 360 * turns;
  });
}

interface Bounds {
  readonly path: string;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly single: boolean;
}

function readBounds(view: FileView, of: string, name: string): Bounds | undefined {
  const path = name === "" ? undefined : view.resolve(name, groupOf(of));
  if (path === undefined) return undefined;
  const { shape, dtype } = view.dataset(path);
  const cells = view.dataset(of).shape[0];
  if (shape.length !== 2 || shape[0] !== cells || shape[1] !== 2 || !isNumeric(dtype)) return undefined;
  const both = numbers(view, path);
  return {
    path,
    lower: Float64Array.from({ length: cells }, (_, i) => both[2 * i]),
    upper: Float64Array.from({ length: cells }, (_, i) => both[2 * i + 1]),
    single: dtype.endsWith("f4"),
  };
}

/** Whether the first and the last centre lie in the cells that the bounds give them. */
function holds({ edge, step }: Spacing, centres: Float64Array): boolean {
  return [0, centres.length - 1].every((i) => {
    const place = (centres[i] - edge) / step - i;
    return place > -0.01 && place < 1.01;
  });
}

function uneven(path: string, { index, found, wanted }: Unevenness, degrees: boolean): NoGrid {
  const step = Number.isNaN(wanted)
    ? `all of its values are one (${found} apart)`
    : Number.isFinite(found)
    ? `the step to index ${index} is ${short(found)}, of others ${short(wanted)}`
    : `it has no number at index ${index}`;
  return new NoGrid(
    "uneven",
    `its coordinate ${path} is not evenly spaced: ${step} (${
      degrees ? "a Gaussian or a curvilinear grid; " : ""
    }wanted equal steps: regrid the file first, as with cdo remapbil)`,
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}
