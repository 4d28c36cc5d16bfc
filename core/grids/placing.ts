/** What placing a variable starts from, and what it comes to. */
import type { Crs } from "../raster/grid.ts";
import type { CoordinateAxis } from "./coordinate_axis.ts";
import type { NamedGrid } from "./ease_grids.ts";
import type { EosPlacement } from "./eos_placement.ts";
import type { FileView } from "./file_view.ts";
import type { NoGrid } from "./refusal.ts";
import type { Spacing } from "./spacing.ts";
import type { GridStructure } from "./struct_metadata.ts";

/** Which values are read as none: those outside of the range that a variable states as valid. */
export type GridMask = "valid_range";

/** What is known before the variables are looked at. */
export interface PlacingContext {
  readonly view: FileView;
  /** Grids of HDF-EOS5 by name; the refusal of all of them where their description is damaged. */
  readonly structures: ReadonlyMap<string, GridStructure> | NoGrid;
  /** The user's word, which goes before the file's. */
  readonly crs: Crs | null;
  /** The named grid that variables with latitudes of two dimensions are on, by the user's word. */
  readonly grid: NamedGrid | null;
  /** What is read as no value beyond the file's own marks, by the user's word. */
  readonly mask: GridMask | null;
  /** Axes that were read already, by the coordinate's path. */
  readonly axes: Map<string, CoordinateAxis | NoGrid>;
  /** Grids of HDF-EOS5 that were placed already. */
  readonly placed: Map<GridStructure, { readonly place: EosPlacement; readonly crs: Crs } | NoGrid>;
}

/** The axes of a variable as they are stored, and the system that they are in. */
export interface Placement {
  readonly xAxis: number;
  readonly yAxis: number;
  readonly x: Spacing;
  readonly y: Spacing;
  readonly crs: Crs;
}
