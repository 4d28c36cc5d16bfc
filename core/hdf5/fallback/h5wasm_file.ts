/**
 * An HDF5 file by libhdf5 (h5wasm): reads whatever libhdf5 reads, about half as fast as the direct
 * reader, and is its judge in tests.
 */
import { GranaryError } from "../../errors.ts";
import type { SyncSource } from "../../access/source.ts";
import { cachedSource } from "../../access/sync_block_cache.ts";
import type { Hdf5Dataset, Hdf5File, Hdf5Scalar, Hdf5Values } from "../contract.ts";
import { type ElementType, elementType, numpyName, typedArrayOver } from "../elements.ts";
import { decodeText } from "../direct/cursor.ts";
import { type Libhdf5, startLibhdf5, type TypeMetadata } from "./h5wasm_module.ts";
import { checkReadSize, checkRows } from "../limits.ts";
import { findSuperblock } from "../signature.ts";

/** H5G_obj_t. */
const GROUP = 0;
const DATASET = 1;

/** H5T_class_t. */
const TYPE_CLASSES = [
  "integer",
  "float",
  "time",
  "string",
  "bitfield",
  "opaque",
  "compound",
  "reference",
  "enum",
  "vlen",
  "array",
];

/** Filter ids as their names in the contract. */
const FILTER_NAMES: Readonly<Record<number, string>> = {
  2: "shuffle",
  3: "fletcher32",
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
};

/**
 * Opens `source` with libhdf5. Attributes and values of other types than numbers and strings are not
 * given; `storedBytes` is NaN for chunked datasets, because h5wasm has no call for it. Throws a granule
 * error that names the file.
 */
export async function openH5wasmFile(source: SyncSource): Promise<Hdf5File> {
  findSuperblock(source);
  return openWith(await startLibhdf5(), source);
}

/** As {@linkcode openH5wasmFile}, with a libhdf5 that runs. */
export function openWith(lib: Libhdf5, source: SyncSource): Hdf5File {
  return new H5wasmFile(lib, source);
}

class H5wasmFile implements Hdf5File {
  readonly name: string;
  readonly #lib: Libhdf5;
  readonly #source: SyncSource;
  readonly #id: bigint;
  readonly #unmount: () => void;
  #open = true;

