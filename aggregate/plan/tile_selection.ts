/** From the HEALPix cells of a catalog's selection to the tiles of a projected grid. */
import type { Selection } from "../../catalog/query/select.ts";
import { inputError } from "../../core/errors.ts";
import type { Area } from "../../core/geometry/area.ts";
import type { ProjectedGrid } from "../../core/projected/grid.ts";
import { cellOrderFor, TileFinder } from "../../core/projected/tiles.ts";
import type { RunSelection } from "./plan.ts";

interface TileOptions {
  grid: ProjectedGrid;
  /** The order of tiles. */
  order: number;
  /** Only these tiles; all without it. */
  cells?: Iterable<number> | undefined;
  /** Only tiles that touch every one of these areas. */
  areas: readonly Area[];
  /** At most so many tiles: the first in ascending order. */
  maxCells?: number | undefined;
}

/** A run of more tiles is planned in hours, not in seconds. */
const MOST_TILES = 2 ** 20;

/** The order of the HEALPix cells by which granules of tiles of an order are selected. */
export function selectionOrder(grid: ProjectedGrid, order: number): number {
  return cellOrderFor(grid, order);
}

/**
 * The tiles that the granules' cells touch, and which granule touches which: some too many, because observations decide,
 * and none too few. Granules that touch none are left out, and told.
 */
export function tileSelection(selection: Selection, options: TileOptions): RunSelection {
  const { grid, order } = options;
  const finder = new TileFinder(grid, order, selection.order);
  const allowed = allowedTiles(finder, options);
  const all = new Set<number>();
  const touched = selection.ranks.map((ranks) => {
    const tiles = new Set<number>();
    for (const rank of ranks) {
      for (const tile of finder.tilesOf(selection.parents[rank])) {
        if (allowed !== undefined && !allowed.has(tile)) continue;
        tiles.add(tile);
        all.add(tile);
      }
      if (all.size > MOST_TILES) throw tooMany(grid);
    }
    return tiles;
  });
  if (touched.length > 0 && allowed === undefined && touched.every((tiles) => tiles.size === 0)) {
    throw inputError(
      `no granule has a place on the grid of ${grid.crs} (take the reference system of their part of the Earth)`,
    );
  }
  const parents = Array.from(Float64Array.from(all).sort()).slice(0, options.maxCells);
  const rankOf = new Map(parents.map((tile, rank) => [tile, rank]));
  const ranks = touched.map((tiles) =>
    Uint32Array.from([...tiles].flatMap((tile) => rankOf.get(tile) ?? [])).sort()
  );
  const taken = <T>(list: readonly T[]) => list.filter((_, granule) => ranks[granule].length > 0);
  const beyond = touched.filter((tiles) => tiles.size === 0).length;
  const leftOut = allowed === undefined && beyond > 0
    ? [{ what: `granules with no place on the grid of ${grid.crs}`, granules: beyond }]
    : [];
  return { parents, granules: taken(selection.granules), ranks: taken(ranks), leftOut };
}

function tooMany({ crs, resolution }: ProjectedGrid): Error {
  return inputError(
    `the selected granules touch more than ${MOST_TILES} tiles of ${crs} at ${resolution}` +
      " (take a coarser resolution, a larger tile, or a smaller area with --polygon, --bbox or --region)",
  );
}

function allowedTiles(
  finder: TileFinder,
  { cells, areas }: TileOptions,
): ReadonlySet<number> | undefined {
  const ofAreas = areas.map((area) =>
    new Set(Array.from(area.cells(finder.cellOrder, "authalic"), (cell) => [...finder.tilesOf(cell)]).flat())
  );
  const sets = cells === undefined ? ofAreas : [new Set(cells), ...ofAreas];
  return sets.reduce<Set<number> | undefined>(
    (all, set) => all === undefined ? set : all.intersection(set),
    undefined,
  );
}
