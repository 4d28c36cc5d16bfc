/**
 * Where a grid of HDF-EOS5 lies, by StructMetadata: corners, origin and projection (HDF-EOS Library User's
 * Guide, volume 1, chapter 7). Corners are outer edges, whatever PixelRegistration says of where in a cell
 * its value was taken.
 */
import { type GctpProjection, gctpToCrs, unpackDegrees } from "../raster/crs/gctp.ts";
import type { Crs } from "../raster/grid.ts";
import { NoGrid } from "./refusal.ts";
import type { Spacing } from "./spacing.ts";
import type { GridStructure } from "./struct_metadata.ts";

export interface EosPlacement {
  readonly x: Spacing;
  readonly y: Spacing;
  readonly degrees: boolean;
  readonly notes: readonly string[];
}

/** Corners of all the Earth, for GEO grids that state none. */
const GLOBE = { upperLeft: [-180, 90], lowerRight: [180, -90] } as const;

/**
 * The axes as they are stored. The first column and row lie at the corner that GridOrigin names (UL where it
 * is absent), as UpperLeftPointMtrs and LowerRightMtrs give it, and run to the other one. Throws NoGrid where
 * corners are missing.
 */
export function eosPlacement(grid: GridStructure): EosPlacement {
  const degrees = isGeographic(grid);
  const notes: string[] = [];
  const { upperLeft, lowerRight } = corners(grid, degrees, notes);
  const origin = /_?(UL|UR|LL|LR)$/.exec(grid.gridOrigin ?? "")?.[1] ?? "UL";
  if (grid.gridOrigin !== undefined && !/_?(UL|UR|LL|LR)$/.test(grid.gridOrigin)) {
    notes.push(`GridOrigin ${grid.gridOrigin} is not known: rows begin at the upper left corner`);
  }
  if (/CORNER/.test(grid.pixelRegistration ?? "")) {
    notes.push("PixelRegistration is CORNER: values are those of a corner of each cell, written as its area");
  }
  const right = origin.endsWith("R");
  const low = origin.startsWith("L");
  return {
    x: axis(right ? lowerRight[0] : upperLeft[0], right ? upperLeft[0] : lowerRight[0], grid.xDim),
    y: axis(low ? lowerRight[1] : upperLeft[1], low ? upperLeft[1] : lowerRight[1], grid.yDim),
    degrees,
    notes,
  };
}

/** The coordinate reference system of the grid. Throws NoGrid for a projection that is not read. */
export function eosCrs(grid: GridStructure): { crs: Crs; notes: readonly string[] } {
  const given: GctpProjection = {
    projection: grid.projection,
    zoneCode: grid.zoneCode,
    sphereCode: grid.sphereCode,
    params: grid.projParams,
  };
  const found = gctpToCrs(given);
  if ("crs" in found) return found;
  throw new NoGrid(
    "projection",
    `StructMetadata gives ${found.refused}, which granary does not read (name its coordinate reference ` +
      `system, as crs: EPSG:…)`,
  );
}

function isGeographic({ projection }: GridStructure): boolean {
  return /GCTP_GEO$/.test(projection) || projection === "";
}

function corners(
  grid: GridStructure,
  degrees: boolean,
  notes: string[],
): { upperLeft: readonly number[]; lowerRight: readonly number[] } {
  const { upperLeft, lowerRight } = grid;
  if (upperLeft?.length !== 2 || lowerRight?.length !== 2) {
    if (!degrees) {
      throw new NoGrid("no-axes", "StructMetadata gives no corners (UpperLeftPointMtrs, LowerRightMtrs)");
    }
    notes.push("StructMetadata gives no corners: the grid is taken as one of all the Earth");
    return GLOBE;
  }
  if (upperLeft[0] === lowerRight[0] || upperLeft[1] === lowerRight[1]) {
    throw new NoGrid(
      "no-axes",
      `StructMetadata gives corners without an area: (${upperLeft}) and (${lowerRight})`,
    );
  }
  if (!degrees) return { upperLeft, lowerRight };
  const all = [...upperLeft, ...lowerRight];
  // Packed, these would be less than a tenth of a degree apart: they were not packed.
  if (all.every((value) => Math.abs(value) <= 360)) {
    notes.push("StructMetadata gives corners in plain degrees, not packed as GCTP packs them");
    return { upperLeft, lowerRight };
  }
  return { upperLeft: upperLeft.map(unpackDegrees), lowerRight: lowerRight.map(unpackDegrees) };
}

function axis(from: number, to: number, cells: number): Spacing {
  return { edge: from, step: (to - from) / cells };
}
