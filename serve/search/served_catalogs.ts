/** The catalogs of a server by name. One that changes is taken up; where that takes long the old one answers meanwhile. */
import fs from "node:fs";
import path from "node:path";
import { sleep } from "../../core/concurrency.ts";
import { inputError, systemCode } from "../../core/errors.ts";
import { cellIndexPath } from "../../catalog/file/cell_index_path.ts";
import { manifestNumbers } from "../../catalog/file/live_manifest.ts";
import { CatalogIndex } from "./catalog_index.ts";
import { isRemoteCatalog, type RemoteCatalogs } from "../../catalog/file/remote_catalogs.ts";

/** A file is looked at for changes no more often than this, one that lies elsewhere less often. */
const LOOK_AGAIN_MS = 1000;
const LOOK_AGAIN_REMOTE_MS = 60_000;
/** The request that finds a changed file waits so long for it, and is then answered by the old one. */
const WAIT_MS = 2000;
const SUFFIX = ".parquet";

interface CatalogState {
  file: string;
  /** Changes whenever the catalog does. */
  signature: string;
  index: CatalogIndex;
  looked: number;
  lookAgainMs: number;
  loading: Promise<void> | null;
}

interface ServedCatalogsOptions {
  /** Hears of catalogs that were taken up, and of those that could not be. */
  note: (message: string) => void;
  /** Reads catalogs of `s3:` and `https:`; absent, there are none. */
  remote?: RemoteCatalogs;
  now?: () => number;
}

export class ServedCatalogs {
  readonly #named: ReadonlyMap<string, string>;
  readonly #folders: readonly string[];
  readonly #opened = new Map<string, CatalogState>();
  readonly #opening = new Map<string, Promise<CatalogState>>();
  readonly #note: ServedCatalogsOptions["note"];
  readonly #remote: RemoteCatalogs | undefined;
  readonly #now: () => number;

