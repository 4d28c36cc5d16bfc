/** Files of granules as grids: opened once however many ask, and kept open with their headers. */
import fs from "node:fs";
import type { SourceLocation } from "../../core/access/location.ts";
import type { Source } from "../../core/access/source.ts";
import { openGrids } from "../../core/grids/open_grids.ts";
import type { GridFile } from "../../core/raster/grid.ts";
import type { BlockStore } from "./block_store.ts";
import { CachedGrid } from "./cached_grid.ts";

/** Files that are kept open. */
const KEPT_OPEN = 512;
/** A remote file is opened again after this, in case it was replaced. */
const REMOTE_KEPT_MS = 60 * 60_000;

interface Opened {
  file: Promise<GridFile>;
  users: number;
  until: number;
  dropped: boolean;
}

/** What gives a file's bytes. */
export interface OpensSources {
  open(location: SourceLocation): Promise<Source>;
}

let files = 0;

export class GridFiles {
  readonly #opened = new Map<string, Opened>();
  /** Files that were opened. */
  opens = 0;

  constructor(readonly opener: OpensSources, readonly blocks: BlockStore) {}

  get kept(): number {
    return this.#opened.size;
  }

  /** Works with a file's grids; it stays open for as long at least. */
  async use<T>(location: SourceLocation, name: string, work: (file: GridFile) => Promise<T>): Promise<T> {
    const key = keyOf(location);
    let opened = this.#opened.get(key);
    if (opened !== undefined && opened.until < Date.now()) {
      this.#drop(key, opened);
      opened = undefined;
    }
    if (opened === undefined) {
      const until = location.kind === "local" ? Infinity : Date.now() + REMOTE_KEPT_MS;
      opened = { file: this.#open(location, name), users: 0, until, dropped: false };
      const made = opened;
      made.file.catch(() => this.#drop(key, made));
    } else this.#opened.delete(key);
    this.#opened.set(key, opened);
    opened.users += 1;
    try {
      return await work(await opened.file);
    } finally {
      opened.users -= 1;
      this.#closeIfDone(opened);
      this.#shrink();
    }
  }

  close(): void {
    for (const [key, opened] of this.#opened) this.#drop(key, opened);
  }

  async #open(location: SourceLocation, name: string): Promise<GridFile> {
    this.opens += 1;
    const source = await this.opener.open(location);
    try {
      const file = await openGrids(source, name);
      const prefix = String(++files);
      return {
        ...file,
        grids: file.grids.map((grid, i) => new CachedGrid(grid, this.blocks, `${prefix}:${i}`)),
        close: () => file.close(),
      };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #shrink(): void {
    for (const [key, opened] of this.#opened) {
      if (this.#opened.size <= KEPT_OPEN) break;
      if (opened.users === 0) this.#drop(key, opened);
    }
  }

  #drop(key: string, opened: Opened): void {
    opened.dropped = true;
    if (this.#opened.get(key) === opened) this.#opened.delete(key);
    this.#closeIfDone(opened);
  }

  #closeIfDone(opened: Opened): void {
    if (!opened.dropped || opened.users > 0) return;
    opened.file.then((file) => file.close(), () => {});
  }
}

/** Where a file lies; of a local one also what changes when it is replaced. */
function keyOf(location: SourceLocation): string {
  if (location.kind !== "local") return JSON.stringify([location.url, location.s3?.endpoint ?? null]);
  const stat = fs.statSync(location.url, { throwIfNoEntry: false });
  return JSON.stringify([location.url, stat?.size, stat?.mtimeMs, stat?.ino]);
}
