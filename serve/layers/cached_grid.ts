/** A grid whose decoded blocks are kept: a window is put together from blocks, and only missing ones are read. */
import { elementBytes } from "../../core/element_types.ts";
import { HeaderGrid } from "../../core/raster/header_grid.ts";
import type { Grid, GridLevel, GridValues, GridWindow, WindowRequest } from "../../core/raster/grid.ts";
import type { Block, BlockStore } from "./block_store.ts";
import { SharedWork } from "./shared_work.ts";

/** Smaller blocks are kept together up to this many cells. */
const LEAST_CELLS = 1 << 16;
/** A window of more than this share of the budget is read past it: it would push out all else. */
const LARGEST_SHARE = 1 / 4;

interface Tiling {
  width: number;
  height: number;
  /** Blocks a row. */
  across: number;
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class CachedGrid extends HeaderGrid {
  readonly #tilings: readonly Tiling[];
  readonly #coming = new Map<string, SharedWork<ReadonlyMap<string, Block>>>();

  /** @param prefix tells this grid's blocks from those of all others */
  constructor(readonly inner: Grid, readonly store: BlockStore, readonly prefix: string) {
    super(inner);
    this.#tilings = inner.levels.map(tilingOf);
  }

  async readWindow(request: WindowRequest, signal?: AbortSignal): Promise<GridWindow> {
    const { level, x, y, width, height } = request;
    const bands = request.bands ?? this.bands.map((_, i) => i);
    const tiling = this.#tilings[level];
    const bytes = width * height * bands.length * elementBytes(this.dtype);
    if (
      tiling === undefined || width === 0 || height === 0 || bytes > this.store.capacityBytes * LARGEST_SHARE
    ) {
      return await this.inner.readWindow(request, signal);
    }
    const columns = [Math.floor(x / tiling.width), Math.floor((x + width - 1) / tiling.width)] as const;
    const rows = [Math.floor(y / tiling.height), Math.floor((y + height - 1) / tiling.height)] as const;
    const found = new Map<string, Block>();
    const missing: { column: number; row: number; band: number; key: string }[] = [];
    const waits = new Set<SharedWork<ReadonlyMap<string, Block>>>();
    for (let row = rows[0]; row <= rows[1]; row++) {
      for (let column = columns[0]; column <= columns[1]; column++) {
        for (const band of bands) {
          const key = `${this.prefix}:${level}:${band}:${column}:${row}`;
          const block = this.store.get(key);
          if (block !== undefined) found.set(key, block);
          else {
            const coming = this.#coming.get(key);
            if (coming !== undefined && !coming.abandoned) waits.add(coming);
            else missing.push({ column, row, band, key });
          }
        }
      }
    }
    if (missing.length > 0) waits.add(this.#read(level, tiling, missing));
    for (const blocks of await Promise.all([...waits].map((work) => work.wait(signal)))) {
      for (const [key, block] of blocks) found.set(key, block);
    }
    return this.#assembled(request, bands, tiling, columns, rows, found);
  }

  /** Reads the rectangle around missing blocks; others that need one of them wait for the same. */
  #read(
    level: number,
    tiling: Tiling,
    missing: readonly { column: number; row: number; band: number; key: string }[],
  ): SharedWork<ReadonlyMap<string, Block>> {
    const { width: levelWidth, height: levelHeight } = this.levels[level];
    const columns = missing.map(({ column }) => column);
    const rows = missing.map(({ row }) => row);
    const bands = [...new Set(missing.map(({ band }) => band))];
    const x = Math.min(...columns) * tiling.width;
    const y = Math.min(...rows) * tiling.height;
    const width = Math.min(levelWidth, (Math.max(...columns) + 1) * tiling.width) - x;
    const height = Math.min(levelHeight, (Math.max(...rows) + 1) * tiling.height) - y;
    const work: SharedWork<ReadonlyMap<string, Block>> = new SharedWork(async (signal) => {
      try {
        const window = await this.inner.readWindow({ level, x, y, width, height, bands }, signal);
        const blocks = new Map<string, Block>();
        const masks = new Map<string, Uint8Array>();
        for (const { column, row, band, key } of missing) {
          const part = {
            x: column * tiling.width - x,
            y: row * tiling.height - y,
            width: Math.min(tiling.width, levelWidth - column * tiling.width),
            height: Math.min(tiling.height, levelHeight - row * tiling.height),
          };
          const place = `${column}:${row}`;
          let mask = masks.get(place) ?? null;
          if (mask === null && window.mask !== null) {
            mask = cut(window.mask, window.width, part);
            masks.set(place, mask);
          }
          const block = { values: cut(window.bands[bands.indexOf(band)], window.width, part), mask };
          blocks.set(key, block);
          this.store.put(key, block);
        }
        return blocks;
      } finally {
        for (const { key } of missing) if (this.#coming.get(key) === work) this.#coming.delete(key);
      }
    });
    for (const { key } of missing) this.#coming.set(key, work);
    return work;
  }

  #assembled(
    { level, x, y, width, height }: WindowRequest,
    bands: readonly number[],
    tiling: Tiling,
    columns: readonly [number, number],
    rows: readonly [number, number],
    blocks: ReadonlyMap<string, Block>,
  ): GridWindow {
    const levelWidth = this.levels[level].width;
    const planes: GridValues[] = [];
    let mask: Uint8Array | null = null;
    for (const band of bands) {
      let plane: GridValues | undefined;
      for (let row = rows[0]; row <= rows[1]; row++) {
        for (let column = columns[0]; column <= columns[1]; column++) {
          const key = `${this.prefix}:${level}:${band}:${column}:${row}`;
          const block = blocks.get(key);
          if (block === undefined) throw new Error(`${this.name}: block ${key} did not come`);
          const left = column * tiling.width;
          const top = row * tiling.height;
          const blockWidth = Math.min(tiling.width, levelWidth - left);
          plane ??= new (block.values.constructor as new (length: number) => GridValues)(width * height);
          const place = { left: left - x, top: top - y, blockWidth };
          paste(block.values, plane, width, height, place);
          if (block.mask !== null && band === bands[0]) {
            mask ??= new Uint8Array(width * height).fill(1);
            paste(block.mask, mask, width, height, place);
          }
        }
      }
      if (plane !== undefined) planes.push(plane);
    }
    return { width, height, bands: planes, mask };
  }
}

function tilingOf({ width, blockWidth, blockHeight }: GridLevel): Tiling {
  const cells = blockWidth * blockHeight;
  const times = Math.max(1, Math.ceil(LEAST_CELLS / cells));
  return { width: blockWidth, height: blockHeight * times, across: Math.ceil(width / blockWidth) };
}

function cut<T extends GridValues>(values: T, stride: number, { x, y, width, height }: Rectangle): T {
  if (x === 0 && width === stride) return values.slice(y * stride, (y + height) * stride) as T;
  const part = new (values.constructor as new (length: number) => T)(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * stride + x;
    part.set(values.subarray(from, from + width), row * width);
  }
  return part;
}

/** Copies the part of a block that lies in a plane of `width` by `height`. */
function paste(
  block: GridValues,
  plane: GridValues,
  width: number,
  height: number,
  { left, top, blockWidth }: { left: number; top: number; blockWidth: number },
): void {
  const first = Math.max(0, left);
  const end = Math.min(width, left + blockWidth);
  if (end <= first) return;
  const blockHeight = block.length / blockWidth;
  for (let row = Math.max(0, top); row < Math.min(height, top + blockHeight); row++) {
    const from = (row - top) * blockWidth + first - left;
    plane.set(block.subarray(from, from + end - first), row * width + first);
  }
}
