/** A TIFF whose cells stay as they are, put at the output, with what its item says of it. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { Source } from "../../core/access/source.ts";
import { putTiff } from "../../core/geotiff/keep/put.ts";
import { type TiffRoute, tiffRoute } from "../../core/geotiff/keep/route.ts";
import { countBands } from "../../core/raster/count_bands.ts";
import type { Grid } from "../../core/raster/grid.ts";
import type { FileSummary } from "./items.ts";

/** How a grid's file may stay: as it is, or with its parts in order; null where it may not. */
export async function keptRoute(
  source: Source,
  grid: Grid,
  signal: AbortSignal | undefined,
): Promise<Exclude<TiffRoute, { kind: "encoded" }> | null> {
  if (grid.name !== "") return null;
  const route = await tiffRoute(source, { blocks: false, signal });
  return route.kind === "encoded" ? null : route;
}

/** Replaces what is at `key`. */
export async function keepTiff(
  source: Source,
  grid: Grid,
  route: Exclude<TiffRoute, { kind: "encoded" }>,
  target: ObjectTarget,
  key: string,
  signal: AbortSignal | undefined,
): Promise<FileSummary> {
  // Every cell is decoded, so that a damaged file is found before it is announced.
  const counted = await countBands(grid, signal);
  const put = await putTiff(source, route, target, key, { replace: true, decoded: true, signal });
  if (put === null) throw new Error(`${key}: was not put`);
  const { width, height, affine, crs, dtype, nodata } = grid;
  return {
    key,
    sizeBytes: put.sizeBytes,
    sha256: put.sha256,
    width,
    height,
    affine,
    crs,
    dtype,
    nodata,
    bands: grid.bands.map((band, i) => ({ ...band, ...counted[i] })),
  };
}
