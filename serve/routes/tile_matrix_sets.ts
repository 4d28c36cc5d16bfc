/** Tile matrix sets: which there are, and each as the standard's JSON. */
import { z } from "zod";
import { TILE_MATRIX_SET_NAMES, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import type { ServeContext } from "../context.ts";
import { json } from "../http/operation.ts";
import { TILE_MATRIX_SET_ID } from "../parameters/tiles.ts";

const NONE = z.object({});
export const TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

export function addTileMatrixSets({ api }: ServeContext): void {
  const answers = (description: string) => ({ 200: { description, types: ["application/json"] } });
  api.add({
    method: "get",
    path: "/tileMatrixSets",
    summary: "Tile matrix sets",
    tag: "reference",
    pathParameters: NONE,
    query: NONE,
    answers: answers("Names and links"),
    answer: ({ baseUrl }) =>
      json({
        tileMatrixSets: TILE_MATRIX_SET_NAMES.map((id) => ({
          id,
          links: [{
            href: `${baseUrl}/tileMatrixSets/${id}`,
            rel: TILING_SCHEME,
            type: "application/json",
            title: `Definition of ${id} tileMatrixSet`,
          }],
        })),
      }),
  });
  api.add({
    method: "get",
    path: "/tileMatrixSets/{tileMatrixSetId}",
    summary: "A tile matrix set",
    tag: "reference",
    pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
    query: NONE,
    answers: answers("TileMatrixSet of OGC 17-083r4"),
    answer: ({ path }) => json(tileMatrixSet(path.tileMatrixSetId)),
  });
}
