/** Where the cells of a level of a projected grid lie. */
import type { LonLat } from "../cells/place.ts";
import { assignIds, CellFinder } from "../projected/assign.ts";
import { isInDegrees, type ProjectedGrid, sideOf, unitMetresOf } from "../projected/grid.ts";
import { CellPlaces } from "../projected/places.ts";
import { TileFinder } from "../projected/tiles.ts";
import type { LevelCells } from "./level_cells.ts";

const EARTH_METRES = 6371007.18;
const MOST_PARTS = 16;
/** HEALPix cells of this order, of 100 km, and tiles of about a quarter of that find the cells of a shape. */
const COVER_ORDER = 6;
const COVER_METRES = 25_000;
/** An edge may bow out by this part of its length where it is drawn as straight. */
const BOW = 1e-3;
const RADIANS = Math.PI / 180;

export class PlaneCells implements LevelCells {
  readonly count: number;
  /** Along a meridian, where the grid is in degrees. */
  readonly #metres: number;
  readonly #places: CellPlaces;
  readonly #finder: CellFinder;

  constructor(readonly order: number, readonly grid: ProjectedGrid) {
    this.count = 4 ** order;
    this.#metres = sideOf(grid, order) * unitMetresOf(grid);
    this.#places = new CellPlaces(grid, order);
    this.#finder = new CellFinder(grid, order);
  }

  get name(): string {
    const { crs, resolution, origin } = this.grid;
    const unit = isInDegrees(this.grid) ? " degree" : "";
    return `${crs}, ${resolution}${unit} from ${origin.join(",")}`;
  }

  metresAt(latitude: number): number {
    if (!isInDegrees(this.grid)) return this.#metres;
    // Cells narrow with their parallel; at a pole one still has its area.
    const half = sideOf(this.grid, this.order) / 2;
    const least = Math.cos((90 - half) * RADIANS);
    return this.#metres * Math.sqrt(Math.max(least, Math.cos(latitude * RADIANS)));
  }

  centre(id: number | bigint): LonLat {
    return this.#places.centre(Number(id));
  }

  corners(id: number | bigint): readonly LonLat[] {
    return this.#places.corners(Number(id));
  }

  outline(id: number | bigint, parts: number): LonLat[] {
    return this.#places.outline(Number(id), parts);
  }

  /** A straight edge of the plane bows in longitude and latitude, the more the nearer to a pole. */
  partsOf(id: number | bigint): number {
    if (isInDegrees(this.grid)) return 1;
    const latitude = Math.max(...this.corners(id).map(([, own]) => Math.abs(own)));
    const parts = this.#metres * Math.tan(Math.min(latitude, 89.999) * RADIANS) / (8 * BOW * EARTH_METRES);
    return Math.min(MOST_PARTS, Math.max(1, Math.ceil(parts)));
  }

  *covering(cover: (order: number) => Iterable<number>): Generator<number> {
    // By tiles: cells themselves would be looked for one by one.
    const halvings = Math.max(0, Math.ceil(Math.log2(COVER_METRES / this.#metres)));
    const depth = Math.min(this.order, halvings);
    const finder = new TileFinder(this.grid, this.order - depth, COVER_ORDER);
    const tiles = new Set<number>();
    for (const cell of cover(COVER_ORDER)) for (const tile of finder.tilesOf(cell)) tiles.add(tile);
    for (const tile of tiles) {
      for (let child = 0; child < 4 ** depth; child++) yield tile * 4 ** depth + child;
    }
  }

  assign(longitude: Float64Array, latitude: Float64Array, out: Float64Array): void {
    assignIds(longitude, latitude, this.#finder, out);
  }
}
