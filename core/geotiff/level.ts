/** One level of a TIFF's pyramid, with its mask: windows of it. */
import { NUMBER_ARRAYS } from "../element_types.ts";
import type { GridDtype, GridValues, GridWindow } from "../raster/grid.ts";
import {
  blockPlaces,
  layoutOfRow,
  longestStored,
  type ReadableImage,
  readableImage,
  readRanges,
} from "./blocks.ts";
import { damagedTiff } from "./damaged.ts";
import type { DecodeBlock } from "./decode/decode_block.ts";
import { readPlainRows } from "./plain_rows.ts";

export { type ReadableImage, readableImage };

export interface TiffLevel {
  readonly main: ReadableImage;
  /** The file's own mask of this level; null for none. */
  readonly mask: ReadableImage | null;
}

/** Which of the stored samples are bands, and which one tells what is seen. */
export interface SampleRoles {
  readonly bands: readonly number[];
  /** -1 for none. */
  readonly alpha: number;
}

/** A rectangle of cells as they are stored. */
interface StoredRectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Stored bytes that are held at a time. */
const BATCH_BYTES = 32 * 1024 * 1024;

/** A block that a rectangle touches, and where its values go. */
interface BlockTask {
  readonly readable: ReadableImage;
  readonly index: number;
  readonly row: number;
  readonly column: number;
  /** Values, null for a block that is not stored. */
  put(values: GridValues | null, task: BlockTask): void;
}

/**
 * Reads the blocks that the rectangle touches and copies what it asks for. `samples` are stored samples.
 * Reads in two rounds at most: places of blocks, where they are not known yet, then blocks.
 */
export async function readRectangle(
  level: TiffLevel,
  rectangle: StoredRectangle,
  samples: readonly number[],
  alpha: number,
  nodata: number | null,
  decode: DecodeBlock,
  signal?: AbortSignal,
  into?: readonly GridValues[],
): Promise<GridWindow> {
  const { width, height } = rectangle;
  const cells = width * height;
  const { dtype } = level.main.layout;
  const bands = into ?? samples.map(() => new NUMBER_ARRAYS[dtype as GridDtype](cells));
  const { image } = level.main;
  const isWhole = rectangle.x === 0 && width === image.width && level.mask === null && bands.length === 1;
  if (isWhole && await readPlainRows(level.main, rectangle.y, height, bands[0], signal)) {
    return { width, height, bands, mask: null };
  }
  const masks = new MaskPlane(cells);
  const tasks: BlockTask[] = [];
  if (image.separate) {
    samples.forEach((sample, i) =>
      tasks.push(...blockTasks(level.main, sample, rectangle, (values, task) => {
        copyBlock(task, rectangle, values, nodata, 0, bands[i], masks);
      }))
    );
    if (alpha >= 0) {
      tasks.push(...blockTasks(level.main, alpha, rectangle, (values, task) => {
        maskBlock(task, rectangle, values, 0, masks);
      }));
    }
  } else {
    tasks.push(...blockTasks(level.main, 0, rectangle, (values, task) => {
      samples.forEach((sample, i) => copyBlock(task, rectangle, values, nodata, sample, bands[i], masks));
      if (alpha >= 0) maskBlock(task, rectangle, values, alpha, masks);
    }));
  }
  if (level.mask !== null) {
    tasks.push(...blockTasks(level.mask, 0, rectangle, (values, task) => {
      maskBlock(task, rectangle, values, 0, masks);
    }));
  }
  await runTasks(tasks, decode, signal);
  return { width, height, bands, mask: masks.plane };
}

/** 1 everywhere, until something is masked. */
class MaskPlane {
  plane: Uint8Array | null = null;

  constructor(readonly cells: number) {}

  need(): Uint8Array {
    this.plane ??= new Uint8Array(this.cells).fill(1);
    return this.plane;
  }
}

function* blockTasks(
  readable: ReadableImage,
  sample: number,
  { x, y, width, height }: StoredRectangle,
  put: BlockTask["put"],
): Generator<BlockTask> {
  const { blockWidth, blockHeight, across, down, separate } = readable.image;
  if (width === 0 || height === 0) return;
  const first = separate ? sample * across * down : 0;
  const lastColumn = Math.floor((x + width - 1) / blockWidth);
  const lastRow = Math.floor((y + height - 1) / blockHeight);
  for (let row = Math.floor(y / blockHeight); row <= lastRow; row++) {
    for (let column = Math.floor(x / blockWidth); column <= lastColumn; column++) {
      yield { readable, index: first + row * across + column, row, column, put };
    }
  }
}

