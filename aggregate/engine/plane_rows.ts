/** Rows on the plane of a projected grid: their cells, and where cells lie. Loaded by runs that have such a grid. */
import { assignProjected, CellFinder } from "../../core/projected/assign.ts";
import type { ProjectedGrid } from "../../core/projected/grid.ts";
import { CellPlaces } from "../../core/projected/places.ts";
import type { Assign } from "./assigner.ts";

/** What a run asks of its grid, of which a parent has 4^depth cells of `childOrder`. */
export interface PlaneRows {
  assign: Assign;
  places: CellPlaces;
}

export function planeRows(grid: ProjectedGrid, childOrder: number, depth: number): PlaneRows {
  const finder = new CellFinder(grid);
  return {
    assign: (longitude, latitude, cells) => assignProjected(longitude, latitude, finder, depth, cells),
    places: new CellPlaces(grid, childOrder),
  };
}
