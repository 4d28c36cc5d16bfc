/** TIFF files made field by field, of either byte order and pointer size, for tests of readers. */

export type TiffValues =
  | { readonly type: "short" | "long" | "long8" | "double" | "byte"; readonly values: readonly number[] }
  | { readonly type: "ascii"; readonly text: string }
  /** Places and lengths of the directory's blocks, filled in by the maker. */
  | { readonly type: "offsets" }
  | { readonly type: "lengths" };

export interface TiffImageBytes {
  readonly fields: Readonly<Record<number, TiffValues>>;
  readonly blocks: readonly Uint8Array[];
}

export interface TiffForm {
  readonly littleEndian?: boolean;
  readonly bigTiff?: boolean;
  /** Bytes between the directories and the blocks. */
  readonly gap?: number;
}

const TYPES = { byte: 1, ascii: 2, short: 3, long: 4, double: 12, long8: 16 } as const;
const SIZES = { byte: 1, ascii: 1, short: 2, long: 4, double: 8, long8: 8 } as const;

/** Header, directories with their values, then blocks in order. An empty block is one that is not stored. */
export function tiffBytes(images: readonly TiffImageBytes[], form: TiffForm = {}): Uint8Array {
  const { littleEndian = true, bigTiff = false, gap = 0 } = form;
  const [headBytes, countBytes, entryBytes, pointerBytes] = bigTiff ? [16, 8, 20, 8] : [8, 2, 12, 4];
  const pointer = bigTiff ? "long8" : "long";
  const resolved = (places: number[][]) =>
    images.map(({ fields, blocks }, image) =>
      Object.entries(fields).map(([tag, field]): [number, keyof typeof TYPES, number[]] => {
        if (field.type === "offsets") return [Number(tag), pointer, places[image] ?? blocks.map(() => 0)];
        if (field.type === "lengths") return [Number(tag), "long", blocks.map(({ length }) => length)];
        if (field.type === "ascii") {
          return [Number(tag), "ascii", [...new TextEncoder().encode(field.text), 0]];
        }
        return [Number(tag), field.type, [...field.values]];
      }).sort(([a], [b]) => a - b)
    );
  const sizeOf = (entries: ReturnType<typeof resolved>[number]) =>
    countBytes + entries.length * entryBytes + pointerBytes +
    entries.reduce((sum, [, type, values]) => {
      const bytes = values.length * SIZES[type];
      return sum + (bytes > pointerBytes ? bytes + bytes % 2 : 0);
    }, 0);
  let end = headBytes;
  const starts = resolved([]).map((entries) => {
    const start = end;
    end += sizeOf(entries) + sizeOf(entries) % 2;
    return start;
  });
  end += gap;
  const places = images.map(({ blocks }) =>
    blocks.map(({ length }) => {
      const at = end;
      end += length;
      return length === 0 ? 0 : at;
    })
  );
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  const put = (at: number, type: keyof typeof TYPES, value: number) => {
    if (type === "short") view.setUint16(at, value, littleEndian);
    else if (type === "long") view.setUint32(at, value, littleEndian);
    else if (type === "long8") view.setBigUint64(at, BigInt(value), littleEndian);
    else if (type === "double") view.setFloat64(at, value, littleEndian);
    else view.setUint8(at, value);
  };
  bytes.set(new TextEncoder().encode(littleEndian ? "II" : "MM"));
  put(2, "short", bigTiff ? 43 : 42);
  if (bigTiff) put(4, "short", 8);
  put(bigTiff ? 8 : 4, pointer, headBytes);
  resolved(places).forEach((entries, image) => {
    let at = starts[image];
    if (bigTiff) put(at, "long8", entries.length);
    else put(at, "short", entries.length);
    at += countBytes;
    let outside = starts[image] + countBytes + entries.length * entryBytes + pointerBytes;
    for (const [tag, type, values] of entries) {
      put(at, "short", tag);
      put(at + 2, "short", TYPES[type]);
      put(at + 4, pointer, values.length);
      const size = values.length * SIZES[type];
      let to = at + 4 + pointerBytes;
      if (size > pointerBytes) {
        put(to, pointer, outside);
        to = outside;
        outside += size + size % 2;
      }
      values.forEach((value, i) => put(to + i * SIZES[type], type, value));
      at += entryBytes;
    }
    put(at, pointer, starts[image + 1] ?? 0);
    images[image].blocks.forEach((block, i) => {
      if (block.length > 0) bytes.set(block, places[image][i]);
    });
  });
  return bytes;
}

/** Fields of a plain image of one band in tiles, in UTM zone 15, cells of 10 m. */
export function plainFields(
  width: number,
  height: number,
  tile: number,
  bits = 8,
): Record<number, TiffValues> {
  const shorts = (...values: number[]): TiffValues => ({ type: "short", values });
  return {
    256: { type: "long", values: [width] },
    257: { type: "long", values: [height] },
    258: shorts(bits),
    259: shorts(1),
    262: shorts(1),
    277: shorts(1),
    322: shorts(tile),
    323: shorts(tile),
    324: { type: "offsets" },
    325: { type: "lengths" },
    33550: { type: "double", values: [10, 10, 0] },
    33922: { type: "double", values: [0, 0, 0, 500_000, 5_000_000, 0] },
    34735: shorts(1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32615),
  };
}
