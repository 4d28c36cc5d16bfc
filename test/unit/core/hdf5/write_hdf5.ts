/** HDF5 files written by libhdf5 itself, for tests of the readers. */

/** The parts of h5wasm's writing interface that the tests use. */
export interface Hdf5Writer {
  create_group(name: string): Hdf5Writer;
  create_dataset(options: {
    name: string;
    data: unknown;
    shape?: number[];
    dtype?: string;
    maxshape?: (number | null)[];
    chunks?: number[];
    compression?: number;
  }): Hdf5DatasetWriter;
  create_soft_link(target: string, name: string): number;
  create_external_link(file: string, target: string, name: string): number;
  create_attribute(name: string, data: unknown, shape?: number[] | null, dtype?: string): void;
  get(name: string): Hdf5DatasetWriter;
}

export interface Hdf5DatasetWriter {
  create_attribute(name: string, data: unknown, shape?: number[] | null, dtype?: string): void;
  resize(shape: number[]): number;
  write_slice(ranges: number[][], data: unknown): void;
}

/** The file formats that libhdf5 writes: superblocks 0, 2 and 3, layouts 3, 4 and 5. */
export const LIBRARY_VERSIONS = ["earliest", "v108", "v110", "latest"] as const;

let serial = 0;

/** The bytes of a file that `build` writes, in the format of a library version. */
export async function writeHdf5(
  build: (file: Hdf5Writer) => void,
  libver: (typeof LIBRARY_VERSIONS)[number] = "earliest",
): Promise<Uint8Array> {
  const h5wasm = await import("h5wasm");
  const { FS } = await h5wasm.ready as unknown as {
    FS: { readFile(path: string): Uint8Array; unlink(path: string): void };
  };
  const path = `/written-${serial++}.h5`;
  const bounds = libver === "earliest" ? undefined : { libver };
  const file = new h5wasm.File(path, "w", bounds);
  try {
    build(file as unknown as Hdf5Writer);
  } finally {
    file.close();
  }
  const bytes = FS.readFile(path).slice();
  FS.unlink(path);
  return bytes;
}
