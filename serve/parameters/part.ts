/** Boxes and polygons of requests, and the size of what is made of them. */
import { z } from "zod";
import { type Geometry, positions } from "../../core/geometry/geometry.ts";
import type { PlaneBox } from "../area/part_output.ts";
import { badParameter, Problem } from "../http/problem.ts";

const SIDE = (description: string) => z.int().min(1).max(65_536).optional().meta({ description });

export const PART = z.object({
  coord_crs: z.string().max(200).optional().meta({ description: "The system of the coordinates; epsg:4326" }),
  dst_crs: z.string().max(200).optional().meta({
    description: "The system of the image; that of the coordinates",
  }),
  max_size: SIDE("Pixels of the longer side at most"),
  width: SIDE("Pixels of a row"),
  height: SIDE("Pixels of a column"),
});

export type PartParameters = z.output<typeof PART>;

const NUMBER = z.number().meta({ description: "A side of the box, in units of coord_crs" });
export const BOX_PATH = { minx: NUMBER, miny: NUMBER, maxx: NUMBER, maxy: NUMBER };
export const SIZE_PATH = {
  width: z.int().min(1).max(65_536).meta({ description: "Pixels of a row" }),
  height: z.int().min(1).max(65_536).meta({ description: "Pixels of a column" }),
};

export function planeBox(
  { minx, miny, maxx, maxy }: { minx: number; miny: number; maxx: number; maxy: number },
): PlaneBox {
  if (!(minx < maxx && miny < maxy)) {
    throw badParameter(
      "bbox",
      "Value error, wanted minx,miny,maxx,maxy, the lesser first",
      [minx, miny, maxx, maxy].join(","),
      "path",
    );
  }
  return [minx, miny, maxx, maxy];
}

const RING = z.array(z.array(z.number()).min(2)).min(3);

export const FEATURE = z.object({
  type: z.literal("Feature"),
  geometry: z.union([
    z.object({ type: z.literal("Polygon"), coordinates: z.array(RING).min(1) }),
    z.object({ type: z.literal("MultiPolygon"), coordinates: z.array(z.array(RING).min(1)).min(1) }),
  ]),
  properties: z.record(z.string(), z.unknown()).nullish(),
}).loose();

export const FEATURE_COLLECTION = z.object({
  type: z.literal("FeatureCollection"),
  features: z.array(FEATURE).min(1).max(1000),
}).loose();

export type Feature = z.output<typeof FEATURE>;

/** The box of a polygon. Throws a 400 for more vertices than this server takes. */
export function boxOfPolygon(geometry: Geometry, mostVertices: number): PlaneBox {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  let vertices = 0;
  for (const [x, y] of positions(geometry)) {
    vertices += 1;
    left = Math.min(left, x);
    right = Math.max(right, x);
    bottom = Math.min(bottom, y);
    top = Math.max(top, y);
  }
  if (vertices > mostVertices) {
    throw new Problem(400, `a polygon of ${vertices} vertices (at most ${mostVertices}; simplify it)`);
  }
  if (!(left < right && bottom < top)) throw new Problem(400, "a polygon without an area");
  return [left, bottom, right, top];
}
