/** The cells of a config: HEALPix by orders, or square ones on the plane of a reference system, or in degrees. */
import { GranaryError, inputError } from "../../core/errors.ts";
import type { Faults } from "../../core/config/faults.ts";
import { finestOrder, isInDegrees, type ProjectedGrid } from "../../core/projected/grid.ts";
import { wktOfGrid } from "../../core/projected/mapping.ts";
import type { Pipeline } from "../pipeline.ts";
import { DEFAULT_PARENT_ORDER, DEFAULT_TILE } from "./limits.ts";
import type { ConfigInput } from "./schema.ts";

type Cells = Pick<Pipeline["output"], "parentOrder" | "childOrder" | "latitude" | "projected">;

/** What a request or a config says of a projected grid. */
interface ProjectedRequest {
  crs: string;
  resolution: number;
  origin?: readonly [x: number, y: number] | undefined;
  /** Cells of a tile, on one side: a power of 2. */
  tile?: number | undefined;
}

const TILES = Array.from({ length: 8 }, (_, power) => 32 * 2 ** power);

/**
 * Orders and grid of projected cells. Throws an input error for a reference system that has none, or a tile that no store
 * has.
 */
export function projectedCells(
  { crs, resolution, origin = [0, 0], tile = DEFAULT_TILE }: ProjectedRequest,
): Cells {
  if (!TILES.includes(tile)) {
    throw inputError(`tile ${tile} is no power of 2 from ${TILES[0]} to ${TILES.at(-1)}`, { key: "tile" });
  }
  const projected: ProjectedGrid = { crs, resolution, origin: [origin[0], origin[1]] };
  wktOfGrid(projected);
  if (isInDegrees(projected) && !(Math.abs(origin[0]) <= 180 && Math.abs(origin[1]) <= 90)) {
    throw inputError(
      `origin ${
        origin.join(",")
      } is no longitude from -180 to 180 and latitude from -90 to 90 (as ${crs} has them)`,
      { key: "origin" },
    );
  }
  const childOrder = finestOrder(projected);
  const parentOrder = childOrder - Math.log2(tile);
  if (parentOrder < 0) {
    throw inputError(
      `tiles of ${tile} cells of ${resolution} are larger than the Earth (take a finer resolution)`,
    );
  }
  return { parentOrder, childOrder, latitude: "authalic", projected };
}

type GridInput = ConfigInput["output"]["grid"];

/** Keys that one type of grid has and the other has not. */
const OF_HEALPIX = ["indexing_scheme", "parent_order", "child_order", "latitude"] as const;
const OF_PROJECTED = ["crs", "resolution", "origin", "tile"] as const;

/** The cells that a config asks for; faults are told at their keys. */
export function cellsOf({ output, aggregation }: ConfigInput, faults: Faults): Cells {
  const { grid } = output;
  const at = (key: string) => ["output", "grid", key];
  const [type, others] = grid.type === "projected"
    ? ["projected", OF_HEALPIX] as const
    : ["healpix", OF_PROJECTED] as const;
  for (const key of others) {
    if (grid[key] !== undefined) faults.value(at(key), `is none of a grid of type ${type} (leave it out)`);
  }
  if (type === "healpix") return healpixCells(grid, faults);
  if (output.layout !== undefined) {
    faults.value(
      ["output", "layout"],
      "is for HEALPix cells: a projected grid has one layout (leave it out)",
    );
  }
  if (aggregation.coordinates !== undefined) {
    faults.value(
      ["aggregation", "coordinates"],
      "are those of HEALPix cells: a projected grid has y and x (leave it out)",
    );
  }
  const none = { parentOrder: 0, childOrder: 0, latitude: "authalic" } as const;
  const { crs, resolution, origin, tile } = grid;
  if (crs === undefined) faults.value(at("type"), "projected needs crs, such as EPSG:3413");
  if (resolution === undefined) faults.value(at("type"), "projected needs resolution, the side of a cell");
  if (crs === undefined || resolution === undefined) return none;
  try {
    return projectedCells({ crs, resolution, origin, tile });
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    const key = ["tile", "origin"].find((name) => error.message.startsWith(`${name} `)) ?? "crs";
    faults.value(at(key), error.message);
    return none;
  }
}

function healpixCells(grid: GridInput, faults: Faults): Cells {
  const { child_order: childOrder, latitude = "authalic" } = grid;
  if (childOrder === undefined) {
    faults.value(["output", "grid"], "child_order is missing (the order of the finest cells)");
    return { parentOrder: 0, childOrder: 0, latitude };
  }
  const parentOrder = grid.parent_order ?? Math.min(DEFAULT_PARENT_ORDER, childOrder);
  if (parentOrder > childOrder) {
    faults.value(
      ["output", "grid", "child_order"],
      `${childOrder} is coarser than parent_order ${parentOrder} (wanted parent_order <= child_order)`,
    );
  }
  return { parentOrder, childOrder, latitude };
}

/** The grid as a config says it. */
export function gridEntry({ parentOrder, childOrder, latitude, projected }: Cells): Record<string, unknown> {
  if (projected === undefined) {
    return {
      type: "healpix",
      indexing_scheme: "nested",
      parent_order: parentOrder,
      child_order: childOrder,
      latitude,
    };
  }
  return { type: "projected", ...projected, tile: 2 ** (childOrder - parentOrder) };
}
