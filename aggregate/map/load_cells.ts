/** The cells of a store that a map shows, at the level that its scale deserves. */
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import type { StoreLevel } from "../../core/store/levels.ts";
import { OUTLINED_PIXELS, type PlacedCells } from "./paint_cells.ts";
import type { ProjectionName } from "../../core/draw/projection.ts";
import { chooseProjection, fitView, meanLatitude, type Places } from "./view.ts";

/** More cells than any picture has pixels; beyond it memory would be the limit. */
const MAX_CELLS = 40_000_000;

/** Orders whose ids are exact as numbers. */
const MAX_ORDER = 24;

/**
 * Reads the cells of one level that have a value, with their centres. Throws an input error for a level without any,
 * unless `mayBeEmpty`.
 */
export async function loadCells(
  store: GranaryStore,
  variable: string,
  level: StoreLevel,
  signal?: AbortSignal,
  mayBeEmpty = false,
): Promise<PlacedCells> {
  if (level.order > MAX_ORDER) {
    throw inputError(
      `${store.name}: cells of order ${level.order} are smaller than a map can show; plot a level of at most` +
        ` ${MAX_ORDER} with --order`,
    );
  }
  const ids = new Growing(), values = new Growing();
  for await (const part of store.cells(variable, level.order)) {
    signal?.throwIfAborted();
    ids.push(part.ids);
    values.push(part.values);
    if (ids.length > MAX_CELLS) {
      throw inputError(
        `${store.name}: level ${level.order} has more than ${formatCount(MAX_CELLS)} cells with values;` +
          " plot a coarser level with --order (granary aggregate --levels writes them)",
      );
    }
  }
  if (ids.length === 0 && !mayBeEmpty) {
    throw inputError(`${store.name}: variable ${variable} has no values at order ${level.order}`);
  }
  const longitudes = new Float64Array(ids.length), latitudes = new Float64Array(ids.length);
  const taken = ids.take();
  for (let i = 0; i < taken.length; i++) {
    const [longitude, latitude] = level.cells.centre(taken[i]);
    longitudes[i] = longitude;
    latitudes[i] = latitude;
  }
  return {
    order: level.order,
    cells: level.cells,
    ids: taken,
    values: values.take(),
    longitudes,
    latitudes,
  };
}

/**
 * The level to plot when nobody says: the finest whose cells a map of the data `width` pixels wide shows
 * by their outlines; the coarsest where none is so large.
 */
export async function chooseLevel(
  windows: readonly GranaryStore[],
  variable: string,
  asked: ProjectionName | "auto",
  width: number,
): Promise<StoreLevel> {
  const [store] = windows;
  const levels = store.levels.filter((level) =>
    level.order <= MAX_ORDER && level.variables.some((one) => one.name === variable)
  );
  if (levels.length <= 1) return levels[0] ?? store.level();
  // Any level tells the extent; one of a few thousand cells tells it at once.
  const rough = levels.filter((level) => level.order >= 4).at(-1) ?? levels.at(-1)!;
  const cells = await Promise.all(windows.map((one) => loadCells(one, variable, rough, undefined, true)));
  const places = placesOf(cells);
  if (places.longitudes.length === 0) return levels.at(-1)!;
  const projection = chooseProjection(places, asked);
  const latitude = meanLatitude(places);
  const view = fitView(places, projection, { x: 0, y: 0, width }, levels[0].cells.metresAt(latitude));
  return levels.find((level) => level.cells.metresAt(latitude) >= OUTLINED_PIXELS * view.metresPerPixel) ??
    levels.at(-1)!;
}

/** The places of all cells. */
export function placesOf(cells: readonly PlacedCells[]): Places {
  if (cells.length === 1) return cells[0];
  return {
    longitudes: Float64Array.from(cells.flatMap((one) => [...one.longitudes])),
    latitudes: Float64Array.from(cells.flatMap((one) => [...one.latitudes])),
  };
}

/** Doubles in an array that grows. */
class Growing {
  #items = new Float64Array(4096);
  length = 0;

  push(more: Float64Array): void {
    if (this.length + more.length > this.#items.length) {
      const larger = new Float64Array(Math.max(2 * this.#items.length, this.length + more.length));
      larger.set(this.#items.subarray(0, this.length));
      this.#items = larger;
    }
    this.#items.set(more, this.length);
    this.length += more.length;
  }

  take(): Float64Array {
    return this.#items.subarray(0, this.length);
  }
}
