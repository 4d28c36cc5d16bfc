/**
 * Where output pixels lie in the source, row by row along straight lines: GDAL's approximation, by GDAL's own rule.
 * A line is good where its middle lies within 0.125 cells of it, summed over columns and rows; else it is halved.
 * (`GDALApproxTransform`, of which warps with nearest sampling by rasterio and rio-tiler make use.)
 *
 * Exact places would be up to an eighth of a cell elsewhere, and one pixel in a hundred of a strongly bent tile would
 * be that of the cell beside the one that all of GDAL's users see.
 */
import { columnPlaces } from "./column_places.ts";
import { type Mesh, PATCH, type Place } from "./mesh.ts";

/** Source cells. */
const GDAL_TOLERANCE = 0.125;
/** Lines of so few pixels are points. */
const FEWEST_PIXELS = 5;

type Point = readonly [u: number, v: number];

/** The mesh of an output all of whose pixels have a place: patches of one row each. */
export function buildLines({ width, height }: { width: number; height: number }, exact: Place): Mesh {
  const place = columnPlaces(exact, height);
  const numbers: number[] = [];
  const emit = (x: number, y: number, count: number, [u, v]: Point, du: number, dv: number) => {
    numbers.push(x, y, count, 1, u, v, du, dv, 0, 0, 0, 0);
  };
  /** Pixels `begin` to `end`, without `end`, of row `y`; `first` and `last` are the places of the outermost. */
  const line = (y: number, begin: number, end: number, first: Point, last: Point): void => {
    const count = end - begin;
    if (count <= FEWEST_PIXELS) {
      for (let x = begin; x < end; x++) emit(x, y, 1, place(x, y), 0, 0);
      return;
    }
    const du = (last[0] - first[0]) / (count - 1);
    const dv = (last[1] - first[1]) / (count - 1);
    const middle = begin + ((count - 1) >> 1);
    const found = place(middle, y);
    const error = Math.abs(first[0] + du * (middle - begin) - found[0]) +
      Math.abs(first[1] + dv * (middle - begin) - found[1]);
    if (error <= GDAL_TOLERANCE) {
      emit(begin, y, count, first, du, dv);
      return;
    }
    line(y, begin, middle, first, place(middle - 1, y));
    line(y, middle, end, found, last);
  };
  for (let y = 0; y < height; y++) line(y, 0, width, place(0, y), place(width - 1, y));
  return new Float64Array(numbers);
}

/** Whether a mesh has a place for every pixel of an output. */
export function coversAll(mesh: Mesh, { width, height }: { width: number; height: number }): boolean {
  let pixels = 0;
  for (let p = 0; p < mesh.length; p += PATCH) pixels += mesh[p + 2] * mesh[p + 3];
  return pixels === width * height;
}
