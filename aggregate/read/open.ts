/** Opens an HDF5 file with the reader that fits it. */
import type { SyncSource } from "../../catalog/access/source.ts";
import type { Hdf5File } from "./contract.ts";
import { openH5wasmFile } from "./h5wasm_file.ts";

/**
 * Opens `source` as HDF5; closing the file closes the source. Throws a granule error that names the file
 * and says what it is where it is empty, cut short or not HDF5.
 */
export async function openHdf5(source: SyncSource): Promise<Hdf5File> {
  return await openH5wasmFile(source);
}
