/** Tiles packed several at a time, and put where they wait for the file. */
import { repeatedCells } from "../../kernels/repeated_cells.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";
import { choosePredictor, isConstant, repeated } from "./choose_predictor.ts";
import type { Compression } from "./compress.ts";
import { PackPool } from "./pack_pool.ts";
import { type Predictor, predictorOf, tileBytes } from "./predictor.ts";
import type { PyramidLevel } from "./pyramid.ts";
import type { TileStore } from "./tile_store.ts";

interface PackerOptions {
  readonly dtype: GridDtype;
  readonly tileSize: number;
  readonly compression: Compression;
  /** Tiles that nobody needs to store: all of their cells are this value. Null for none such. */
  readonly sparse: number | null;
  readonly levels: readonly PyramidLevel[];
  /** Threads of the pool that are kept busy; 1 packs in this thread. */
  readonly workers: number;
}

/** A tile of one value a band that came before the predictor was chosen. */
interface HeldTile {
  readonly level: number;
  readonly index: number;
  /** One cell of each band. */
  readonly cells: readonly GridValues[];
  readonly width: number;
  readonly height: number;
}

/**
 * The predictor is chosen by the first tile that holds more than one value: tiles come in rows from the top,
 * whatever the memory and the number of threads, and so does the choice.
 */
export class TilePacker {
  #predictor: Predictor | null;
  readonly #held: HeldTile[] = [];
  readonly #store: TileStore;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #options: PackerOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #free: Uint8Array[] = [];
  readonly #pool: PackPool;
  #failure: { error: unknown } | undefined;

  /** @param bytes gets those of one tile after the other */
  constructor(store: TileStore, bytes: Uint8Array<ArrayBuffer>, options: PackerOptions) {
    this.#store = store;
    this.#bytes = bytes;
    this.#options = options;
    const { compression, workers, levels } = options;
    const tiles = levels.reduce((sum, { tilesAcross, tilesDown }) => sum + tilesAcross * tilesDown, 0);
    this.#pool = new PackPool(compression, workers, tiles);
    this.#predictor = compression.name === "none" ? 1 : null;
  }

  /**
   * Takes a tile of `width * height` cells a band. The cells may be changed when the promise is done; the
   * tile itself may be packed later.
   */
  async pack(
    level: number,
    index: number,
    bands: readonly GridValues[],
    width: number,
    height: number,
  ): Promise<void> {
    const { dtype, tileSize, compression, sparse } = this.#options;
    if (sparse !== null && bands.every((values) => isAll(values, sparse))) return;
    if (this.#predictor === null) {
      if (isConstant(bands)) {
        this.#held.push({ level, index, cells: bands.map((values) => values.slice(0, 1)), width, height });
        return;
      }
      await this.#begin(choosePredictor(bands, width, height, tileSize, dtype, compression, this.#bytes));
    }
    await this.#pack(level, index, bands, width, height);
  }

  /** Packs with a predictor from here on, first what was held. */
  async #begin(predictor: Predictor): Promise<void> {
    const { dtype } = this.#options;
    this.#predictor = predictor;
    for (const { level, index, cells, width, height } of this.#held.splice(0)) {
      const bands = cells.map((cell) => repeated(cell, width * height, dtype));
      await this.#pack(level, index, bands, width, height);
    }
  }

  async #pack(
    level: number,
    index: number,
    bands: readonly GridValues[],
    width: number,
    height: number,
  ): Promise<void> {
    const { dtype, tileSize, workers } = this.#options;
    const predictor = this.#predictor ?? predictorOf(dtype);
    const whole = predictor === 1 && bands.length === 1 && width === tileSize && height === tileSize;
    if (!whole) tileBytes(bands, width, height, tileSize, dtype, predictor, this.#bytes);
    const bytes = whole ? bytesOf(bands[0]) : this.#bytes;
    // What is packed later must not be the next tile by then.
    const own = this.#pool.isImmediate ? undefined : this.#copyOf(bytes);
    const packed: Promise<void> = this.#pool.pack(own ?? bytes)
      .then((done) => {
        this.#store.put(level, index, done);
        if (own !== undefined) this.#reuse(own);
      })
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(packed));
    this.#underWay.add(packed);
    // Twice as many as threads, so that none waits while this thread reads.
    const most = workers === 1 ? 1 : 2 * workers;
    while (this.#underWay.size >= most) await Promise.race(this.#underWay);
    this.#check();
  }

  #copyOf(bytes: Uint8Array): Uint8Array {
    const copy = this.#free.pop();
    if (copy === undefined) return bytes.slice();
    copy.set(bytes);
    return copy;
  }

  /** Memory of a packed tile serves the next; one that is not compressed is the stored tile itself. */
  #reuse(bytes: Uint8Array): void {
    if (this.#options.compression.name !== "none") this.#free.push(bytes);
  }

  /** Waits for all that was taken. @returns the predictor of all tiles */
  async finish(): Promise<Predictor> {
    const predictor = this.#predictor ?? predictorOf(this.#options.dtype);
    if (this.#predictor === null) await this.#begin(predictor);
    try {
      await Promise.all(this.#underWay);
    } finally {
      await this.#pool.close();
    }
    this.#check();
    return predictor;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: GridValues): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isAll(values: GridValues, value: number): boolean {
  if (values[0] !== value) return false;
  // Zeros of both signs are one value.
  for (let i = repeatedCells(values); i < values.length; i++) if (values[i] !== value) return false;
  return true;
}
