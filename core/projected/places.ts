/** Where the cells of a projected grid lie, in longitude and latitude. */
import type { LonLat } from "../cells/place.ts";
import type { CrsTransform } from "../raster/crs/transform.ts";
import { planeOf } from "./assign.ts";
import { columnAndRow, edgesOf, isInDegrees, type ProjectedGrid, sideOf } from "./grid.ts";

/** Inverses of projections miss a pole by a rounding. */
const NEAR_POLE = 90 - 1e-9;

/** Places of the cells of one order, in degrees on WGS84; NaN where the plane has none. */
export class CellPlaces {
  readonly #plane: CrsTransform;
  readonly #side: number;
  readonly #inDegrees: boolean;

  constructor(readonly grid: ProjectedGrid, readonly order: number) {
    this.#plane = planeOf(grid);
    this.#side = sideOf(grid, order);
    this.#inDegrees = isInDegrees(grid);
  }

  centre(id: number): LonLat {
    return this.#at(id, 0.5, 0.5);
  }

  /** Corners: north-west, south-west, south-east, north-east, as the plane has them. */
  corners(id: number): LonLat[] {
    return [[0, 0], [0, 1], [1, 1], [1, 0]].map(([right, down]) => this.#at(id, right, down));
  }

  /** The outline from the north-west corner, counterclockwise on the plane and back: 4 * parts + 1 points. */
  outline(id: number, parts: number): LonLat[] {
    const corners = [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]] as const;
    const points: LonLat[] = [];
    for (let side = 0; side < 4; side++) {
      const [fromX, fromY] = corners[side], [toX, toY] = corners[side + 1];
      for (let part = 0; part < parts; part++) {
        const share = part / parts;
        points.push(this.#at(id, fromX + (toX - fromX) * share, fromY + (toY - fromY) * share));
      }
    }
    points.push(points[0]);
    return points;
  }

  #at(id: number, right: number, down: number): LonLat {
    const [x, y] = edgesOf(this.grid, this.order, columnAndRow(id));
    if (this.#inDegrees) {
      return [between(x, x + this.#side, right, 180), between(y, y - this.#side, down, 90)];
    }
    const [longitude, latitude] = this.#plane.inverse(x + right * this.#side, y - down * this.#side);
    return Math.abs(latitude) > NEAR_POLE ? [longitude, Math.sign(latitude) * 90] : [longitude, latitude];
  }
}

/** A place between two edges, of the part of a cell that is on the Earth: cells end at the antimeridian and the poles. */
function between(from: number, to: number, share: number, most: number): number {
  const within = (edge: number) => Math.max(-most, Math.min(most, edge));
  return within(from) + share * (within(to) - within(from));
}
