/**
 * Places one variable: finds its axes, its coordinate reference system, its elements and its bands, or throws
 * NoGrid with the rule that refuses it.
 */
import { attributeNumbers } from "../hdf5/attribute_values.ts";
import { beyondDegrees } from "../raster/degree_range.ts";
import type { Affine } from "../raster/grid.ts";
import type { Attributes } from "./axes.ts";
import { dimensionsOf } from "./dimensions.ts";
import { elementRule, gridDtype, isLongInteger, withinRange } from "./elements.ts";
import { baseName, isNumeric } from "./file_view.ts";
import type { PlacedVariable } from "./hdf5_grid.ts";
import { orient } from "./orientation.ts";
import { placeCf } from "./place_cf.ts";
import { eosNames, eosStructure, placeEos } from "./place_eos.ts";
import type { PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";
import { variableBands } from "./variable_bands.ts";

/** Places the variable at `path`; 64-bit integers are yet to be looked through. Throws NoGrid. */
export function placeVariable(context: PlacingContext, path: string): PlacedVariable {
  const { view } = context;
  const dataset = view.dataset(path);
  const notes: string[] = [];
  if (/^\/HDFEOS\/SWATHS\//.test(path)) throw swath("it lies among the swaths of an HDF-EOS5 file");
  if (!isNumeric(dataset.dtype)) {
    throw new NoGrid("dtype", `its values are of ${dataset.dtype} (wanted integers or floats)`);
  }
  const { structure, given, dimensions } = variableDimensions(context, path);
  const placement = structure !== undefined && given !== undefined
    ? placeEos(context, structure, dimensions, notes)
    : placeCf(context, path, dimensions, notes);
  const { xAxis, yAxis, x, y, crs } = placement;
  const width = dataset.shape[xAxis];
  const height = dataset.shape[yAxis];
  const orientation = orient(x, y, width, height, crs.geographic);
  if (!orientation.affine.every(Number.isFinite)) {
    throw new NoGrid("no-axes", `its affine would be ${orientation.affine.join(", ")}`);
  }
  const beyond = crs.geographic ? beyondDegrees(orientation.affine, width, height) : null;
  if (beyond !== null) throw new NoGrid("no-crs", beyond);
  notes.push(...orientation.notes);
  const packing = view.gridPacking(path);
  const dtype = isLongInteger(packing.dtype) ? "float64" : gridDtype(packing.dtype);
  if (dtype === undefined) {
    throw new NoGrid("dtype", `its values are of ${packing.dtype} (wanted integers or floats)`);
  }
  notes.push(...packing.warnings, ...unfollowed(dataset.attributes()));
  const bandAxes = dimensions.map((_, axis) => axis).filter((axis) => axis !== xAxis && axis !== yAxis);
  const bands = variableBands(view, path, dimensions, bandAxes, packing, notes);
  const stated = elementRule(packing, dtype);
  const elements = context.mask === "valid_range" ? withinRange(stated, packing) : stated;
  if (elements.otherFills.length > 0 && !isLongInteger(packing.dtype)) {
    notes.push(`its marks of no value ${elements.otherFills.join(", ")} are read as ${elements.nodata}`);
  }
  if (elements.valid !== null) {
    const { least, most } = elements.valid;
    notes.push(
      `values outside of its valid range (${least} to ${most} as stored) are read as ${elements.nodata}`,
    );
  } else if (packing.valid !== null && elements.nodata === null) {
    const { min, max, physical } = packing.valid;
    notes.push(
      `it states a valid range (${min} to ${max}${
        physical ? " after unpacking" : ""
      }) and no mark of no value: ` +
        `values outside are kept`,
    );
  }
  return {
    name: path,
    affine: orientation.affine as Affine,
    crs,
    layout: {
      shape: dataset.shape,
      chunks: dataset.chunks,
      elementBytes: Number(dataset.dtype.slice(2)),
      xAxis,
      yAxis,
      bandAxes,
      orientation,
    },
    elements,
    bands,
    notes,
  };
}

/** The dimensions of the variable at `path`, by what its grid of HDF-EOS5 gives, if it lies in one. */
export function variableDimensions(context: PlacingContext, path: string) {
  const { view } = context;
  const structure = eosStructure(context, path);
  const given = structure?.fields.get(baseName(path)) ?? eosNames(structure, view.dataset(path).shape);
  return { structure, given, dimensions: dimensionsOf(view, path, given) };
}

/** A note on scaling that is stated in words whose formula products do not agree on. */
function unfollowed(attributes: Attributes): string[] {
  const stated = [["ScaleFactor", 1], ["Offset", 0]] as const;
  return stated.flatMap(([name, none]) => {
    const [value = none] = attributeNumbers(attributes[name]);
    return value === none
      ? []
      : [`its attribute ${name} (${value}) is not followed: values are as they are stored`];
  });
}

function swath(what: string): NoGrid {
  return new NoGrid(
    "swath",
    `${what}: its cells lie along an orbit, not in rows and columns of a map (bin it to cells with granary ` +
      `aggregate)`,
  );
}
