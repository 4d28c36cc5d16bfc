/** Tiles packed several at a time, and put where they wait for the file. */
import type { GridDtype, GridValues } from "../../raster/grid.ts";
import { type Compression, compressLater, compressNow } from "./compress.ts";
import { type Predictor, tileBytes } from "./predictor.ts";
import type { TileStore } from "./tile_store.ts";

interface PackerOptions {
  readonly dtype: GridDtype;
  readonly tileSize: number;
  readonly predictor: Predictor;
  readonly compression: Compression;
  /** Tiles that nobody needs to store: all of their cells are this value. Null for none such. */
  readonly sparse: number | null;
  /** Threads of the pool that are kept busy; 1 packs in this thread. */
  readonly workers: number;
}

export class TilePacker {
  readonly #store: TileStore;
  readonly #options: PackerOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #free: ArrayBuffer[] = [];
  #failure: { error: unknown } | undefined;

  constructor(store: TileStore, options: PackerOptions) {
    this.#store = store;
    this.#options = options;
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
    const { dtype, tileSize, predictor, compression, sparse, workers } = this.#options;
    if (sparse !== null && bands.every((values) => isAll(values, sparse))) return;
    const bytes = tileBytes(bands, width, height, tileSize, dtype, predictor, this.#free.pop());
    if (workers === 1) {
      this.#store.put(level, index, compressNow(bytes, compression));
      this.#reuse(bytes);
      return;
    }
    const packed: Promise<void> = compressLater(bytes, compression)
      .then((done) => {
        this.#store.put(level, index, done);
        this.#reuse(bytes);
      })
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(packed));
    this.#underWay.add(packed);
    // Twice as many as threads, so that none waits while this thread reads.
    while (this.#underWay.size >= 2 * workers) await Promise.race(this.#underWay);
    this.#check();
  }

  /** Memory of a packed tile serves the next; one that is not compressed is the stored tile itself. */
  #reuse(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#options.compression.name !== "none") this.#free.push(bytes.buffer);
  }

  /** Waits for all that was taken. */
  async finish(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

function isAll(values: GridValues, value: number): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== value) return false;
  return true;
}
