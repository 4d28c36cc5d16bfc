/** Tile matrix sets and tiles of a path. */
import { z } from "zod";
import { TILE_MATRIX_SET_NAMES } from "../../core/raster/tms/tile_matrix_set.ts";

export const TILE_MATRIX_SET_ID = z.enum(TILE_MATRIX_SET_NAMES as [string, ...string[]])
  .meta({ description: "A tile matrix set" });

const INDEX = z.int().meta({ description: "Column, row or zoom of the tile" });

export const TILE_PATH = { tileMatrixSetId: TILE_MATRIX_SET_ID, z: INDEX, x: INDEX, y: INDEX };
