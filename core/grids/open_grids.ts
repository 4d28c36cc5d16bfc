/** Opens a file as grids, whatever it is: GeoTIFF, HDF5, HDF-EOS5, netCDF-4. */
import type { Source } from "../access/source.ts";
import { beginsAsTiff, TIFF_HEAD_BYTES } from "../geotiff/signature.ts";
import { crsOfCode } from "../raster/crs/codes.ts";
import { GranaryError, inputError } from "../errors.ts";
import type { GridFile } from "../raster/grid.ts";
import type { OpenGridsOptions } from "./open_options.ts";

/**
 * The grids of a file, in path order, and the variables of two dimensions or more that are none, each with
 * the rule that refused it. Closing it closes the source, which stays open where this throws. Throws a granule error that names the file where it
 * cannot be read at all, and an input error for a format that is not read and a code that is not known.
 */
export async function openGrids(
  source: Source,
  name: string,
  options: OpenGridsOptions = {},
): Promise<GridFile> {
  const { signal } = options;
  const crs = options.crs === undefined ? null : crsOfCode(options.crs);
  const head = await source.read(0, Math.min(TIFF_HEAD_BYTES, source.sizeBytes), signal);
  if (beginsAsTiff(head)) {
    const { openGeotiff } = await import("../geotiff/open.ts");
    return await openGeotiff(source, name, { signal, ...(crs ? { crs } : {}) });
  }
  const { openHdf5Grids } = await import("./open_hdf5_grids.ts");
  try {
    return await openHdf5Grids(source, name, crs, options);
  } catch (error) {
    // Nothing is wrong with a whole file of another format, but that it is none of these.
    if (error instanceof GranaryError && error.details.format !== undefined) {
      throw inputError(error.message, { rule: "format" });
    }
    throw error;
  }
}
