/**
 * An HDF5 file by libhdf5 (h5wasm): reads whatever libhdf5 reads, about half as fast as the direct
 * reader, and the reference in its tests.
 */
import { GranaryError } from "../../errors.ts";
import type { SyncSource } from "../../access/source.ts";
import { cachedSource } from "../../access/sync_block_cache.ts";
import type { Hdf5Dataset, Hdf5File, Hdf5Scalar, Hdf5Values } from "../contract.ts";
import { type ElementType, elementType, numpyName, typedArrayOver } from "../elements.ts";
import { decodeText } from "../direct/cursor.ts";
import { type Libhdf5, startLibhdf5, type TypeMetadata } from "./h5wasm_module.ts";
import { checkReadSize, checkRows, checkWindow } from "../limits.ts";
import { findSuperblock } from "../signature.ts";
import { TYPE_CLASSES } from "../type_classes.ts";

/** H5G_obj_t. */
const GROUP = 0;
const DATASET = 1;

/** Groups within groups, and datasets, that one file is searched for: hard links may form a circle. */
const MOST_DEPTH = 32;
const MOST_DATASETS = 200_000;

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

  linkOut(path: string): string | undefined {
    const { module } = this.#lib;
    const parts = path.split("/").filter((part) => part !== "");
    for (let i = 1; i <= parts.length; i += 1) {
      const at = `/${parts.slice(0, i).join("/")}`;
      const { filename, obj_path } = module.get_external_link(this.#id, at);
      if (filename !== undefined) {
        return `a link to ${obj_path || "an object"} in the file ${filename}, which is not followed`;
      }
      const target = module.get_symbolic_link(this.#id, at);
      if (target !== null && target !== "" && ![GROUP, DATASET].includes(this.#kind(at))) {
        return `a soft link to ${target}, which is not there`;
      }
    }
    return undefined;
  }

  datasets(): string[] {
    const paths: string[] = [];
    const walk = (group: string, depth: number): void => {
      if (depth > MOST_DEPTH) {
        throw new GranaryError(
          "granule",
          `${this.name}: groups lie more than ${MOST_DEPTH} deep at ${group}`,
        );
      }
      for (const name of this.list(group || "/") ?? []) {
        const path = `${group}/${name}`;
        if (this.#lib.module.get_symbolic_link(this.#id, path) !== null) continue;
        const kind = this.#kind(path);
        if (kind === DATASET) paths.push(path);
        else if (kind === GROUP) walk(path, depth + 1);
        if (paths.length > MOST_DATASETS) {
          throw new GranaryError("granule", `${this.name}: has more than ${MOST_DATASETS} datasets`);
        }
      }
    };
    walk("", 0);
    return paths.sort();
  }

  dimensionScales(path: string): string[][] | undefined {
    if (this.#kind(path) !== DATASET) return undefined;
    const { module } = this.#lib;
    return this.#lib.call(this.name, `find the dimension scales of ${path}`, () => {
      const { shape } = module.get_dataset_metadata(this.#id, path);
      return (shape ?? []).map((_, axis) => [...module.get_attached_scales(this.#id, path, axis)]);
    });
  }

  references(path: string, attribute: string): (string | null)[] | undefined {
    const kind = this.#kind(path);
    if (kind !== GROUP && kind !== DATASET) return undefined;
    const { module, h5wasm } = this.#lib;
    return this.#lib.call(this.name, `read the attribute ${attribute} of ${path}`, () => {
      if (![...module.get_attribute_names(this.#id, path)].includes(attribute)) return undefined;
      const { value } = new h5wasm.Attribute(this.#id, path, attribute);
      const found = [value].flat(2) as unknown[];
      if (!found.every((one): one is { ref_data: Uint8Array } => one instanceof h5wasm.Reference)) {
        return undefined;
      }
      return found.map(({ ref_data }) => module.get_referenced_name(this.#id, ref_data, true) || null);
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
  /** h5wasm has no call for it. */
  readonly fillValue = null;
  readonly attributes: () => Record<string, Hdf5Scalar | Hdf5Scalar[]>;
  readonly #lib: Libhdf5;
  readonly #source: SyncSource;
  readonly #file: bigint;
  readonly #element: ElementType | undefined;
  readonly #elementBytes: number;
  readonly #variable: boolean;

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
    this.#elementBytes = metadata.size;
    this.#variable = metadata.vlen;
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

  attributeTypes(): Record<string, string> {
    return this.#lib.call(this.#source.name, `read the attributes of ${this.path}`, () => {
      const types: Record<string, string> = {};
      for (const name of this.#lib.module.get_attribute_names(this.#file, this.path)) {
        const { metadata } = new this.#lib.h5wasm.Attribute(this.#file, this.path, name);
        const element = elementOf(metadata as TypeMetadata);
        if (element !== undefined) types[name] = numpyName(element);
      }
      return types;
    });
  }

  read(start: number, count: number): Hdf5Values {
    const { shape } = this;
    checkRows(this.#source.name, this.path, shape, start, count);
    return this.#readNumbers(
      shape.map((_, axis) => axis === 0 ? start : 0),
      shape.map((n, axis) => axis === 0 ? count : n),
    );
  }

  readWindow(start: readonly number[], count: readonly number[]): Hdf5Values {
    checkWindow(this.#source.name, this.path, this.shape, start, count);
    return this.#readNumbers(start, count);
  }

  readText(
    start: readonly number[] = this.shape.map(() => 0),
    count: readonly number[] = this.shape,
  ): string[] {
    const { path, shape } = this;
    const { name } = this.#source;
    if (this.dtype !== "string") {
      throw new GranaryError("granule", `${name}: ${path} holds ${this.dtype} values (wanted text)`, {
        details: { name, path, dtype: this.dtype },
      });
    }
    checkWindow(name, path, shape, start, count);
    const elements = count.reduce((product, n) => product * n, 1);
    if (elements === 0) return [];
    if (!this.#variable) {
      const bytes = this.#readBytes(start, count, this.#elementBytes);
      return Array.from(
        { length: elements },
        (_, i) => decodeText(bytes.subarray(i * this.#elementBytes, (i + 1) * this.#elementBytes)),
      );
    }
    checkReadSize(this.#source, path, elements * this.#elementBytes);
    const texts = this.#lib.call(name, `read ${path}`, () => {
      const ranges = start.map((from, axis): [number, number] => [from, from + count[axis]]);
      return new this.#lib.h5wasm.Dataset(this.#file, path).slice(ranges);
    });
    return [texts].flat() as string[];
  }

  #readNumbers(start: readonly number[], count: readonly number[]): Hdf5Values {
    const { path } = this;
    const name = this.#source.name;
    const element = this.#element;
    if (element === undefined) {
      throw new GranaryError(
        "granule",
        `${name}: ${path} holds ${this.dtype} values (wanted numbers; name another dataset)`,
        { details: { name, path, dtype: this.dtype } },
      );
    }
    // libhdf5 was asked for little-endian values of the same kind; every platform here is little-endian.
    return typedArrayOver(element, this.#readBytes(start, count, element.size));
  }

  #readBytes(start: readonly number[], count: readonly number[], elementBytes: number): Uint8Array {
    const { path } = this;
    const { name } = this.#source;
    const bytes = count.reduce((product, n) => product * n, elementBytes);
    checkReadSize(this.#source, path, bytes);
    if (bytes === 0) return new Uint8Array(0);
    const { module } = this.#lib;
    const pointer = this.#lib.call(
      name,
      `allocate ${bytes} bytes`,
      () => module._malloc(bytes),
      (p) => p === 0,
    );
    try {
      this.#lib.call(
        name,
        `read ${path}`,
        () =>
          count.length === 0
            ? module.get_dataset_data(this.#file, path, null, null, null, BigInt(pointer))
            : module.get_dataset_data(
              this.#file,
              path,
              count.map(BigInt),
              start.map(BigInt),
              count.map(() => 1n),
              BigInt(pointer),
            ),
        (status) => status < 0,
      );
      return module.HEAPU8.slice(pointer, pointer + bytes);
    } finally {
      module._free(pointer);
    }
  }
}

/** Integers, enumerations (as their integers), bit fields and floats of 2, 4 and 8 bytes. */
function elementOf(metadata: TypeMetadata): ElementType | undefined {
  const kind = TYPE_CLASSES[metadata.type];
  if (kind === "enum" && metadata.enum_type?.type !== 0) return undefined;
  return elementType(
    kind === "float"
      ? "float"
      : kind === "integer" || kind === "enum" || kind === "bitfield"
      ? "integer"
      : "other",
    metadata.size,
    metadata.signed && kind !== "bitfield",
    metadata.littleEndian,
  );
}