async function runTasks(
  tasks: readonly BlockTask[],
  decode: DecodeBlock,
  signal?: AbortSignal,
): Promise<void> {
  const placed = await placedTasks(tasks, signal);
  for (let start = 0; start < placed.length;) {
    let bytes = 0, end = start;
    while (end < placed.length && (end === start || bytes + placed[end].length <= BATCH_BYTES)) {
      bytes += placed[end++].length;
    }
    const batch = placed.slice(start, end);
    start = end;
    const stored = batch.filter(({ length }) => length > 0);
    const source = tasks[0].readable.file.source;
    const contents = stored.length === 0 ? [] : await readRanges(source, stored, signal);
    let next = 0;
    await Promise.all(batch.map(async ({ task, length }) => {
      if (length === 0) return task.put(null, task);
      const values = await decoded(task, contents[next++], decode);
      task.put(values, task);
    }));
    signal?.throwIfAborted();
  }
}

interface PlacedTask {
  readonly task: BlockTask;
  readonly offset: number;
  readonly length: number;
}

/** Places of the image's blocks and of its mask's are asked for side by side. */
async function placedTasks(tasks: readonly BlockTask[], signal?: AbortSignal): Promise<PlacedTask[]> {
  const images = [...new Set(tasks.map(({ readable }) => readable))];
  const found = await Promise.all(images.map(async (readable) => {
    const own = tasks.filter((task) => task.readable === readable).sort((a, b) => a.index - b.index);
    const places = await blockPlaces(readable, own.map(({ index }) => index), signal);
    const longest = longestStored(readable.layout);
    return own.map((task, i): PlacedTask => {
      const { offset, length } = places[i];
      if (length > longest) {
        throw damagedTiff(readable.file.source.name, `its block ${task.index} has ${length} bytes`);
      }
      return { task, offset, length };
    });
  }));
  return found.flat();
}

async function decoded(task: BlockTask, bytes: Uint8Array, decode: DecodeBlock): Promise<GridValues> {
  const { readable, index, row } = task;
  try {
    return await decode(bytes, layoutOfRow(readable, row));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw damagedTiff(readable.file.source.name, `its block ${index} cannot be decoded: ${what}`, error);
  }
}

/** Calls `copy` for every row of the block that lies in the rectangle: where it begins in both, and how long. */
function eachRow(
  { readable, row, column }: BlockTask,
  { x, y, width, height }: StoredRectangle,
  copy: (from: number, to: number, count: number) => void,
): void {
  const { blockWidth, blockHeight } = readable.image;
  const left = column * blockWidth, top = row * blockHeight;
  const startX = Math.max(left, x), endX = Math.min(left + blockWidth, x + width);
  const startY = Math.max(top, y), endY = Math.min(top + blockHeight, y + height);
  for (let line = startY; line < endY; line++) {
    copy((line - top) * blockWidth + startX - left, (line - y) * width + startX - x, endX - startX);
  }
}

/** A block that is not stored is nodata; where there is none, it is zeros that the mask leaves out. */
function copyBlock(
  task: BlockTask,
  rectangle: StoredRectangle,
  values: GridValues | null,
  nodata: number | null,
  sample: number,
  target: GridValues,
  masks: MaskPlane,
): void {
  if (values === null) {
    const mask = nodata === null ? masks.need() : null;
    eachRow(task, rectangle, (_from, to, count) => {
      target.fill(nodata ?? 0, to, to + count);
      mask?.fill(0, to, to + count);
    });
    return;
  }
  const { samples } = task.readable.layout;
  eachRow(task, rectangle, (from, to, count) => {
    if (samples === 1) target.set(values.subarray(from, from + count), to);
    else {
      for (let i = 0, at = from * samples + sample; i < count; i++, at += samples) {
        target[to + i] = values[at];
      }
    }
  });
}

/** 0 in a mask or in an alpha band hides a cell. */
function maskBlock(
  task: BlockTask,
  rectangle: StoredRectangle,
  values: GridValues | null,
  sample: number,
  masks: MaskPlane,
): void {
  const { samples } = task.readable.layout;
  const mask = masks.need();
  eachRow(task, rectangle, (from, to, count) => {
    for (let i = 0; i < count; i++) {
      if (values === null || values[(from + i) * samples + sample] === 0) mask[to + i] = 0;
    }
  });
}
