/** Opens an HDF5 file with the reader that fits it. */
import { GranaryError } from "../errors.ts";
import type { SyncSource } from "../access/source.ts";
import type {
  DatasetRows,
  DatasetWindow,
  ElementPlace,
  Hdf5Dataset,
  Hdf5File,
  Hdf5Scalar,
  Hdf5Values,
  Room,
} from "../hdf5/contract.ts";
import type { ReadRequest } from "./contract.ts";
import { linkedTemplates, requestPaths } from "./granule.ts";
import { datasetPath, selectGroups } from "./groups.ts";
import { openH5wasmFile, openWith } from "../hdf5/fallback/h5wasm_file.ts";
import { runningLibhdf5, startLibhdf5 } from "../hdf5/fallback/h5wasm_module.ts";
import { UnsupportedHdf5 } from "../hdf5/direct/cursor.ts";
import { type DirectFile, openDirectFile } from "../hdf5/direct/direct_file.ts";

export type ReaderName = "auto" | "direct" | "h5wasm";

interface OpenOptions {
  /** `auto` (default) reads directly and leaves what it cannot to libhdf5; the others are for comparison. */
  reader?: ReaderName;
  /**
   * What will be read: libhdf5, which takes a quarter of a second to start, then starts only where one of
   * these datasets needs it. Without it the whole file's metadata is looked through.
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
  if (runningLibhdf5() === undefined && needsLibrary(direct, options.request)) await startLibhdf5();
  return new AutoFile(direct, source);
}

/** The direct reader, with libhdf5 (where it runs) for what it does not read. */
class AutoFile implements Hdf5File {
  readonly name: string;
  readonly counters: DirectFile["counters"];
  readonly #direct: DirectFile;
  /** What libhdf5 may open; null where it must not. */
  readonly #source: SyncSource | null;
  #library: Hdf5File | undefined;

  constructor(direct: DirectFile, source: SyncSource | null) {
    this.name = direct.name;
    this.counters = direct.counters;
    this.#direct = direct;
    this.#source = source;
  }

  list(groupPath: string): string[] | undefined {
    return this.#either(groupPath, (file) => file.list(groupPath));
  }

  dataset(path: string): Hdf5Dataset | undefined {
    return this.#either(path, (file) => {
      const dataset = file.dataset(path);
      return dataset &&
        new AutoDataset(dataset, (use) => this.#either(path, (file) => use(file.dataset(path)!)));
    });
  }

  attributes(path: string): Record<string, Hdf5Scalar | Hdf5Scalar[]> | undefined {
    return this.#either(path, (file) => file.attributes(path));
  }

  linkOut(path: string): string | undefined {
    return this.#either(path, (file) => file.linkOut(path));
  }

  datasets(): string[] {
    return this.#either("/", (file) => file.datasets());
  }

  dimensionScales(path: string): string[][] | undefined {
    return this.#either(path, (file) => file.dimensionScales(path));
  }

  references(path: string, attribute: string): (string | null)[] | undefined {
    return this.#either(path, (file) => file.references(path, attribute));
  }

  prefetch(reads: readonly (DatasetRows | DatasetWindow)[]): void {
    const direct = reads.filter(({ path }) =>
      this.#either(path, (file) => {
        if (file !== this.#direct) return false;
        this.#direct.dataset(path)?.checkReadable();
        return true;
      })
    );
    this.#direct.prefetch(direct);
  }

  close(): void {
    this.#library?.close();
    this.#direct.close();
  }

  #either<T>(path: string, use: (file: Hdf5File) => T): T {
    try {
      return use(this.#direct);
    } catch (error) {
      if (!(error instanceof UnsupportedHdf5)) throw error;
      const running = runningLibhdf5();
      if (this.#source === null || running === undefined) throw notRead(`${this.name}: ${path}`, error);
      this.#library ??= openWith(running, this.#source);
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
  readonly #either: <T>(use: (dataset: Hdf5Dataset) => T) => T;

  constructor(
    { path, shape, dtype, chunks, filters }: Hdf5Dataset,
    either: <T>(use: (dataset: Hdf5Dataset) => T) => T,
  ) {
    this.path = path;
    this.shape = shape;
    this.dtype = dtype;
    this.chunks = chunks;
    this.filters = filters;
    this.#either = either;
  }

  get fillValue(): number | bigint | null {
    return this.#either((dataset) => dataset.fillValue);
  }

  attributeTypes(): Record<string, string> {
    return this.#either((dataset) => dataset.attributeTypes?.() ?? {});
  }

  get storedBytes(): number {
    return this.#either((dataset) => dataset.storedBytes);
  }

  attributes(): Record<string, Hdf5Scalar | Hdf5Scalar[]> {
    return this.#either((dataset) => dataset.attributes());
  }

  read(start: number, count: number, room?: Room): Hdf5Values {
    return this.#either((dataset) => dataset.read(start, count, room));
  }

  readWindow(start: readonly number[], count: readonly number[]): Hdf5Values {
    return this.#either((dataset) => dataset.readWindow(start, count));
  }

  readWindowTo(start: readonly number[], count: readonly number[], place: ElementPlace): boolean {
    return this.#either((dataset) => dataset.readWindowTo?.(start, count, place) ?? false);
  }

  readText(start?: readonly number[], count?: readonly number[]): string[] {
    return this.#either((dataset) => dataset.readText(start, count));
  }
}

/** Whether what will be read, or the way to it, needs libhdf5. */
function needsLibrary(file: DirectFile, request: ReadRequest | undefined): boolean {
  try {
    if (request === undefined) return file.readMetadata();
    for (const group of selectGroups(file, request.groups)) {
      const linked = linkedTemplates(request).flatMap(({ path, link }) =>
        link.kind === "ranges" ? [link.begin, link.count, path] : [path]
      );
      const paths = linked.map((template) => datasetPath(template, group).path);
      for (const path of [...requestPaths(request, group), ...paths]) {
        const dataset = file.dataset(path);
        dataset?.attributes();
        if (dataset?.needsLibrary()) return true;
      }
    }
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
