/**
 * Places one variable: finds its axes, its coordinate reference system and its bands, or throws NoGrid with
 * the rule that refuses it.
 */
import { attributeNumbers } from "../hdf5/attribute_values.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import type { Affine, Crs } from "../raster/grid.ts";
import type { Attributes } from "./axes.ts";
import { type CoordinateAxis, readCoordinateAxis } from "./coordinate_axis.ts";
import { placeByLatitudes } from "./curvilinear.ts";
import { type Dimension, dimensionsOf } from "./dimensions.ts";
import { elementRule, gridDtype, isLongInteger } from "./elements.ts";
import type { NamedGrid } from "./ease_grids.ts";
import { eosCrs, type EosPlacement, eosPlacement } from "./eos_placement.ts";
import { baseName, type FileView, isNumeric } from "./file_view.ts";
import type { PlacedVariable } from "./hdf5_grid.ts";
import { orient } from "./orientation.ts";
import { checkEosRows } from "./eos_check.ts";
import { NoGrid } from "./refusal.ts";
import type { Spacing } from "./spacing.ts";
import type { GridStructure } from "./struct_metadata.ts";
import { variableBands } from "./variable_bands.ts";
import { gridMapping, mappingCrs, statedTransform } from "./variable_crs.ts";

/** What is known before the variables are looked at. */
export interface PlacingContext {
  readonly view: FileView;
  /** Grids of HDF-EOS5 by name. */
  readonly structures: ReadonlyMap<string, GridStructure>;
  /** The user's word, which goes before the file's. */
  readonly crs: Crs | null;
  /** The named grid that variables with latitudes of two dimensions are on, by the user's word. */
  readonly grid: NamedGrid | null;
  /** Axes that were read already, by the coordinate's path. */
  readonly axes: Map<string, CoordinateAxis | NoGrid>;
  /** Grids of HDF-EOS5 that were placed already. */
  readonly placed: Map<GridStructure, { readonly place: EosPlacement; readonly crs: Crs } | NoGrid>;
}

/** The axes of a variable as they are stored, and the system that they are in. */
interface Placement {
  readonly xAxis: number;
  readonly yAxis: number;
  readonly x: Spacing;
  readonly y: Spacing;
  readonly crs: Crs;
}

