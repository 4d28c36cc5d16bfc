/** Opens an HDF5 file with the reader that fits it. */
import { GranaryError } from "../../base/errors.ts";
import type { SyncSource } from "../../catalog/access/source.ts";
import type { Hdf5Dataset, Hdf5File, Hdf5Scalar, Hdf5Values, ReadRequest } from "./contract.ts";
import { requestPaths } from "./granule.ts";
import { selectGroups } from "./groups.ts";
import { openH5wasmFile } from "./h5wasm_file.ts";
import { UnsupportedHdf5 } from "./hdf5/cursor.ts";
import { type DirectFile, openDirectFile } from "./hdf5/direct_file.ts";

export type ReaderName = "auto" | "direct" | "h5wasm";

export interface OpenOptions {
  /** `auto` (default) reads directly and leaves what it cannot to libhdf5; the others are for comparison. */
  reader?: ReaderName;
  /**
   * What will be read, so that libhdf5 starts only where one of these datasets needs it. Without it the
   * whole file is looked through.
   */
  request?: ReadRequest;
}

/**
 * Opens `source` as HDF5; closing the file closes the source. Throws a granule error that names the file
 * and says what it is where it is empty, cut short, damaged or not HDF5.
 */
export async function openHdf5(source: SyncSource, options: OpenOptions = {}): Promise<Hdf5File> {
  const reader = options.reader ?? "auto";
  if (reader === "h5wasm") return await openH5wasmFile(source);
  let direct: DirectFile;
  try {
    direct = openDirectFile(source);
  } catch (error) {
    if (!(error instanceof UnsupportedHdf5)) throw error;
    if (reader === "direct") throw notRead(source.name, error);
    return await openH5wasmFile(source);
  }
  if (reader === "direct") return new AutoFile(direct, null);
  const needsLibrary = options.request === undefined
    ? unsupported(() => direct.readMetadata())
    : requestFails(direct, options.request);
  return new AutoFile(direct, needsLibrary ? await openH5wasmFile(source) : null);
}

/** The direct reader, with libhdf5 for what it does not read. */
class AutoFile implements Hdf5File {
  readonly name: string;
  readonly counters: DirectFile["counters"];
  readonly #direct: DirectFile;
  readonly #library: Hdf5File | null;

  constructor(direct: DirectFile, library: Hdf5File | null) {
    this.name = direct.name;
    this.counters = direct.counters;
    this.#direct = direct;
    this.#library = library;
  }

  list(groupPath: string): string[] | undefined {
    return this.#either(groupPath, (file) => file.list(groupPath));
  }

  dataset(path: string): Hdf5Dataset | undefined {
    const dataset = this.#either(path, (file) => file.dataset(path));
    if (dataset === undefined || this.#library === null) return dataset;
    return new AutoDataset(dataset, () => this.#library!.dataset(path)!);
  }

  attributes(path: string): Record<string, Hdf5Scalar | Hdf5Scalar[]> | undefined {
    return this.#either(path, (file) => file.attributes(path));
  }

  close(): void {
    this.#direct.close();
    this.#library?.close();
  }

  #either<T>(path: string, use: (file: Hdf5File) => T): T {
    try {
      return use(this.#direct);
    } catch (error) {
      if (!(error instanceof UnsupportedHdf5)) throw error;
      if (this.#library === null) throw notRead(`${this.name}: ${path}`, error);
      return use(this.#library);
    }
  }
}

/** A dataset whose chunk index or attributes may still turn out to need libhdf5. */
class AutoDataset implements Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly chunks: readonly number[] | null;
  readonly filters: readonly string[];
  readonly #first: Hdf5Dataset;
  readonly #second: () => Hdf5Dataset;

  constructor(first: Hdf5Dataset, second: () => Hdf5Dataset) {
    this.path = first.path;
    this.shape = first.shape;
    this.dtype = first.dtype;
    this.chunks = first.chunks;
    this.filters = first.filters;
    this.#first = first;
    this.#second = second;
  }

  get storedBytes(): number {
    return this.#either((dataset) => dataset.storedBytes);
  }

  attributes(): Record<string, Hdf5Scalar | Hdf5Scalar[]> {
    return this.#either((dataset) => dataset.attributes());
  }

  read(start: number, count: number): Hdf5Values {
    return this.#either((dataset) => dataset.read(start, count));
  }

  #either<T>(use: (dataset: Hdf5Dataset) => T): T {
    try {
      return use(this.#first);
    } catch (error) {
      if (!(error instanceof UnsupportedHdf5)) throw error;
      return use(this.#second());
    }
  }
}

/** Whether a dataset of the request, or the way to it, needs libhdf5. */
function requestFails(file: DirectFile, request: ReadRequest): boolean {
  return unsupported(() => {
    for (const group of selectGroups(file, request.groups)) {
      for (const path of requestPaths(request, group)) file.dataset(path)?.attributes();
    }
  });
}

function unsupported(look: () => void): boolean {
  try {
    look();
    return false;
  } catch (error) {
    if (error instanceof UnsupportedHdf5) return true;
    throw error;
  }
}

function notRead(what: string, error: UnsupportedHdf5): GranaryError {
  return new GranaryError("granule", `${what}: ${error.message} (open it with libhdf5)`, {
    cause: error,
    details: { feature: error.feature },
  });
}
