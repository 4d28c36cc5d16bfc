/** The two ways in which clients ask for data: files of bands, and files of variables with dimensions. */
import type { PartFit } from "../area/part_output.ts";
import { RASTERIO, rasterioReading, type Reading, XARRAY, xarrayReading } from "../parameters/reading.ts";

interface BackendOf<Schema extends typeof RASTERIO | typeof XARRAY> {
  readonly name: "rasterio" | "xarray";
  /** What says what is read of a granule. */
  readonly schema: Schema;
  /** A granule's share of empty pixels that counts as full, unless stated. */
  readonly tolerance: number;
  /** How a part lies whose size nobody asks for. */
  readonly fit: PartFit;
  reading(parameters: Schema["_output"]): Reading;
}

export type Backend = BackendOf<typeof RASTERIO> | BackendOf<typeof XARRAY>;

const RASTERIO_BACKEND: BackendOf<typeof RASTERIO> = {
  name: "rasterio",
  schema: RASTERIO,
  tolerance: 0.01,
  fit: "aligned",
  reading: rasterioReading,
};

const XARRAY_BACKEND: BackendOf<typeof XARRAY> = {
  name: "xarray",
  schema: XARRAY,
  tolerance: 0,
  fit: "box",
  reading: xarrayReading,
};

export const BACKENDS: readonly Backend[] = [RASTERIO_BACKEND, XARRAY_BACKEND];
