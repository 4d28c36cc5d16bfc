/** Places fields of HDF-EOS5 grids, by StructMetadata and the latitudes and longitudes in the grid. */
import type { Crs } from "../raster/grid.ts";
import type { Dimension } from "./dimensions.ts";
import { checkEosRows } from "./eos_check.ts";
import { eosCrs, type EosPlacement, eosPlacement } from "./eos_placement.ts";
import type { Placement, PlacingContext } from "./placing.ts";
import { NoGrid } from "./refusal.ts";
import type { GridStructure } from "./struct_metadata.ts";

/** The HDF-EOS5 grid that the path lies in. */
export function eosStructure({ structures }: PlacingContext, path: string): GridStructure | undefined {
  const name = /^\/HDFEOS\/GRIDS\/([^/]+)\//.exec(path)?.[1];
  if (name === undefined) return undefined;
  if (structures instanceof NoGrid) throw structures;
  return structures.get(name);
}

/** Dimensions of a field that StructMetadata does not list, by their sizes. */
export function eosNames(
  structure: GridStructure | undefined,
  shape: readonly number[],
): string[] | undefined {
  if (structure === undefined) return undefined;
  const { xDim, yDim } = structure;
  const names = shape.map((size, axis) => size === yDim ? "YDim" : size === xDim ? "XDim" : `dim${axis}`);
  const once = (name: string) => names.filter((one) => one === name).length === 1;
  if (xDim !== yDim) return once("XDim") && once("YDim") ? names : undefined;
  return shape.length === 2 && shape[0] === yDim && shape[1] === xDim ? ["YDim", "XDim"] : undefined;
}

/** The place of a field of `structure` with these dimensions. Throws NoGrid. */
export function placeEos(
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
