/** Whether a granule could still add a pixel, by its footprint before anything of it is read. */
import type { Mosaic } from "../../core/raster/mosaic/mosaic.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import type { OutputGrid } from "../../core/raster/pixels.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { LONLAT } from "../area/lonlat_area.ts";

/** Points along each side of a footprint's box. */
const POINTS_A_SIDE = 9;
/** Pixels by which a box of an image is made wider: between two points its side may bend. */
const MARGIN = 2;

/** Whether every pixel that the granule's box touches has a value already. False where that is not known. */
export function coveredAlready({ bbox }: GranuleRow, output: OutputGrid, mosaic: Mosaic): boolean {
  if (bbox === null || bbox.xmax - bbox.xmin > 180) return false;
  const masks = mosaic.valued();
  if (masks === undefined) return false;
  const { width, height, affine: [a, b, c, d, e, f] } = output;
  if (b !== 0 || d !== 0) return false;
  const { forward } = transformer(LONLAT, output.crs);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < POINTS_A_SIDE; i++) {
    const t = i / (POINTS_A_SIDE - 1);
    const [x, y] = [bbox.xmin + t * (bbox.xmax - bbox.xmin), bbox.ymin + t * (bbox.ymax - bbox.ymin)];
    for (const [longitude, latitude] of [[x, bbox.ymin], [x, bbox.ymax], [bbox.xmin, y], [bbox.xmax, y]]) {
      const [planeX, planeY] = forward(longitude, latitude);
      if (Number.isNaN(planeX) || Number.isNaN(planeY)) return false;
      const [column, row] = [(planeX - c) / a, (planeY - f) / e];
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
  }
  const columns = [Math.max(0, Math.floor(left) - MARGIN), Math.min(width, Math.ceil(right) + MARGIN)];
  const rows = [Math.max(0, Math.floor(top) - MARGIN), Math.min(height, Math.ceil(bottom) + MARGIN)];
  for (const mask of new Set(masks)) {
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let i = row * width + columns[0]; i < row * width + columns[1]; i++) {
        if (mask[i] === 0) return false;
      }
    }
  }
  return true;
}
