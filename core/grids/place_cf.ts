/** Places variables by their coordinate variables and grid mapping (CF conventions, sections 4 and 5). */
import { crsOfCode } from "../raster/crs/codes.ts";
import { linearUnit, parseParameters } from "../raster/crs/parameters.ts";
import type { Crs } from "../raster/grid.ts";
import { type CoordinateAxis, readCoordinateAxis } from "./coordinate_axis.ts";
import { placeByLatitudes } from "./curvilinear.ts";
import type { Dimension } from "./dimensions.ts";
import { placeByHeader } from "./grid_header.ts";
import type { Placement, PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";
import type { Spacing } from "./spacing.ts";
import { gridMapping, mappingCrs, statedTransform } from "./variable_crs.ts";

/** The place of the variable at `path` with these dimensions. Throws NoGrid. */
export function placeCf(
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
      const byHeader = placeByHeader(context, path, dimensions, notes);
      if (byHeader !== undefined) return byHeader;
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
  if (context.crs !== null && degreesByAxes && !context.crs.geographic) {
    notes.push(`its axes are stated in degrees, and taken as those of ${context.crs.name}, as was asked`);
  }
  if (crs === undefined) {
    if (!degreesByAxes) return placeByLatitudes(view, path, dimensions, context.grid, notes);
    notes.push("no grid mapping is stated: degrees are taken as those of WGS 84");
    crs = crsOfCode("EPSG:4326");
  }
  const xRead = axisOf(context, coordinates[0], crs);
  const yRead = axisOf(context, coordinates[1], crs);
  notes.push(...xRead.notes, ...yRead.notes);
  const { x, y } = squared(xRead, yRead, coordinates, notes);
  const stated = mapping === undefined ? undefined : statedTransform(mapping.attributes);
  if (stated !== undefined) compare(stated, x, y, dimensions[xAxis].size, dimensions[yAxis].size, notes);
  return { xAxis, yAxis, x, y, crs };
}

function axisOf(context: PlacingContext, path: string, crs: Crs): CoordinateAxis {
  const { metres } = linearUnit(parseParameters(crs.proj4));
  const key = `${crs.geographic ? "degrees" : metres} ${path}`;
  let axis = context.axes.get(key);
  if (axis === undefined) {
    try {
      axis = readCoordinateAxis(context.view, path, crs.geographic, metres);
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