/** Places the variable at `path`; 64-bit integers are yet to be looked through. Throws NoGrid. */
export function placeVariable(context: PlacingContext, path: string): PlacedVariable {
  const { view } = context;
  const dataset = view.dataset(path);
  const notes: string[] = [];
  if (/^\/HDFEOS\/SWATHS\//.test(path)) throw swath("it lies among the swaths of an HDF-EOS5 file");
  if (!isNumeric(dataset.dtype)) {
    throw new NoGrid("dtype", `its values are of ${dataset.dtype} (wanted integers or floats)`);
  }
  const structure = eosStructure(context, path);
  const given = structure?.fields.get(baseName(path)) ?? eosNames(structure, dataset.shape);
  const dimensions = dimensionsOf(view, path, given);
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
  if (crs.geographic) checkDegrees(orientation.affine, width, height);
  notes.push(...orientation.notes);
  const packing = view.gridPacking(path);
  const dtype = isLongInteger(packing.dtype) ? "float64" : gridDtype(packing.dtype);
  if (dtype === undefined) {
    throw new NoGrid("dtype", `its values are of ${packing.dtype} (wanted integers or floats)`);
  }
  notes.push(...packing.warnings, ...unfollowed(dataset.attributes()));
  const bandAxes = dimensions.map((_, axis) => axis).filter((axis) => axis !== xAxis && axis !== yAxis);
  const bands = variableBands(view, path, dimensions, bandAxes, packing, notes);
  const elements = elementRule(packing, dtype);
  if (elements.otherFills.length > 0 && !isLongInteger(packing.dtype)) {
    notes.push(`its marks of no value ${elements.otherFills.join(", ")} are read as ${elements.nodata}`);
  }
  if (packing.valid !== null && elements.nodata === null) {
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

/** A note on scaling that is stated in words whose formula products do not agree on. */
function unfollowed(attributes: Attributes): string[] {
  const told = [["ScaleFactor", 1], ["Offset", 0]] as const;
  return told.flatMap(([name, none]) => {
    const [value = none] = attributeNumbers(attributes[name]);
    return value === none
      ? []
      : [`its attribute ${name} (${value}) is not followed: values are as they are stored`];
  });
}

/** Throws NoGrid where the axes are no degrees, whatever the file says: lengths under a mapping of degrees. */
function checkDegrees([dx, , west, , dy, north]: Affine, width: number, height: number): void {
  const south = north + height * dy;
  const east = west + width * dx;
  // Cells at the poles may be centred on them.
  if (north <= 90 - dy && south >= -90 + dy && west >= -360 - dx && east <= 720 + dx) return;
  throw new NoGrid(
    "no-crs",
    `its axes go from ${west} to ${east} and from ${south} to ${north}, which are no longitudes and latitudes ` +
      `(name the reference system that they are in, as crs: EPSG:…)`,
  );
}

function swath(what: string): NoGrid {
  return new NoGrid(
    "swath",
    `${what}: its cells lie along an orbit, not in rows and columns of a map (bin it to cells with granary ` +
      `aggregate)`,
  );
}

/** The HDF-EOS5 grid that the path lies in. */
function eosStructure({ structures }: PlacingContext, path: string): GridStructure | undefined {
  const name = /^\/HDFEOS\/GRIDS\/([^/]+)\//.exec(path)?.[1];
  return name === undefined ? undefined : structures.get(name);
}

/** Dimensions of a field that StructMetadata does not list, by their sizes. */
function eosNames(structure: GridStructure | undefined, shape: readonly number[]): string[] | undefined {
  if (structure === undefined) return undefined;
  const { xDim, yDim } = structure;
  const names = shape.map((size, axis) => size === yDim ? "YDim" : size === xDim ? "XDim" : `dim${axis}`);
  const once = (name: string) => names.filter((one) => one === name).length === 1;
  if (xDim !== yDim) return once("XDim") && once("YDim") ? names : undefined;
  return shape.length === 2 && shape[0] === yDim && shape[1] === xDim ? ["YDim", "XDim"] : undefined;
}

function placeEos(
  context: PlacingContext,
  structure: GridStructure,
  dimensions: readonly Dimension[],
  notes: string[],
): Placement {
  const xAxis = dimensions.findIndex(({ name }) => name === "XDim");
  const yAxis = dimensions.findIndex(({ name }) => name === "YDim");
  if (xAxis < 0 || yAxis < 0) {
    throw new NoGrid(
      "no-axes",
      `StructMetadata gives it the dimensions ${
        dimensions.map(({ name }) => name).join(", ")
      } (wanted XDim and YDim)`,
    );
  }
  const { xDim, yDim } = structure;
  if (dimensions[xAxis].size !== xDim || dimensions[yAxis].size !== yDim) {
    throw new NoGrid(
      "damaged",
      `it has ${dimensions[xAxis].size} columns and ${
        dimensions[yAxis].size
      } rows, StructMetadata says ${xDim} ` +
        `and ${yDim}`,
    );
  }
  const { place, crs } = eosOf(context, structure);
  notes.push(...place.notes);
  return { xAxis, yAxis, x: place.x, y: place.y, crs };
}

/** The place of all fields of a grid, with what was noted on the way. */
function eosOf(context: PlacingContext, structure: GridStructure): { place: EosPlacement; crs: Crs } {
  const known = context.placed.get(structure);
  if (known instanceof NoGrid) throw known;
  if (known !== undefined) return known;
  try {
    const stated = eosPlacement(structure);
    const system = context.crs === null ? eosCrs(structure) : { crs: context.crs, notes: [] };
    const notes = [...stated.notes, ...system.notes];
    const axes = stated.degrees ? checkEosRows(context.view, structure, stated, notes) : stated;
    const found = { place: { ...axes, degrees: stated.degrees, notes }, crs: system.crs };
    context.placed.set(structure, found);
    return found;
  } catch (error) {
    if (error instanceof NoGrid) context.placed.set(structure, error);
    throw error;
  }
}

function placeCf(
  context: PlacingContext,
  path: string,
  dimensions: readonly Dimension[],
  notes: string[],
): Placement {
  const { view } = context;
  const xAxis = dimensions.findIndex(({ kind }) => kind.direction === "x");
  const yAxis = dimensions.findIndex(({ kind }) => kind.direction === "y");
  const both = [dimensions[xAxis], dimensions[yAxis]];
  const rotated = both.find((one) => one?.kind.measure === "rotated");
  if (rotated !== undefined) {
    throw new NoGrid(
      "rotated",
      `its axis ${rotated.name} counts degrees of a rotated pole, which granary does not place (warp the file ` +
        `first, as with cdo remapbil)`,
    );
  }
  const angle = both.find((one) => one?.kind.measure === "angle");
  if (angle !== undefined) {
    throw new NoGrid(
      "geostationary",
      `its axis ${angle.name} is an angle seen from a satellite (warp the file first, as with gdalwarp -t_srs ` +
        `EPSG:4326)`,
    );
  }
  const coordinates = both.flatMap((one) => one?.coordinate ?? []);
  const mapping = gridMapping(view, path, coordinates, notes);
  const degreesByAxes = both.some((one) => one?.kind.measure === "degrees");
  const mapped = mapping === undefined || context.crs !== null ? undefined : mappingCrs(mapping);
  if (xAxis < 0 || yAxis < 0 || coordinates.length < 2) {
    const stated = xAxis >= 0 && yAxis >= 0 && mapping !== undefined
      ? statedTransform(mapping.attributes)
      : undefined;
    const crs = context.crs ?? mapped?.crs;
    if (stated === undefined || crs === undefined || mapping === undefined) {
      return placeByLatitudes(view, path, dimensions, context.grid, notes);
    }
    notes.push(
      ...mapped?.notes ?? [],
      `its axes have no coordinates: the GeoTransform of ${mapping.path} is followed`,
    );
    return {
      xAxis,
      yAxis,
      x: { edge: stated.west, step: stated.dx },
      y: { edge: stated.north, step: stated.dy },
      crs,
    };
  }
  let crs = context.crs ?? mapped?.crs;
  if (crs !== undefined && context.crs === null && degreesByAxes && !crs.geographic) {
    notes.push(
      `its axes are degrees, the grid mapping ${mapping?.path} is ${crs.name}: the axes are followed`,
    );
    crs = crsOfCode("EPSG:4326");
  } else notes.push(...mapped?.notes ?? []);
  if (crs === undefined) {
    if (!degreesByAxes) return placeByLatitudes(view, path, dimensions, context.grid, notes);
    notes.push("no grid mapping is stated: degrees are taken as those of WGS 84");
    crs = crsOfCode("EPSG:4326");
  }
  const xRead = axisOf(context, coordinates[0], crs.geographic);
  const yRead = axisOf(context, coordinates[1], crs.geographic);
  notes.push(...xRead.notes, ...yRead.notes);
  const { x, y } = squared(xRead, yRead, coordinates, notes);
  const stated = mapping === undefined ? undefined : statedTransform(mapping.attributes);
  if (stated !== undefined) compare(stated, x, y, dimensions[xAxis].size, dimensions[yAxis].size, notes);
  return { xAxis, yAxis, x, y, crs };
}

function axisOf(context: PlacingContext, path: string, degrees: boolean): CoordinateAxis {
  const key = `${degrees ? "degrees" : "lengths"} ${path}`;
  let axis = context.axes.get(key);
  if (axis === undefined) {
    try {
      axis = readCoordinateAxis(context.view, path, degrees);
    } catch (error) {
      if (!(error instanceof NoGrid)) throw error;
      axis = error;
    }
    context.axes.set(key, axis);
  }
  if (axis instanceof NoGrid) throw axis;
  return axis;
}

/** An axis of one cell without bounds takes the other's step: cells are square more often than not. */
function squared(
  x: CoordinateAxis,
  y: CoordinateAxis,
  paths: readonly string[],
  notes: string[],
): { x: Spacing; y: Spacing } {
  if (x.spacing !== undefined && y.spacing !== undefined) return { x: x.spacing, y: y.spacing };
  const step = Math.abs(x.spacing?.step ?? y.spacing?.step ?? NaN);
  if (Number.isNaN(step)) {
    throw new NoGrid(
      "uneven",
      `${
        paths.join(" and ")
      } hold one cell, and nothing says how large it is (wanted bounds of the coordinates)`,
    );
  }
  notes.push(
    `${
      x.spacing === undefined ? paths[0] : paths[1]
    } holds one cell: it is taken as ${step} wide, as the other axis`,
  );
  return {
    x: x.spacing ?? { edge: x.first - step / 2, step },
    y: y.spacing ?? { edge: y.first + step / 2, step: -step },
  };
}

/** Cells, past which a GeoTransform contradicts the coordinates. */
const TRANSFORM_TOLERANCE = 1e-3;

/** A warning where GDAL's GeoTransform says another place than the coordinates. */
function compare(
  stated: NonNullable<ReturnType<typeof statedTransform>>,
  x: Spacing,
  y: Spacing,
  width: number,
  height: number,
  notes: string[],
): void {
  const west = Math.min(x.edge, x.edge + width * x.step);
  const north = Math.max(y.edge, y.edge + height * y.step);
  const statedWest = Math.min(stated.west, stated.west + width * stated.dx);
  const statedNorth = Math.max(stated.north, stated.north + height * stated.dy);
  const off = Math.max(
    Math.abs(west - statedWest) / Math.abs(x.step),
    Math.abs(north - statedNorth) / Math.abs(y.step),
  );
  if (!(off > TRANSFORM_TOLERANCE)) return;
  notes.push(
    `its GeoTransform begins at (${statedWest}, ${statedNorth}), its coordinates at (${west}, ${north}): the ` +
      `coordinates are followed`,
  );
}
