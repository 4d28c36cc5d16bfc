/**
 * Catalogs that lie elsewhere, as files of this machine: DuckDB reads nothing over the network here. Copied, a file comes
 * whole, and of a live catalog the parts of its newest state, each once, for parts never change. Opened for one reader,
 * files of more than a few columns' worth are files with holes (remote_file.ts).
 */
import fs from "node:fs";
import path from "node:path";
import { mapBounded } from "../../core/concurrency.ts";
import type { RangedSource } from "../../core/access/block_cache.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { safeName } from "../../core/access/redact.ts";
import { openNamed } from "../../core/access/open_named.ts";
import { openTarget } from "../../core/access/targets.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { isObjectAddress } from "../../core/files/address.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { temporaryRoot } from "../../core/files/folders.ts";
import { makeScratchFolder } from "../../core/files/leftovers.ts";
import {
  fileSizes,
  type HiddenNames,
  newestManifestIn,
  newestNumberIn,
  stateFiles,
} from "./live_manifest.ts";
import { RemoteFile, WHOLE_BYTES } from "./remote_file.ts";

/** Bytes of one read of a copy. */
const CHUNK_BYTES = 8 * 1024 * 1024;
const COPIES_AT_ONCE = 8;
/** So often another state is asked for, when parts of one are cleared away while they are copied. */
const MOST_STATES = 3;

/** A catalog's files on this machine, until `clean` takes them away. */
interface CatalogCopy {
  files: string[];
  hidden: HiddenNames | null;
  clean(): void;
}

export function isRemoteCatalog(place: string): boolean {
  return isObjectAddress(place) || /^https?:\/\//i.test(place);
}

/** Whether it is one file, rather than a live catalog. */
function isRemoteFile(place: string): boolean {
  return isRemoteCatalog(place) && place.replace(/[?#].*$/s, "").endsWith(".parquet");
}

export class RemoteCatalogs {
  readonly #scratch: string;
  #folder: string | undefined;
  #made = 0;
  /** Parts that are here, by place and name. */
  readonly #parts = new Map<string, string>();

  constructor(readonly opener: SourceOpener, scratch: string = temporaryRoot()) {
    this.#scratch = scratch;
  }

  /** What of a catalog changes when it is written anew. */
  async signature(place: string): Promise<string> {
    if (!isRemoteFile(place)) return `manifest ${await newestNumberIn(this.#live(place)) ?? 0}`;
    const source = await openNamed(this.opener, place);
    try {
      return `${source.versionTag ?? ""} ${source.sizeBytes}`;
    } finally {
      await source.close();
    }
  }

  /** The same for one reader, with holes in what is large: its columns come when they are asked for. */
  async open(place: string): Promise<CatalogCopy & { filled: RemoteFile[] }> {
    const folder = this.#newFolder();
    const filled: RemoteFile[] = [];
    const clean = () => {
      for (const remote of filled.splice(0)) remote.close();
      fs.rmSync(folder, { recursive: true, force: true });
    };
    try {
      if (!isRemoteFile(place)) return { ...await this.#copyLive(place, folder, filled), filled, clean };
      const remote = await RemoteFile.open(await openNamed(this.opener, place), folder);
      filled.push(remote);
      return { files: [remote.file], hidden: null, filled, clean };
    } catch (error) {
      clean();
      throw error;
    }
  }

  /** Copies a catalog as it is now. */
  async copy(place: string): Promise<CatalogCopy> {
    const folder = this.#newFolder();
    const clean = () => fs.rmSync(folder, { recursive: true, force: true });
    try {
      const copied = isRemoteFile(place)
        ? await this.#copyFile(place, path.join(folder, "catalog.parquet"))
        : await this.#copyLive(place, folder);
      return { ...copied, clean };
    } catch (error) {
      clean();
      throw error;
    }
  }

  close(): void {
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
    this.#parts.clear();
  }

  #newFolder(): string {
    const folder = path.join(this.#folderOfAll(), String(++this.#made));
    fs.mkdirSync(folder);
    return folder;
  }

  #folderOfAll(): string {
    this.#folder ??= makeScratchFolder("catalogs", this.#scratch);
    return this.#folder;
  }

  #live(place: string): ObjectTarget {
    if (isObjectAddress(place)) return openTarget(place, this.opener);
    throw inputError(
      `${safeName(place)}: wanted a catalog's file (.parquet); a live catalog is read from a folder or s3://`,
    );
  }

  async #copyFile(place: string, file: string): Promise<Omit<CatalogCopy, "clean">> {
    const source = await this.opener.open(place);
    try {
      await copyTo(source, file);
      return { files: [file], hidden: null };
    } finally {
      await source.close();
    }
  }

  /** With `filled`, large parts are opened into it instead of being copied. */
  async #copyLive(
    place: string,
    folder: string,
    filled?: RemoteFile[],
  ): Promise<Omit<CatalogCopy, "clean">> {
    const target = this.#live(place);
    for (let states = 1;; states += 1) {
      const manifest = await newestManifestIn(target);
      if (manifest === null) {
        throw inputError(
          `${target.name}: holds no manifest of a live catalog (wanted one, or a catalog's file, .parquet)`,
        );
      }
      try {
        const { files: names, hidden } = stateFiles(target.name, manifest);
        const sizes = fileSizes(manifest);
        const files = await mapBounded(names, COPIES_AT_ONCE, async (name, index) => {
          if (filled !== undefined && (sizes.get(name) ?? 0) > WHOLE_BYTES) {
            const remote = await RemoteFile.open(await target.open(name), folder);
            filled.push(remote);
            return remote.file;
          }
          const part = await this.#part(target, name);
          // Its own name of the part: the next state's copy may let go of it.
          const file = path.join(folder, `${index}.parquet`);
          fs.linkSync(part, file);
          return file;
        });
        this.#forgetOthers(target.name, new Set(names));
        return { files, hidden };
      } catch (error) {
        const gone = error instanceof GranaryError && error.tag === "granule";
        if (!gone || states === MOST_STATES) throw error;
        for (const remote of filled?.splice(0) ?? []) remote.close();
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder);
      }
    }
  }

  async #part(target: ObjectTarget, name: string): Promise<string> {
    const key = `${target.name} ${name}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const file = path.join(this.#folderOfAll(), `part-${++this.#made}.parquet`);
    const source = await target.open(name);
    try {
      await copyTo(source, file);
    } finally {
      await source.close();
    }
    this.#parts.set(key, file);
    return file;
  }

  #forgetOthers(name: string, kept: ReadonlySet<string>): void {
    for (const [key, file] of this.#parts) {
      if (!key.startsWith(`${name} `) || kept.has(key.slice(name.length + 1))) continue;
      fs.rmSync(file, { force: true });
      this.#parts.delete(key);
    }
  }
}

async function copyTo(source: RangedSource, file: string): Promise<void> {
  const out = fs.openSync(file, "wx", 0o600);
  try {
    for (let at = 0; at < source.sizeBytes; at += CHUNK_BYTES) {
      const chunk = await source.read(at, Math.min(CHUNK_BYTES, source.sizeBytes - at));
      for (let written = 0; written < chunk.length;) {
        written += fs.writeSync(out, chunk, written, chunk.length - written);
      }
    }
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(out);
  }
}
