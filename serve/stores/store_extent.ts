/** The box of longitudes and latitudes that a store's cells lie in. */
import type { BoundingBox } from "../../core/geometry/box.ts";
import { columnAndRow, crsOfGrid } from "../../core/projected/grid.ts";
import { PlaneCells } from "../../core/store/plane_cells.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import { cellsIn, type StoreLevel } from "../../core/store/levels.ts";
import type { GranaryStore } from "../../core/store/open.ts";

/** More cells than this are not gone through: the box is that of the arrays over a plane, else the Earth. */
const MOST_CELLS = 200_000;
const WORLD: BoundingBox = { xmin: -180, ymin: -90, xmax: 180, ymax: 90 };

/** From the coarsest level's cells, of all `windows` of time where it has such. */
export async function storeExtent(store: GranaryStore, windows: StoreTime | null): Promise<BoundingBox> {
  if (windows === null) return await extentOf(store);
  const level = store.levels[store.levels.length - 1];
  if (cellsIn(level) * windows.starts.length > MOST_CELLS) return extentOfArrays(level);
  let box: BoundingBox | null = null;
  for (let step = 0; step < windows.starts.length; step++) {
    const own = await extentOf(store.at(step));
    // A window without cells says nothing.
    if (own === WORLD) continue;
    box = box === null ? own : {
      xmin: Math.min(box.xmin, own.xmin),
      ymin: Math.min(box.ymin, own.ymin),
      xmax: Math.max(box.xmax, own.xmax),
      ymax: Math.max(box.ymax, own.ymax),
    };
  }
  return box ?? WORLD;
}

async function extentOf(store: GranaryStore): Promise<BoundingBox> {
  const level = store.levels[store.levels.length - 1];
  const variable = level.variables[0];
  if (cellsIn(level) > MOST_CELLS) return extentOfArrays(level);
  if (variable === undefined) return WORLD;
  if (level.plane !== null) return await extentOfPlane(store, level, variable.name);
  const spans: [number, number][] = [];
  let [south, north] = [90, -90];
  for await (const { ids } of store.cells(variable.name, level.order)) {
    for (const id of ids) {
      const corners = level.cells.corners(id);
      const longitudes = corners.map(([x]) => x);
      const first = longitudes[1];
      // Corners near the first: a cell is narrower than half the Earth.
      const near = longitudes.filter((_, i) => Math.abs(corners[i][1]) < 89.999)
        .map((x) => x - 360 * Math.round((x - first) / 360));
      const poles = corners.length !== near.length;
      spans.push(poles ? [-180, 180] : [Math.min(...near), Math.max(...near)]);
      for (const [, y] of corners) [south, north] = [Math.min(south, y), Math.max(north, y)];
    }
  }
  if (spans.length === 0) return WORLD;
  const [xmin, xmax] = withoutWidestGap(spans);
  return { xmin, ymin: south, xmax, ymax: north };
}

/** From the columns and rows of the cells: the sides of a cell bow, and one may hold a pole. */
async function extentOfPlane(store: GranaryStore, level: StoreLevel, variable: string): Promise<BoundingBox> {
  let [west, east, north, south] = [Infinity, -Infinity, Infinity, -Infinity];
  for await (const { ids } of store.cells(variable, level.order)) {
    for (const id of ids) {
      const [column, row] = columnAndRow(Number(id));
      west = Math.min(west, column);
      east = Math.max(east, column + 1);
      north = Math.min(north, row);
      south = Math.max(south, row + 1);
    }
  }
  return west > east ? WORLD : extentOfCells(level, west, south, east, north);
}

/** The box around all places that a level's arrays have. */
export function extentOfArrays(level: Pick<StoreLevel, "cells" | "plane">): BoundingBox {
  const { plane } = level;
  if (plane === null) return WORLD;
  const { column, row, width, height } = plane;
  return extentOfCells(level, column, row + height, column + width, row);
}

/** Of a plane's columns from `west` to before `east`, and its rows from `north` to before `south`. */
function extentOfCells(
  { cells, plane }: Pick<StoreLevel, "cells" | "plane">,
  west: number,
  south: number,
  east: number,
  north: number,
): BoundingBox {
  if (plane === null || !(cells instanceof PlaneCells)) return WORLD;
  const { corner: [x, y], column, row, side } = plane;
  const area = areaOfPlaneBox(crsOfGrid(cells.grid), [
    x + (west - column) * side,
    y - (south - row) * side,
    x + (east - column) * side,
    y - (north - row) * side,
  ]);
  if (area === null) return WORLD;
  const [first, ...others] = area.boxes;
  // On both sides of the antimeridian: one box has all longitudes.
  return others.length === 0 ? first : { ...first, xmin: -180, xmax: 180 };
}

/** West and east within -180 to 180; all longitudes where the box would cross the antimeridian. */
function withoutWidestGap(spans: readonly (readonly [number, number])[]): [number, number] {
  const parts = spans.flatMap(([west, east]) => {
    const shift = 360 * Math.floor((west + 180) / 360);
    const [a, b] = [west - shift, east - shift];
    return b > 180 ? [[a, 180], [-180, b - 360]] as const : [[a, b]] as const;
  });
  const west = Math.min(...parts.map(([a]) => a));
  const east = Math.max(...parts.map(([, b]) => b));
  return [west, east];
}
