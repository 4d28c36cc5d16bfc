/**
 * Headers of a cloud-optimized GeoTIFF: the TIFF header, GDAL's structural metadata behind it, and all
 * directories with their values, before any tile (TIFF 6.0; BigTIFF; GDAL's "Cloud Optimized GeoTIFF
 * structure"). Little-endian.
 */

/** Types of TIFF fields that are written. `offsets` are LONG, or LONG8 in a BigTIFF. */
export type Field =
  | { readonly tag: number; readonly type: "ascii"; readonly text: string }
  | { readonly tag: number; readonly type: "short" | "long" | "double"; readonly values: readonly number[] }
  /** One of each tile: the places of its bytes are not known when the size of the directory is. */
  | { readonly tag: number; readonly type: "offsets"; readonly values: Float64Array }
  | { readonly tag: number; readonly type: "counts"; readonly values: Uint32Array }
  /** Values of a file that exists, as they lie there. */
  | {
    readonly tag: number;
    readonly type: "raw";
    readonly code: number;
    readonly count: number;
    readonly bytes: Uint8Array;
  };

/** Fields ascend by tag. */
export type Directory = readonly Field[];

/** What GDAL reads behind the header to know the order of what follows. */
const STRUCTURE = "LAYOUT=IFDS_BEFORE_DATA\n" +
  "BLOCK_ORDER=ROW_MAJOR\n" +
  "BLOCK_LEADER=SIZE_AS_UINT4\n" +
  "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n" +
  // One blank makes room for a writer that breaks the order to say so.
  "KNOWN_INCOMPATIBLE_EDITION=NO\n ";

const GHOST = `GDAL_STRUCTURAL_METADATA_SIZE=${
  String(STRUCTURE.length).padStart(6, "0")
} bytes\n${STRUCTURE}`;

const CODES = { ascii: 2, short: 3, long: 4, double: 12, long8: 16 } as const;

interface Sizes {
  readonly big: boolean;
  readonly header: number;
  /** Of the count of entries, of an entry, of an offset. */
  readonly count: number;
  readonly entry: number;
  readonly offset: number;
}

const CLASSIC: Sizes = { big: false, header: 8, count: 2, entry: 12, offset: 4 };
const BIG: Sizes = { big: true, header: 16, count: 8, entry: 20, offset: 8 };

/** Bytes before the first tile. It depends on counts only, never on what `offsets` hold. */
export function headerBytes(directories: readonly Directory[], big: boolean): number {
  return placesOf(directories, big ? BIG : CLASSIC).end;
}

/** The bytes before the first tile. */
export function writeHeader(directories: readonly Directory[], big: boolean): Uint8Array {
  const sizes = big ? BIG : CLASSIC;
  const { places, end } = placesOf(directories, sizes);
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, big ? 43 : 42, 0]);
  if (big) view.setUint16(4, 8, true);
  writeOffset(view, big ? 8 : 4, places[0], sizes);
  bytes.set(utf8(GHOST), sizes.header);
  directories.forEach((directory, i) =>
    writeDirectory(view, directory, places[i], i + 1 < places.length ? places[i + 1] : 0, sizes)
  );
  return bytes;
}

function placesOf(directories: readonly Directory[], sizes: Sizes): { places: number[]; end: number } {
  const places: number[] = [];
  let at = even(sizes.header + GHOST.length);
  for (const directory of directories) {
    places.push(at);
    at = even(at + entriesBytes(directory, sizes));
    for (const field of directory) at = placeOf(field, at, sizes).end;
    at = even(at);
  }
  return { places, end: at };
}

function entriesBytes(directory: Directory, { count, entry, offset }: Sizes): number {
  return count + directory.length * entry + offset;
}

/** Where a field's values lie when they are put at `at` or after; `start` is null where they fit its entry. */
function placeOf(field: Field, at: number, sizes: Sizes): { start: number | null; end: number } {
  const bytes = valueBytes(field, sizes);
  if (bytes <= sizes.offset) return { start: null, end: at };
  const long = field.type === "double" || field.type === "raw" || (field.type === "offsets" && sizes.big);
  const start = long ? align(at, 8) : even(at);
  return { start, end: start + bytes };
}

function valueBytes(field: Field, { offset }: Sizes): number {
  switch (field.type) {
    case "ascii":
      return utf8(field.text).length + 1;
    case "short":
      return field.values.length * 2;
    case "long":
    case "counts":
      return field.values.length * 4;
    case "double":
      return field.values.length * 8;
    case "offsets":
      return field.values.length * offset;
    case "raw":
      return field.bytes.length;
  }
}

function writeDirectory(view: DataView, directory: Directory, at: number, next: number, sizes: Sizes): void {
  const { big, count, entry } = sizes;
  if (big) view.setBigUint64(at, BigInt(directory.length), true);
  else view.setUint16(at, directory.length, true);
  let free = even(at + entriesBytes(directory, sizes));
  directory.forEach((field, i) => {
    const place = at + count + i * entry;
    view.setUint16(place, field.tag, true);
    view.setUint16(place + 2, codeOf(field, big), true);
    const length = countOf(field, sizes);
    if (big) view.setBigUint64(place + 4, BigInt(length), true);
    else view.setUint32(place + 4, length, true);
    const { start, end } = placeOf(field, free, sizes);
    const slot = place + (big ? 12 : 8);
    if (start !== null) writeOffset(view, slot, start, sizes);
    writeValues(view, start ?? slot, field, sizes);
    free = end;
  });
  writeOffset(view, at + count + directory.length * entry, next, sizes);
}

function countOf(field: Field, sizes: Sizes): number {
  if (field.type === "raw") return field.count;
  return field.type === "ascii" ? valueBytes(field, sizes) : field.values.length;
}

function codeOf(field: Field, big: boolean): number {
  if (field.type === "raw") return field.code;
  if (field.type === "offsets") return big ? CODES.long8 : CODES.long;
  return field.type === "counts" ? CODES.long : CODES[field.type];
}

function writeValues(view: DataView, at: number, field: Field, sizes: Sizes): void {
  switch (field.type) {
    case "ascii":
      new Uint8Array(view.buffer).set(utf8(field.text), at);
      return;
    case "short":
      field.values.forEach((value, i) => view.setUint16(at + i * 2, value, true));
      return;
    case "long":
    case "counts":
      field.values.forEach((value, i) => view.setUint32(at + i * 4, value, true));
      return;
    case "double":
      field.values.forEach((value, i) => view.setFloat64(at + i * 8, value, true));
      return;
    case "offsets":
      field.values.forEach((value, i) => writeOffset(view, at + i * sizes.offset, value, sizes));
      return;
    case "raw":
      new Uint8Array(view.buffer).set(field.bytes, at);
      return;
  }
}

function writeOffset(view: DataView, at: number, value: number, { big }: Sizes): void {
  if (big) view.setBigUint64(at, BigInt(value), true);
  else view.setUint32(at, value, true);
}

const even = (at: number): number => align(at, 2);

function align(at: number, bytes: number): number {
  return Math.ceil(at / bytes) * bytes;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
