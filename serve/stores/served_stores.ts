/** The stores of a server by name. One that changes is opened again; the old one answers what it was asked. */
import path from "node:path";
import { inputError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { openTarget } from "../../core/access/targets.ts";
import { CellValues } from "../../core/store/cell_values.ts";
import type { StoreTime } from "../../core/store/contract.ts";
import { type GranaryStore, openStore } from "../../core/store/open.ts";
import { localReader, type StoreReader, targetReader } from "../../core/zarr/reader.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** A store is looked at for changes no more often than this. */
const LOOK_AGAIN_MS = 2000;
const ROOT = "zarr.json";

/** A store with what was worked out of it. */
export class ServedStore {
  readonly #cells = new Map<number, Promise<CellValues>>();
  readonly #inWindows = new Map<number, ServedStore>();

  constructor(
    readonly name: string,
    readonly store: GranaryStore,
    /** The windows of time of the store, or null. */
    readonly windows: StoreTime | null,
    private readonly whole?: ServedStore,
  ) {}

  /** The store in one of its windows of time, which are known. */
  at(step: number): ServedStore {
    let found = this.#inWindows.get(step);
    if (found === undefined) {
      found = new ServedStore(this.name, this.store.at(step), this.windows, this);
      this.#inWindows.set(step, found);
    }
    return found;
  }

  /** The cells of a level, ready to be looked up. Windows share where cells lie. */
  cells(order: number): Promise<CellValues> {
    let cells = this.#cells.get(order);
    if (cells === undefined) {
      cells = this.whole === undefined
        ? CellValues.open(this.store, order)
        : this.whole.cells(order).then((shared) => shared.in(this.store));
      cells.catch(() => this.#cells.delete(order));
      this.#cells.set(order, cells);
    }
    return cells;
  }
}

interface StoreState {
  served: ServedStore;
  /** The root's document, which is written last. */
  signature: string;
  looked: number;
}

export class ServedStores {
  readonly #places: ReadonlyMap<string, string>;
  readonly #opened = new Map<string, Promise<StoreState>>();

  /** @param places by name; each is opened when it is asked for */
  constructor(
    places: ReadonlyMap<string, string>,
    readonly readerOf: (place: string) => StoreReader,
    readonly note: (message: string) => void,
  ) {
    this.#places = places;
  }

  get places(): ReadonlyMap<string, string> {
    return this.#places;
  }

  /** Stores by `PLACE` or `NAME=PLACE`, folders and S3 prefixes. Opens all of them. */
  static async open(
    places: readonly string[],
    readerOf: (place: string) => StoreReader,
    note: (message: string) => void,
  ): Promise<ServedStores> {
    const named = new Map<string, string>();
    for (const given of places) {
      const [, own, place] = /^(?:([\w.-]+)=)?(.+)$/s.exec(given) ?? [];
      if (place === undefined) throw inputError(`--store "${given}": wanted a store, or NAME=STORE`);
      const name = own ?? storeName(place);
      const other = named.get(name);
      if (other !== undefined) {
        throw inputError(`--store ${place}: the name "${name}" is ${other}'s (say NAME=${place})`);
      }
      named.set(name, place);
    }
    const stores = new ServedStores(named, readerOf, note);
    for (const name of named.keys()) await stores.get(name);
    return stores;
  }

  names(): string[] {
    return [...this.#places.keys()].sort();
  }

  /** The store of a name as it is now, or undefined. */
  async get(name: string): Promise<ServedStore | undefined> {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    const opening = this.#opened.get(name) ?? this.#load(name, place);
    const kept = await opening;
    if (Date.now() - kept.looked < LOOK_AGAIN_MS) return kept.served;
    kept.looked = Date.now();
    try {
      const root = await kept.served.store.reader.get(ROOT);
      if (root !== undefined && text(root) !== kept.signature) {
        const fresh = await this.#load(name, place);
        this.note(`store ${name} changed and was taken up`);
        return fresh.served;
      }
    } catch (error) {
      // Between two states of a store that is being written, the old one still answers.
      this.note(`store ${name} could not be looked at: ${(error as Error).message}`);
    }
    return kept.served;
  }

  async close(): Promise<void> {
    const ended = await Promise.allSettled(this.#opened.values());
    for (const one of ended) if (one.status === "fulfilled") await one.value.served.store.close();
  }

  #load(name: string, place: string): Promise<StoreState> {
    const before = this.#opened.get(name);
    const loading = (async () => {
      const reader = this.readerOf(place);
      const signature = text(await reader.get(ROOT) ?? new Uint8Array());
      const store = await openStore(reader);
      return { served: new ServedStore(name, store, await store.windows()), signature, looked: Date.now() };
    })();
    this.#opened.set(name, loading);
    loading.catch(() => {
      if (this.#opened.get(name) !== loading) return;
      if (before === undefined) this.#opened.delete(name);
      else this.#opened.set(name, before);
    });
    return loading;
  }
}

export function isRemoteStore(place: string): boolean {
  return isObjectAddress(place);
}

/** Readers of folders, and of S3 prefixes by what opens them. */
export function storeReaders(opener: SourceOpener): (place: string) => StoreReader {
  return (place) => isRemoteStore(place) ? targetReader(openTarget(place, opener)) : localReader(place);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** `antarctica` of `/data/antarctica.zarr/`. */
function storeName(place: string): string {
  return path.posix.basename(place.replace(/\/+$/, "")).replace(/\.zarr$/, "");
}
