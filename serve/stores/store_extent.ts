/** The box of longitudes and latitudes that a store's cells lie in. */
import type { BoundingBox } from "../../core/geometry/box.ts";
import { HealpixCells } from "../../core/store/level_cells.ts";
import { columnAndRow, crsOfGrid } from "../../core/projected/grid.ts";
import { PlaneCells } from "../../core/store/plane_cells.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import { cellsIn, type StoreLevel } from "../../core/store/levels.ts";
import { MORTON } from "../../core/store/metadata.ts";
import type { GranaryStore } from "../../core/store/open.ts";

/** Of more HEALPix cells the box is that of their ancestors, */
const MOST_CELLS = 200_000;
/** which are of this order, a quarter of a degree wide. */
const ANCESTOR_ORDER = 8;
/** Of more cells no values are read: the box is that of all ids, or of a plane's arrays. */
const MOST_VALUES = 2 ** 22;
/** Ids of so many cells at a time. */
const PART_CELLS = 2 ** 20;
const WORLD: BoundingBox = { xmin: -180, ymin: -90, xmax: 180, ymax: 90 };

const known = new WeakMap<GranaryStore, Promise<BoundingBox>>();

/** From the coarsest level's cells, of all `windows` of time where it has such; worked out once a store. */
export function storeExtent(store: GranaryStore, windows: StoreTime | null): Promise<BoundingBox> {
  let extent = known.get(store);
  if (extent === undefined) {
    extent = look(store, windows);
    extent.catch(() => known.delete(store));
    known.set(store, extent);
  }
  return extent;
}

async function look(store: GranaryStore, windows: StoreTime | null): Promise<BoundingBox> {
  const level = store.levels[store.levels.length - 1];
  const total = cellsIn(level) * (windows?.starts.length ?? 1);
  if (level.plane !== null) {
    return total > MOST_VALUES
      ? extentOfArrays(level)
      : await extentOfPlane(level, valued(store, windows, level));
  }
  const { order } = level;
  const ids = total > MOST_VALUES ? allIds(store, level) : valued(store, windows, level);
  return await extentOfHealpix(ids, level, total > MOST_CELLS ? Math.min(order, ANCESTOR_ORDER) : order);
}

/** The ids of the cells that have a value in any window, part by part. */
async function* valued(
  store: GranaryStore,
  windows: StoreTime | null,
  level: StoreLevel,
): AsyncGenerator<ArrayLike<number>> {
  const variable = level.variables.find(({ name }) => name !== MORTON);
  if (variable === undefined) return;
  for (const one of windows === null ? [store] : windows.starts.map((_, step) => store.at(step))) {
    for await (const { ids } of one.cells(variable.name, level.order)) yield ids;
  }
}

/** The ids of all places, of which unused ones have that of no cell. */
async function* allIds(store: GranaryStore, level: StoreLevel): AsyncGenerator<ArrayLike<number | bigint>> {
  for await (const start of store.parts(level, [level.coordinate], PART_CELLS)) {
    const end = Math.min(level.length, start + PART_CELLS);
    yield await store.slice(level.coordinate, start, end) as ArrayLike<number | bigint>;
  }
}

/** The box around cells of a level, by those of `order` that hold them; the Earth for none. */
async function extentOfHealpix(
  parts: AsyncIterable<ArrayLike<number | bigint>>,
  level: StoreLevel,
  order: number,
): Promise<BoundingBox> {
  const below = 4 ** (level.order - order);
  const holding = new Set<number>();
  for await (const ids of parts) {
    let last = -1;
    for (let i = 0; i < ids.length; i++) {
      const id = Number(ids[i]);
      const ancestor = Math.floor(id / below);
      if (ancestor === last || !(id >= 0 && id < level.cells.count)) continue;
      holding.add(last = ancestor);
    }
  }
  return boxAround(new HealpixCells(order, level.latitude), holding);
}

function boxAround(cells: HealpixCells, ids: Iterable<number>): BoundingBox {
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const id of ids) {
    const corners = cells.corners(id);
    const first = corners[1][0];
    // Corners near the first: a cell is narrower than half the Earth.
    const near = corners.filter(([, y]) => Math.abs(y) < 89.999)
      .map(([x]) => x - 360 * Math.round((x - first) / 360));
    const poles = corners.length !== near.length;
    for (const [left, right] of onTheGlobe(poles ? [-180, 180] : [Math.min(...near), Math.max(...near)])) {
      [west, east] = [Math.min(west, left), Math.max(east, right)];
    }
    for (const [, y] of corners) [south, north] = [Math.min(south, y), Math.max(north, y)];
  }
  return west > east ? WORLD : { xmin: west, ymin: south, xmax: east, ymax: north };
}

/** From the columns and rows of the cells: the sides of a cell bow, and one may hold a pole. */
async function extentOfPlane(
  level: StoreLevel,
  parts: AsyncIterable<ArrayLike<number>>,
): Promise<BoundingBox> {
  let [west, east, north, south] = [Infinity, -Infinity, Infinity, -Infinity];
  for await (const ids of parts) {
    for (let i = 0; i < ids.length; i++) {
      const [column, row] = columnAndRow(ids[i]);
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

/** A span within -180 to 180; in two where it crosses the antimeridian. */
function onTheGlobe([west, east]: readonly [number, number]): [number, number][] {
  const shift = 360 * Math.floor((west + 180) / 360);
  const [a, b] = [west - shift, east - shift];
  return b > 180 ? [[a, 180], [-180, b - 360]] : [[a, b]];
}