  private constructor(
    named: ReadonlyMap<string, string>,
    folders: readonly string[],
    options: ServedCatalogsOptions,
  ) {
    this.#named = named;
    this.#folders = folders;
    this.#note = options.note;
    this.#remote = options.remote;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Catalogs by the places that a user gave: `FILE`, `s3://…/FILE.parquet`, `NAME=FILE`, a live catalog's
   * folder or S3 prefix, or a folder of catalogs. Opens all of them. Throws an input error for what is no catalog, and for two of one name.
   */
  static async open(places: readonly string[], options: ServedCatalogsOptions): Promise<ServedCatalogs> {
    const named = new Map<string, string>();
    const folders: string[] = [];
    for (const place of places) {
      const [given, file] = namedPlace(place);
      if (!isRemoteCatalog(file) && isFolderOfCatalogs(file)) {
        if (given !== null) {
          throw inputError(`${place}: a folder of catalogs has no name of its own; its files have`);
        }
        folders.push(file);
        continue;
      }
      const name = given ?? catalogName(file);
      const other = named.get(name);
      if (other !== undefined) {
        throw inputError(`--catalog ${file}: the name "${name}" is ${other}'s (say NAME=${file})`);
      }
      named.set(name, file);
    }
    const catalogs = new ServedCatalogs(named, folders, options);
    for (const name of catalogs.names()) await catalogs.get(name);
    return catalogs;
  }

  names(): string[] {
    const names = new Set(this.#named.keys());
    for (const folder of this.#folders) for (const name of catalogsIn(folder).keys()) names.add(name);
    return [...names].sort();
  }

  /** The catalog of a name as it is now, or undefined. */
  async get(name: string): Promise<CatalogIndex | undefined> {
    const kept = this.#opened.get(name);
    if (kept !== undefined && this.#now() - kept.looked < kept.lookAgainMs) return kept.index;
    const file = this.#fileOf(name);
    if (file === undefined) {
      kept?.index.retire();
      this.#opened.delete(name);
      return undefined;
    }
    if (kept === undefined) return (await this.#open(name, file)).index;
    kept.looked = this.#now();
    kept.loading ??= this.#lookAgain(name, kept).finally(() => kept.loading = null);
    if (!isRemoteCatalog(file)) await within(WAIT_MS, kept.loading);
    return kept.index;
  }

  close(): void {
    for (const { index } of this.#opened.values()) index.retire();
    this.#opened.clear();
  }

  #fileOf(name: string): string | undefined {
    const own = this.#named.get(name);
    if (own !== undefined) return own;
    for (const folder of this.#folders) {
      const file = catalogsIn(folder).get(name);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** Opens once, however many ask. */
  #open(name: string, file: string): Promise<CatalogState> {
    let opening = this.#opening.get(name);
    if (opening === undefined) {
      opening = (async () => {
        const { signature, index } = await this.#load(file);
        const lookAgainMs = isRemoteCatalog(file) ? LOOK_AGAIN_REMOTE_MS : LOOK_AGAIN_MS;
        const opened = { file, signature, index, lookAgainMs, looked: this.#now(), loading: null };
        this.#opened.set(name, opened);
        return opened;
      })().finally(() => this.#opening.delete(name));
      this.#opening.set(name, opening);
    }
    return opening;
  }

  /** The catalog at a place as it is now. */
  async #load(place: string): Promise<{ signature: string; index: CatalogIndex }> {
    const remote = this.#remote;
    if (!isRemoteCatalog(place)) {
      return { signature: signatureOf(place) ?? "", index: await CatalogIndex.load(place) };
    }
    if (remote === undefined) throw inputError(`--catalog ${place}: is on no disk`);
    // What comes in between is taken up when it is looked at next.
    return { signature: await remote.signature(place), index: await CatalogIndex.load(place, { remote }) };
  }

  /** Takes a changed catalog up. Never rejects: what cannot be read leaves the old one. */
  async #lookAgain(name: string, kept: CatalogState): Promise<void> {
    let signature: string | null = null;
    try {
      signature = isRemoteCatalog(kept.file)
        ? await this.#remote?.signature(kept.file) ?? null
        : signatureOf(kept.file);
      if (signature === null || signature === kept.signature) return;
      const { index } = await this.#load(kept.file);
      kept.index.retire();
      kept.index = index;
      this.#note(`catalog ${name} changed and was taken up (${index.size} granules)`);
    } catch (error) {
      this.#note(
        `catalog ${name} ${
          signature === null ? "could not be looked at" : "changed and could not be read"
        }; ` +
          `the old one stays: ${(error as Error).message}`,
      );
    }
    // What could not be read is tried again when it changes again.
    if (signature !== null) kept.signature = signature;
  }
}

/** Until the work has ended, at most so long. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  // The wait is ended with the work, whose own end is what was waited for.
  const wait = sleep(milliseconds, ended.signal).catch(() => {});
  await Promise.race([work, wait]);
  ended.abort();
}

function namedPlace(place: string): [name: string | null, file: string] {
  const match = /^([\w.-]+)=(.+)$/s.exec(place);
  if (match === null || fs.existsSync(place)) return [null, place];
  return [match[1], match[2]];
}

function catalogName(file: string): string {
  const base = isRemoteCatalog(file) ? path.posix.basename(file) : path.basename(path.resolve(file));
  return base.endsWith(SUFFIX) ? base.slice(0, -SUFFIX.length) : base;
}

function isLive(folder: string): boolean {
  return manifestNumbers(folder).length > 0;
}

function isFolderOfCatalogs(file: string): boolean {
  try {
    return fs.statSync(file).isDirectory() && !isLive(file);
  } catch (error) {
    throw inputError(
      `${file}: ${systemCode(error) === "ENOENT" ? "does not exist" : "cannot be read"} (wanted a catalog)`,
    );
  }
}

/** Catalog files and live catalogs in a folder, by name. */
function catalogsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  const cellIndices = new Set(entries.map(({ name }) => cellIndexPath(name)));
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const file = path.join(folder, entry.name);
    const index = entry.name.endsWith(".rows.parquet") || cellIndices.has(entry.name);
    if ((entry.name.endsWith(SUFFIX) && !index) || (entry.isDirectory() && isLive(file))) {
      found.set(catalogName(file), file);
    }
  }
  return found;
}

/** What of a file changes when it is replaced or written; null where it cannot be looked at just now. */
function signatureOf(file: string): string | null {
  try {
    const numbers = manifestNumbers(file);
    if (numbers.length > 0) return `manifest ${numbers.at(-1)}`;
    const { ino, size, mtimeMs } = fs.statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return null; // between two names of a rename, or gone: the open one goes on
  }
}
