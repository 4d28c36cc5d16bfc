/** A variable of an HDF5 or netCDF-4 file as a grid: windows are read from the chunks that they touch. */
import { elementBytes, makeValues } from "../element_types.ts";
import { HeaderGrid } from "../raster/header_grid.ts";
import { GranaryError } from "../errors.ts";
import type { Hdf5File, Hdf5Values } from "../hdf5/contract.ts";
import { checkReadSize } from "../hdf5/limits.ts";
import type { Affine, Crs, GridBand, GridValues, GridWindow, WindowRequest } from "../raster/grid.ts";
import { type ElementRule, gridElements, isStoredAsRead } from "./elements.ts";
import type { Hdf5Session } from "./hdf5_session.ts";
import { KeptPlanes, MOST_KEPT_BYTES } from "./kept_planes.ts";
import { copyPlane } from "./plane.ts";
import { chunkMates, placeIn, planReads, type StoredLayout, type StoredRead } from "./stored_window.ts";

/** All that is known of a variable once it is placed. */
export interface PlacedVariable {
  readonly name: string;
  readonly affine: Affine;
  readonly crs: Crs;
  readonly layout: StoredLayout;
  readonly elements: ElementRule;
  readonly bands: readonly GridBand[];
  readonly notes: readonly string[];
}

const KEPT = new KeptPlanes(MOST_KEPT_BYTES);

/** Cells of one block of a variable that is not stored in chunks, about. */
const BLOCK_CELLS = 1 << 18;

export class Hdf5Grid extends HeaderGrid {
  readonly #session: Hdf5Session;
  readonly #layout: StoredLayout;
  readonly #elements: ElementRule;

  constructor(session: Hdf5Session, placed: PlacedVariable) {
    const { layout, elements } = placed;
    const width = layout.shape[layout.xAxis], height = layout.shape[layout.yAxis];
    super({
      ...placed,
      width,
      height,
      dtype: elements.dtype,
      nodata: elements.nodata,
      levels: [{ width, height, ...blockOf(layout) }],
    });
    this.#session = session;
    this.#layout = layout;
    this.#elements = elements;
  }

  async readWindow(request: WindowRequest, signal?: AbortSignal): Promise<GridWindow> {
    const { width, height } = request;
    const bands = request.bands ?? this.bands.map((_, i) => i);
    this.#check(request, bands);
    const { source } = this.#session;
    const what = `${source.name}: ${this.name}`;
    const cells = width * height;
    checkReadSize(source, this.name, cells * bands.length * this.#layout.elementBytes);
    const window = [request.x, request.y, width, height].join();
    const kept = KEPT.take(this, window, bands);
    if (kept !== null) return { width, height, bands: kept, mask: null };
    const mates = this.#matesOf(bands, cells);
    const all = [...bands, ...mates];
    const planes = all.map((_, i) => request.into?.[i] ?? makeValues(this.dtype, cells));
    if (cells > 0) {
      const reads = planReads(this.#layout, { ...request, bands: all });
      for (const batch of batchesOf(reads, this.#layout.elementBytes)) {
        const raw = await this.#session.run((file) => this.#read(file, batch, planes, width), signal);
        batch.forEach(({ copies }, i) => {
          const stored = raw[i];
          if (stored === null) return;
          const values = gridElements(stored, this.#elements, what);
          for (const { band, plane, at, rows, columns } of copies) {
            copyPlane(values, plane, planes[band], at, width, rows, columns);
          }
        });
      }
    }
    KEPT.keep(this, window, new Map(mates.map((band, i) => [band, planes[bands.length + i]])));
    return { width, height, bands: planes.slice(0, bands.length), mask: null };
  }

  /** Forgets what was decoded ahead. */
  forget(): void {
    KEPT.forget(this);
  }

  /** Bands that are decoded along with these, and that there is room to keep. */
  #matesOf(bands: readonly number[], cells: number): readonly number[] {
    const planeBytes = cells * elementBytes(this.dtype);
    const room = planeBytes === 0 ? 0 : Math.floor(MOST_KEPT_BYTES / 2 / planeBytes);
    return room === 0 || bands.length === 0 ? [] : chunkMates(this.#layout, bands, room);
  }

  /**
   * Stored elements of each read, or null where they were put into their plane, whose rows have `width` cells; their
   * bytes are all fetched at once.
   */
  #read(
    file: Hdf5File,
    reads: readonly StoredRead[],
    planes: readonly GridValues[],
    width: number,
  ): (Hdf5Values | null)[] {
    const dataset = file.dataset(this.name);
    if (dataset === undefined) throw new GranaryError("granule", `${file.name}: ${this.name} is gone`);
    if (reads.length > 1) {
      file.prefetch?.(reads.map(({ start, count }) => ({ path: this.name, start, count })));
    }
    const isPlain = isStoredAsRead(this.#elements);
    return reads.map((read) => {
      const place = isPlain ? placeIn(planes, width, read) : null;
      const isPut = place !== null && dataset.readWindowTo?.(read.start, read.count, place) === true;
      return isPut ? null : dataset.readWindow(read.start, read.count);
    });
  }

  #check({ level, x, y, width, height }: WindowRequest, bands: readonly number[]): void {
    const { name } = this;
    if (level !== 0) throw new RangeError(`${name} has level 0 only (asked for ${level})`);
    const whole = [x, y, width, height].every((one) => Number.isInteger(one) && one >= 0);
    if (!whole || x + width > this.width || y + height > this.height) {
      throw new RangeError(
        `${name}: the window from column ${x} and row ${y} of ${width} by ${height} cells is not within ` +
          `${this.width} by ${this.height}`,
      );
    }
    for (const band of bands) {
      if (Number.isInteger(band) && band >= 0 && band < this.bands.length) continue;
      throw new RangeError(`${name} has ${this.bands.length} bands (asked for the band of index ${band})`);
    }
  }
}

/** Stored bytes of reads that are done in one step. */
const STEP_BYTES = 32 << 20;

/** Reads in their order, as many together as a step may have. */
function* batchesOf(reads: readonly StoredRead[], elementBytes: number): Generator<StoredRead[]> {
  let batch: StoredRead[] = [];
  let held = 0;
  for (const read of reads) {
    const bytes = read.count.reduce((product, size) => product * size, elementBytes);
    if (batch.length > 0 && held + bytes > STEP_BYTES) {
      yield batch;
      batch = [];
      held = 0;
    }
    batch.push(read);
    held += bytes;
  }
  if (batch.length > 0) yield batch;
}

/** The unit of decoding: a chunk, or about a megabyte of what lies in one piece. */
function blockOf({ shape, chunks, xAxis, yAxis }: StoredLayout): { blockWidth: number; blockHeight: number } {
  const width = shape[xAxis];
  const height = shape[yAxis];
  if (chunks !== null) {
    return { blockWidth: Math.min(width, chunks[xAxis]), blockHeight: Math.min(height, chunks[yAxis]) };
  }
  if (xAxis > yAxis) {
    return { blockWidth: width, blockHeight: Math.max(1, Math.min(height, Math.floor(BLOCK_CELLS / width))) };
  }
  return { blockWidth: Math.max(1, Math.min(width, Math.floor(BLOCK_CELLS / height))), blockHeight: height };
}
