/** One image of a TIFF: its size, its elements, and how its blocks lie. */
import { elementBytes } from "../element_types.ts";
import type { GridDtype } from "../raster/grid.ts";
import { damagedTiff } from "./damaged.ts";
import { isDecoded } from "./decode/decode_block.ts";
import type { BlockLayout } from "./decode/layout.ts";
import type { TiffField } from "./fields.ts";
import { Refusal } from "./refusal.ts";
import { COMPRESSION, compressionName, PHOTOMETRIC, TAG } from "./tags.ts";
import type { TiffDirectory, TiffFile } from "./tiff_file.ts";

/** Bytes of a decoded block; a strip may be a whole image. */
const LARGEST_BLOCK = 2 ** 30;
const LONGEST_SIDE = 2 ** 31 - 1;
const MOST_SAMPLES = 65_535;

export interface TiffImage {
  readonly directory: TiffDirectory;
  /** NewSubfileType's bits: see `REDUCED` and `MASK`. */
  readonly subfileType: number;
  readonly width: number;
  readonly height: number;
  readonly tiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** Blocks in a row, rows of blocks. */
  readonly across: number;
  readonly down: number;
  /** All samples of a cell, whether or not they lie side by side. */
  readonly samples: number;
  /** Whether each sample has blocks of its own: all of the first, then all of the second. */
  readonly separate: boolean;
  readonly bits: number;
  /** TIFF's SampleFormat. */
  readonly format: number;
  readonly compression: number;
  readonly predictor: number;
  readonly photometric: number;
  readonly extraSamples: readonly number[];
  readonly offsets: TiffField;
  readonly byteCounts: TiffField;
}

/** Reads what a directory says of its image. Throws for what contradicts itself. */
export async function describeImage(
  file: TiffFile,
  directory: TiffDirectory,
  signal?: AbortSignal,
): Promise<TiffImage> {
  const { name } = file.source;
  await file.fetch(directory, signal);
  const number = async (tag: number, otherwise: number) =>
    await file.number(directory, tag, signal) ?? otherwise;
  const width = await number(TAG.ImageWidth, 0);
  const height = await number(TAG.ImageLength, 0);
  if (!(width > 0 && height > 0 && width <= LONGEST_SIDE && height <= LONGEST_SIDE)) {
    throw damagedTiff(name, `its image is ${width} x ${height}`);
  }
  const samples = await number(TAG.SamplesPerPixel, 1);
  if (!(samples > 0 && samples <= MOST_SAMPLES)) throw damagedTiff(name, `a cell has ${samples} samples`);
  const tiled = directory.fields.has(TAG.TileWidth) || directory.fields.has(TAG.TileOffsets);
  const blockWidth = tiled ? await number(TAG.TileWidth, 0) : width;
  const rows = tiled ? await number(TAG.TileLength, 0) : await number(TAG.RowsPerStrip, height);
  const blockHeight = tiled ? rows : Math.min(rows, height);
  if (!(blockWidth > 0 && blockHeight > 0)) {
    throw damagedTiff(name, `its blocks are ${blockWidth} x ${blockHeight}`);
  }
  const across = Math.ceil(width / blockWidth), down = Math.ceil(height / blockHeight);
  const separate = samples > 1 && await number(TAG.PlanarConfiguration, 1) === 2;
  const offsets = directory.fields.get(tiled ? TAG.TileOffsets : TAG.StripOffsets);
  const byteCounts = directory.fields.get(tiled ? TAG.TileByteCounts : TAG.StripByteCounts);
  const blocks = across * down * (separate ? samples : 1);
  if (offsets === undefined || byteCounts === undefined) {
    throw damagedTiff(name, "its directory does not say where its blocks lie");
  }
  for (const field of [offsets, byteCounts]) {
    if (field.count < blocks || field.offset + field.sizeBytes > file.source.sizeBytes) {
      throw damagedTiff(name, `it has places of ${field.count} blocks and ${blocks} blocks`);
    }
  }
  const bits = await file.numbers(directory, TAG.BitsPerSample, signal) ?? [1];
  const formats = await file.numbers(directory, TAG.SampleFormat, signal) ?? [1];
  if (bits.some((each) => each !== bits[0]) || formats.some((each) => each !== formats[0])) {
    throw new Refusal("dtype", `its bands have different types (bits ${[...new Set(bits)].join(", ")})`);
  }
  return {
    directory,
    subfileType: await number(TAG.NewSubfileType, 0),
    width,
    height,
    tiled,
    blockWidth,
    blockHeight,
    across,
    down,
    samples,
    separate,
    bits: bits[0],
    format: formats[0] === 4 ? 1 : formats[0],
    compression: await number(TAG.Compression, 1),
    predictor: await number(TAG.Predictor, 1),
    photometric: await number(TAG.PhotometricInterpretation, 1),
    extraSamples: await file.numbers(directory, TAG.ExtraSamples, signal) ?? [],
    offsets,
    byteCounts,
  };
}

