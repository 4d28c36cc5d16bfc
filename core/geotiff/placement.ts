/** Where a GeoTIFF's cells lie. */
import type { Affine } from "../raster/grid.ts";
import { type GeoKeys, KEY, PIXEL_IS_POINT } from "./geokeys.ts";
import { Refusal } from "./refusal.ts";

/** The fields that place an image, as the file has them. */
interface PlacementFields {
  readonly pixelScale: readonly number[] | null;
  readonly tiepoints: readonly number[] | null;
  readonly transformation: readonly number[] | null;
  readonly keys: GeoKeys;
}

export interface Placement {
  /** Of the oriented grid: row 0 northernmost, column 0 westernmost. */
  readonly affine: Affine;
  /** Whether the file's rows go north, its columns west. */
  readonly flipRows: boolean;
  readonly flipColumns: boolean;
}

/**
 * The affine of an image's cells, by a matrix or by one tie point and a cell's size. Where the file's
 * coordinates are those of cells' centres, the affine is still that of corners. Throws a refusal for images
 * that have no place, lie askew, or are tied by points alone.
 */
export function placement(fields: PlacementFields, width: number, height: number): Placement {
  const [a, b, c, d, e, f] = storedAffine(fields);
  if (b !== 0 || d !== 0) {
    throw new Refusal(
      "rotated",
      `its rows do not run east and west (affine ${[a, b, c, d, e, f].join(", ")}; warp it to a grid first)`,
    );
  }
  if (
    !(Number.isFinite(a) && Number.isFinite(e) && Number.isFinite(c) && Number.isFinite(f)) || a * e === 0
  ) {
    throw new Refusal("no-place", `its cells have the size ${a} by ${e}`);
  }
  const flipColumns = a < 0, flipRows = e > 0;
  return {
    affine: [Math.abs(a), 0, flipColumns ? c + a * width : c, 0, -Math.abs(e), flipRows ? f + e * height : f],
    flipRows,
    flipColumns,
  };
}

function storedAffine({ pixelScale, tiepoints, transformation, keys }: PlacementFields): Affine {
  const half = keys.get(KEY.RasterType) === PIXEL_IS_POINT ? 0.5 : 0;
  if (transformation !== null && transformation.length >= 8) {
    const [a, b, , c, d, e, , f] = transformation;
    return [a, b, c - half * (a + b), d, e, f - half * (d + e)];
  }
  if (pixelScale !== null && pixelScale.length >= 2 && tiepoints !== null && tiepoints.length >= 6) {
    const [column, row, , x, y] = tiepoints;
    // Sizes are lengths; GDAL too takes a negative one for its length.
    const a = Math.abs(pixelScale[0]), e = -Math.abs(pixelScale[1]);
    return [a, 0, x - (column + half) * a, 0, e, y - (row + half) * e];
  }
  if (tiepoints !== null && tiepoints.length >= 6) {
    throw new Refusal(
      "control-points",
      `it is tied to the ground by ${
        Math.floor(tiepoints.length / 6)
      } control points alone (warp it to a grid first)`,
    );
  }
  throw new Refusal("no-place", "it does not say where it lies (no GeoTIFF fields; give it a place first)");
}
