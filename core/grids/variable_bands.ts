/** The bands of a variable: steps of the dimensions that are not horizontal, by time where they have one. */
import { attributeText } from "../hdf5/attribute_values.ts";
import { toCoordinate } from "../hdf5/values.ts";
import type { GridBand } from "../raster/grid.ts";
import { momentOf, momentText, timeScale } from "./calendar_time.ts";
import type { Dimension } from "./dimensions.ts";
import { baseName, type FileView, isNumeric, isText } from "./file_view.ts";
import { formatNumberOf } from "../units.ts";
import { NoGrid } from "./refusal.ts";
import { indicesOf } from "./stored_window.ts";

/** Bands of one variable; an hourly year of 30 levels has four times as many, and is no matter of one file. */
const MOST_BANDS = 65_536;

/** One place along a dimension: its name, and its moment where it is one of time. */
interface Step {
  readonly name: string;
  readonly time: number | null;
}

/** The bands over `axes` of `dimensions`, the last varying fastest. Throws NoGrid where they are too many. */
export function variableBands(
  view: FileView,
  path: string,
  dimensions: readonly Dimension[],
  axes: readonly number[],
  values: { readonly scale: number; readonly offset: number },
  notes: string[],
): GridBand[] {
  const shape = dimensions.map(({ size }) => size);
  const count = axes.reduce((product, axis) => product * shape[axis], 1);
  if (count > MOST_BANDS || count === 0) {
    throw new NoGrid(
      "bands",
      `its further dimensions have ${count} steps together (wanted 1 to ${MOST_BANDS}: cut the file, as with ` +
        `ncks -d)`,
    );
  }
  const attributes = view.attributes(path);
  const unit = attributeText(attributes.units ?? attributes.Units) || null;
  const description = attributeText(attributes.long_name ?? attributes.Title ?? attributes.LongName) || null;
  const steps = axes.map((axis) => stepsOf(view, dimensions[axis], axis, notes));
  const scalar = axes.some((axis) => dimensions[axis].kind.direction === "time")
    ? null
    : scalarTime(view, path, notes);
  return Array.from({ length: count }, (_, band): GridBand => {
    const at = indicesOf(band, shape, axes);
    const own = axes.map((axis, i) => steps[i][at[axis]]);
    const time = own.find((step) => step.time !== null)?.time ?? scalar?.time ?? null;
    const name = own.map((step) => step.name).join(",") || scalar?.name || "b1";
    return { name, description, scale: values.scale, offset: values.offset, unit, time };
  });
}

function stepsOf(view: FileView, dimension: Dimension, axis: number, notes: string[]): Step[] {
  const { size, coordinate } = dimension;
  const name = dimension.name || `dim${axis}`;
  if (coordinate === undefined) {
    return Array.from({ length: size }, (_, i) => ({ name: `${name}=${i}`, time: null }));
  }
  const dataset = view.dataset(coordinate);
  if (isText(dataset.dtype)) {
    return dataset.readText().map((value) => ({ name: `${name}=${value.trim()}`, time: null }));
  }
  if (!isNumeric(dataset.dtype)) {
    return Array.from({ length: size }, (_, i) => ({ name: `${name}=${i}`, time: null }));
  }
  return momentsOf(view, coordinate, name, notes);
}

const known = new WeakMap<FileView, Map<string, { readonly steps: Step[]; readonly notes: string[] }>>();

/** A coordinate's values as steps, decoded where it is time; read once a file. */
function momentsOf(view: FileView, path: string, name: string, notes: string[]): Step[] {
  let ofFile = known.get(view);
  if (ofFile === undefined) known.set(view, ofFile = new Map());
  const key = `${name} ${path}`;
  let found = ofFile.get(key);
  if (found === undefined) {
    const own: string[] = [];
    ofFile.set(key, found = { steps: readMoments(view, path, name, own), notes: own });
  }
  notes.push(...found.notes);
  return found.steps;
}

function readMoments(view: FileView, path: string, name: string, notes: string[]): Step[] {
  const dataset = view.dataset(path);
  const attributes = dataset.attributes();
  const units = attributeText(attributes.units ?? attributes.Units);
  const scale = /\bsince\b/i.test(units) ? timeScale(units, attributeText(attributes.calendar)) : undefined;
  const calendar = attributeText(attributes.calendar);
  if (scale === undefined && /\bsince\b|\bas %/i.test(units)) {
    notes.push(`${path} is in "${units}"${calendar && ` of the calendar ${calendar}`}, which is not decoded`);
  }
  const count = dataset.shape.length === 0 ? 1 : dataset.shape[0];
  const values = toCoordinate(dataset.read(0, count), view.packing(path));
  const steps = Array.from(values, (value): Step => {
    const time = scale === undefined ? null : momentOf(scale, value);
    return { name: `${name}=${time === null ? String(value) : momentText(time)}`, time };
  });
  const without = scale === undefined ? 0 : steps.filter(({ time }) => time === null).length;
  if (without > 0) {
    notes.push(
      `${formatNumberOf(without, "step")} of ${path} ${
        without === 1 ? "has" : "have"
      } no moment: no number, or ` +
        `a day that the Gregorian calendar does not have`,
    );
  }
  return steps;
}

/** The moment of a variable without a dimension of time, by a scalar that its `coordinates` names. */
function scalarTime(view: FileView, path: string, notes: string[]): Step | null {
  const named = attributeText(view.attributes(path).coordinates).split(/\s+/);
  for (const name of named) {
    const at = name === "" ? undefined : view.resolve(name, path.slice(0, path.lastIndexOf("/")) || "/");
    if (at === undefined) continue;
    const { shape, dtype } = view.dataset(at);
    const one = shape.every((size) => size === 1) && shape.length <= 1 && isNumeric(dtype);
    if (!one || !/\bsince\b/i.test(attributeText(view.attributes(at).units))) continue;
    const [step] = momentsOf(view, at, baseName(at), notes);
    if (step.time !== null) return step;
  }
  return null;
}