  constructor(lib: Libhdf5, source: SyncSource) {
    this.name = source.name;
    this.#lib = lib;
    this.#source = source;
    const { path, unmount } = lib.mount(cachedSource(source));
    this.#unmount = unmount;
    try {
      this.#id = lib.call(
        this.name,
        "open the file",
        () => lib.module.open(path, lib.module.H5F_ACC_RDONLY),
        (id) => id < 0n,
      );
    } catch (error) {
      unmount();
      throw error;
    }
  }

  list(groupPath: string): string[] | undefined {
    if (this.#kind(groupPath) !== GROUP) return undefined;
    const names = this.#lib.call(
      this.name,
      `list ${groupPath}`,
      () => this.#lib.module.get_names(this.#id, groupPath, false),
    );
    return [...names].sort();
  }

  dataset(path: string): Hdf5Dataset | undefined {
    if (this.#kind(path) !== DATASET) return undefined;
    return new H5wasmDataset(this.#lib, this.#source, this.#id, path, () => this.attributes(path) ?? {});
  }

  attributes(path: string): Record<string, Hdf5Scalar | Hdf5Scalar[]> | undefined {
    const kind = this.#kind(path);
    if (kind !== GROUP && kind !== DATASET) return undefined;
    return this.#lib.call(this.name, `read the attributes of ${path}`, () => {
      const attributes: Record<string, Hdf5Scalar | Hdf5Scalar[]> = {};
      for (const name of this.#lib.module.get_attribute_names(this.#id, path)) {
        const attribute = new this.#lib.h5wasm.Attribute(this.#id, path, name);
        const kind = TYPE_CLASSES[attribute.metadata.type];
        const known = kind === "string" || elementOf(attribute.metadata as TypeMetadata) !== undefined;
        if (!known || attribute.shape === null) continue;
        const value = kind === "string" && !attribute.metadata.vlen
          ? this.#fixedText(path, name, attribute.metadata as TypeMetadata)
          : attribute.value;
        attributes[name] = ArrayBuffer.isView(value) || Array.isArray(value)
          ? [...(value as unknown as Iterable<Hdf5Scalar>)]
          : value as Hdf5Scalar;
      }
      return attributes;
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#lib.module.close_file(this.#id);
    this.#unmount();
    this.#source.close();
  }

  /** Fixed-length text: products declare ASCII and write UTF-8, so it is decoded from its bytes. */
  #fixedText(path: string, name: string, { size, total_size, shape }: TypeMetadata): string | string[] {
    const { module } = this.#lib;
    const bytes = size * total_size;
    const pointer = module._malloc(bytes);
    if (pointer === 0) throw new Error(`no memory for ${bytes} bytes`);
    try {
      module.get_attribute_data(this.#id, path, name, BigInt(pointer));
      const texts: string[] = [];
      for (let at = pointer; at < pointer + bytes; at += size) {
        texts.push(decodeText(module.HEAPU8.slice(at, at + size)));
      }
      return shape!.length === 0 ? texts[0] : texts;
    } finally {
      module._free(pointer);
    }
  }

  #kind(path: string): number {
    if (!this.#open) throw new Error(`${this.name}: read after close`);
    return this.#lib.call(this.name, `look up ${path}`, () => this.#lib.module.get_type(this.#id, path));
  }
}

class H5wasmDataset implements Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly chunks: readonly number[] | null;
  readonly filters: readonly string[];
  readonly storedBytes: number;
  readonly attributes: () => Record<string, Hdf5Scalar | Hdf5Scalar[]>;
  readonly #lib: Libhdf5;
  readonly #source: SyncSource;
  readonly #file: bigint;
  readonly #element: ElementType | undefined;

  constructor(
    lib: Libhdf5,
    source: SyncSource,
    file: bigint,
    path: string,
    attributes: () => Record<string, Hdf5Scalar | Hdf5Scalar[]>,
  ) {
    const metadata = lib.call(
      source.name,
      `open ${path}`,
      () => lib.module.get_dataset_metadata(file, path),
    );
    const filters = lib.call(source.name, `open ${path}`, () => lib.module.get_dataset_filters(file, path));
    this.#lib = lib;
    this.#source = source;
    this.#file = file;
    this.#element = elementOf(metadata);
    this.path = path;
    this.shape = metadata.shape ?? [0];
    this.dtype = this.#element ? numpyName(this.#element) : TYPE_CLASSES[metadata.type] ?? "unknown";
    this.chunks = metadata.chunks;
    this.filters = filters.map(({ id, name, cd_values }) =>
      id === 1 ? `deflate(${cd_values[0]})` : FILTER_NAMES[id] ?? (name || `filter ${id}`)
    );
    this.storedBytes = metadata.chunks ? NaN : metadata.size * metadata.total_size;
    this.attributes = attributes;
  }

  read(start: number, count: number): Hdf5Values {
    const { shape, path } = this;
    const name = this.#source.name;
    const element = this.#element;
    if (element === undefined) {
      throw new GranaryError(
        "granule",
        `${name}: ${path} holds ${this.dtype} values (wanted numbers; name another dataset)`,
        { details: { name, path, dtype: this.dtype } },
      );
    }
    checkRows(name, path, shape, start, count);
    const inner = shape.slice(1).reduce((product, n) => product * n, 1);
    const bytes = count * inner * element.size;
    checkReadSize(this.#source, path, bytes);
    if (bytes === 0) return typedArrayOver(element, new ArrayBuffer(0));
    const { module } = this.#lib;
    const pointer = this.#lib.call(
      name,
      `allocate ${bytes} bytes`,
      () => module._malloc(bytes),
      (p) => p === 0,
    );
    try {
      const rank = shape.length;
      const dims = shape.map((n, axis) => BigInt(axis === 0 ? count : n));
      const from = shape.map((_, axis) => BigInt(axis === 0 ? start : 0));
      this.#lib.call(
        name,
        `read ${path}`,
        () =>
          rank === 0
            ? module.get_dataset_data(this.#file, path, null, null, null, BigInt(pointer))
            : module.get_dataset_data(this.#file, path, dims, from, shape.map(() => 1n), BigInt(pointer)),
        (status) => status < 0,
      );
      // libhdf5 was asked for little-endian values of the same kind; every platform here is little-endian.
      return typedArrayOver(element, module.HEAPU8.slice(pointer, pointer + bytes).buffer as ArrayBuffer);
    } finally {
      module._free(pointer);
    }
  }
}

/** Integers, enumerations (as their integers) and floats of 4 and 8 bytes. */
function elementOf(metadata: TypeMetadata): ElementType | undefined {
  const kind = TYPE_CLASSES[metadata.type];
  if (kind === "enum" && metadata.enum_type?.type !== 0) return undefined;
  return elementType(
    kind === "float" ? "float" : kind === "integer" || kind === "enum" ? "integer" : "other",
    metadata.size,
    metadata.signed,
    metadata.littleEndian,
  );
}
