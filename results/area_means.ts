/** Means of cells by area: what a pixel of an image has of each cell that it touches. */
import { inputError } from "../core/errors.ts";
import { type Position, singleParts } from "../core/geometry/geometry.ts";
import { crsOfCode } from "../core/raster/crs/codes.ts";
import { transformer } from "../core/raster/crs/transform.ts";
import type { Affine, Crs } from "../core/raster/grid.ts";
import { ExactCover } from "../core/raster/zonal/exact_cover.ts";
import { outlineOf } from "./cell_shapes.ts";
import type { CellTable } from "./cell_table.ts";

/** Sums and areas are held for the whole image: 16 bytes a pixel and variable. */
const MOST_VALUES = 2 ** 25;

/**
 * An edge whose middle lies so far from the middle of its ends, in lengths of the edge, was torn apart by the reference
 * system: of one that goes around the map it is half.
 */
const TORN = 0.4;

/**
 * For each variable of the table the mean of the cells that a pixel touches, weighted by the area in the image's plane
 * that they share; NaN where no cell with a value touches it.
 */
export async function areaMeans(
  table: CellTable,
  image: { crs: Crs; affine: Affine; width: number; height: number },
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const { width, height, affine, crs } = image;
  const pixels = width * height;
  const { store, variables, level: { order, cells } } = table;
  if (pixels * variables.length > MOST_VALUES) {
    throw inputError(
      `${store.name}: ${width} by ${height} pixels of ${variables.length} variables are too many for means by area` +
        ` (at most ${MOST_VALUES} values; take a coarser --resolution, fewer variables, or --resampling nearest)`,
    );
  }
  const sums = variables.map(() => new Float64Array(pixels));
  const areas = variables.map(() => new Float64Array(pixels));
  const { forward } = transformer(crsOfCode("EPSG:4326"), crs);
  const toPixel: ToPixel = (longitude, lat) => {
    const [x, y] = forward(longitude, lat);
    return [(x - affine[2]) / affine[0], (y - affine[5]) / affine[4]];
  };
  const cover = new ExactCover();
  for await (const { ids, columns } of table.rows(signal)) {
    for (let row = 0; row < ids.length; row++) {
      const outline = outlineOf(ids[row], cells);
      for (const part of singleParts(outline)) {
        if (part.type !== "Polygon") continue;
        const ring = part.coordinates[0];
        const placed = new Float64Array(2 * ring.length);
        let lost = false;
        ring.forEach(([longitude, lat], i) => {
          const [x, y] = toPixel(longitude, lat);
          if (!(Number.isFinite(x) && Number.isFinite(y))) lost = true;
          placed[2 * i] = x;
          placed[2 * i + 1] = y;
        });
        // A cell that the reference system has no place for is in no image of it.
        if (lost) continue;
        if (isTorn(ring, placed, toPixel)) {
          throw inputError(
            `${store.name}: cell ${order}/${ids[row]} lies across the seam of ${
              crs.code ?? crs.name
            }, where its area is` +
              " not known (take --resampling nearest, or a reference system without a seam there)",
          );
        }
        cover.of(placed, width, height, (column, line, area) => {
          const at = line * width + column;
          columns.forEach(({ values, valid }, v) => {
            if (valid[row] === 0) return;
            sums[v][at] += area * Number(values[row]);
            areas[v][at] += area;
          });
        });
      }
    }
  }
  return sums.map((sum, v) => sum.map((value, i) => areas[v][i] > 0 ? value / areas[v][i] : NaN));
}

type ToPixel = (longitude: number, latitude: number) => readonly [x: number, y: number];

/** Whether the image of an edge is no short line between its ends. */
function isTorn(ring: readonly Position[], placed: Float64Array, toPixel: ToPixel): boolean {
  let shortest = Infinity;
  for (let i = 0; i + 3 < placed.length; i += 2) {
    const length = Math.hypot(placed[i + 2] - placed[i], placed[i + 3] - placed[i + 1]);
    // Edges along a pole have no length in a polar system.
    if (length > 1e-9) shortest = Math.min(shortest, length);
  }
  for (let i = 0; i + 1 < ring.length; i++) {
    const [x0, y0, x1, y1] = placed.subarray(2 * i, 2 * i + 4);
    const length = Math.hypot(x1 - x0, y1 - y0);
    // Only an edge that is much longer than another may be one.
    if (!(length > 8 * shortest)) continue;
    const [x, y] = toPixel((ring[i][0] + ring[i + 1][0]) / 2, (ring[i][1] + ring[i + 1][1]) / 2);
    if (!(Math.hypot(x - (x0 + x1) / 2, y - (y0 + y1) / 2) < TORN * length)) return true;
  }
  return false;
}