/** By SampleFormat (1 unsigned, 2 signed, 3 floating point) and bits. */
const DTYPES: Readonly<Record<string, GridDtype>> = {
  "1:1": "uint8",
  "1:2": "uint8",
  "1:4": "uint8",
  "1:8": "uint8",
  "1:16": "uint16",
  "1:32": "uint32",
  "2:8": "int8",
  "2:16": "int16",
  "2:32": "int32",
  "3:32": "float32",
  "3:64": "float64",
};

const FORMATS: Readonly<Record<number, string>> = {
  1: "unsigned integers",
  2: "signed integers",
  3: "floating point",
  5: "complex integers",
  6: "complex floating point",
};

/** The element type. Throws a refusal for one that grids don't have. */
function dtypeOf({ format, bits }: TiffImage): GridDtype {
  const dtype = DTYPES[`${format}:${bits}`];
  if (dtype === undefined) {
    throw new Refusal(
      "dtype",
      `it holds ${
        FORMATS[format] ?? `samples of format ${format}`
      } of ${bits} bits (wanted integers of 1, 2, ` +
        `4, 8, 16 or 32 bits, or floating point of 32 or 64; convert it first)`,
    );
  }
  return dtype;
}

/** How the image's blocks are decoded. Throws a refusal for what is not read. */
export async function blockLayout(
  file: TiffFile,
  image: TiffImage,
  signal?: AbortSignal,
): Promise<BlockLayout> {
  const { compression, predictor, separate, samples, bits, photometric, directory } = image;
  const dtype = dtypeOf(image);
  const called = compressionName(compression);
  if (!isDecoded(compression)) {
    throw new Refusal(
      "compression",
      `its blocks are compressed by ${called}, which is not read (convert it first)`,
    );
  }
  const inBlock = separate ? 1 : samples;
  const pictures = compression === COMPRESSION.jpeg || compression === COMPRESSION.webp;
  if (pictures && (dtype !== "uint8" || bits !== 8)) {
    throw new Refusal("compression", `${called} of ${dtype} is not read (wanted uint8)`);
  }
  const most = compression === COMPRESSION.webp ? 4 : 3;
  if (pictures && (inBlock > most || inBlock === 2)) {
    throw new Refusal("compression", `${called} of ${inBlock} bands is not read (wanted 1 or ${most})`);
  }
  if (photometric === PHOTOMETRIC.ycbcr && !pictures) {
    throw new Refusal("photometric", `luminance and colour differences of ${called} are not read`);
  }
  if (await file.number(directory, TAG.FillOrder, signal) === 2 && bits < 8) {
    throw new Refusal("fill-order", "its bits are stored from the lowest up (convert it first)");
  }
  const usable = pictures || compression === COMPRESSION.lerc ? 1 : predictor;
  if (![1, 2, 3].includes(usable) || (usable === 2 && bits < 8) || (usable === 3 && image.format !== 3)) {
    throw new Refusal("predictor", `predictor ${predictor} of ${dtype} is not read`);
  }
  const bytes = image.blockWidth * image.blockHeight * inBlock * elementBytes(dtype);
  if (bytes > LARGEST_BLOCK) {
    throw new Refusal(
      "block-size",
      `one block has ${bytes} bytes (at most ${LARGEST_BLOCK} are read; tile it first, by granary cog or rio cogeo)`,
    );
  }
  return {
    compression,
    outerCompression: await outerCompression(file, directory, signal),
    predictor: usable,
    dtype,
    bits,
    width: image.blockWidth,
    height: image.blockHeight,
    samples: inBlock,
    littleEndian: file.littleEndian,
    photometric,
    jpegTables: compression === COMPRESSION.jpeg ? await file.bytes(directory, TAG.JPEGTables, signal) : null,
  };
}

/** LercParameters are a version and what is around LERC: 0 nothing, 1 deflate, 2 zstd. */
async function outerCompression(
  file: TiffFile,
  directory: TiffDirectory,
  signal?: AbortSignal,
): Promise<number> {
  const around = (await file.numbers(directory, TAG.LercParameters, signal))?.[1] ?? 0;
  return around === 1 ? COMPRESSION.deflate : around === 2 ? COMPRESSION.zstd : COMPRESSION.none;
}
