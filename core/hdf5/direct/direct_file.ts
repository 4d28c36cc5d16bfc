/**
 * An HDF5 file read without libhdf5: the fast path. It follows the HDF5 File Format Specification, version
 * 3.0, for what Earth-observation products use, and says UnsupportedHdf5 of the rest, so that libhdf5
 * reads it; it never guesses.
 */
import type { SyncSource } from "../../access/source.ts";
import { cachedSource } from "../../access/sync_block_cache.ts";
import type { DatasetRows, DatasetWindow, Hdf5File } from "../contract.ts";
import { findSuperblock } from "../signature.ts";
import { type Attributes, readAttributes, readReferences } from "./attributes.ts";
import { damaged, type FileBytes, UNDEFINED } from "./cursor.ts";
import type { DirectDataset, ReadCounters } from "./dataset.ts";
import { openDataset } from "./open_dataset.ts";
import { Fetcher } from "./fetch.ts";
import { type Link, readLinks } from "./links.ts";
import { MESSAGE, type ObjectHeader, readObjectHeader } from "./object_header.ts";
import { readSuperblock } from "./superblock.ts";

/** Soft links followed on the way to one object. */
const MOST_SOFT_LINKS = 32;

/** Objects that one file is searched for; products have some thousands. */
const MOST_OBJECTS = 200_000;

interface FileObject {
  readonly path: string;
  readonly dataset: boolean;
}

/** Opens `source` by the direct reader. Throws an UnsupportedHdf5 where libhdf5 is needed for the file. */
export function openDirectFile(source: SyncSource): DirectFile {
  const cached = cachedSource(source);
  const { file, root } = readSuperblock(cached, findSuperblock(cached));
  return new DirectFile(source, file, root);
}

export class DirectFile implements Hdf5File {
  readonly name: string;
  readonly counters: ReadCounters = { chunksDecoded: 0 };
  readonly #file: FileBytes;
  readonly #fetcher: Fetcher;
  readonly #root: number;
  readonly #headers = new Map<number, ObjectHeader>();
  readonly #links = new Map<number, Map<string, Link> | undefined>();
  readonly #datasets = new Map<string, DirectDataset | undefined>();
  #found: ReadonlyMap<number, FileObject> | undefined;

  constructor(source: SyncSource, file: FileBytes, root: number) {
    this.name = source.name;
    this.#file = file;
    this.#fetcher = new Fetcher(source);
    this.#root = root;
  }

  list(groupPath: string): string[] | undefined {
    const header = this.#resolve(groupPath);
    const links = header && this.#linksOf(header);
    return links && [...links.keys()].sort();
  }

  dataset(path: string): DirectDataset | undefined {
    if (!this.#datasets.has(path)) {
      const header = this.#resolve(path);
      this.#datasets.set(path, header && openDataset(header, path, this.#fetcher, this.counters));
    }
    return this.#datasets.get(path);
  }

  attributes(path: string): Attributes | undefined {
    const header = this.#resolve(path);
    if (!header || (!header.has(MESSAGE.layout) && this.#linksOf(header) === undefined)) return undefined;
    return readAttributes(header);
  }

  linkOut(path: string): string | undefined {
    return this.#follow(path).out;
  }

  datasets(): string[] {
    return [...this.#objects().values()].filter(({ dataset }) => dataset).map(({ path }) => path).sort();
  }

  dimensionScales(path: string): string[][] | undefined {
    const dataset = this.dataset(path);
    if (!dataset) return undefined;
    const header = this.#resolve(path);
    const addresses = (header && readReferences(header, "DIMENSION_LIST")) ?? [];
    return dataset.shape.map((_, axis) =>
      (addresses[axis] ?? []).flatMap((address) => this.#pathOf(address) ?? [])
    );
  }

  references(path: string, attribute: string): (string | null)[] | undefined {
    const header = this.#resolve(path);
    const addresses = header && readReferences(header, attribute);
    return addresses?.flat().map((address) => this.#pathOf(address));
  }

  prefetch(reads: readonly (DatasetRows | DatasetWindow)[]): void {
    this.#fetcher.ahead(reads.flatMap((read) => this.dataset(read.path)?.ranges(read) ?? []));
  }

  #pathOf(address: number): string | null {
    return this.#objects().get(address)?.path ?? null;
  }

  /** Every object that hard links lead to from the root, by address: its first path and whether it is a dataset. */
  #objects(): ReadonlyMap<number, FileObject> {
    if (this.#found) return this.#found;
    const found = new Map<number, FileObject>();
    let level: [number, string][] = [[this.#root, ""]];
    // Level by level, so that an object of several names gets the shortest, and a circle ends at once.
    while (level.length > 0) {
      const next: [number, string][] = [];
      for (const [address, path] of level) {
        if (found.has(address)) continue;
        if (found.size >= MOST_OBJECTS) throw damaged(this.name, `it has more than ${MOST_OBJECTS} objects`);
        const header = this.#header(address);
        const dataset = header.has(MESSAGE.layout);
        found.set(address, { path: path || "/", dataset });
        const links = dataset ? undefined : this.#linksOf(header);
        for (const [name, link] of [...links ?? []].sort(([a], [b]) => a < b ? -1 : 1)) {
          if (link.kind === "hard" && link.address !== UNDEFINED) {
            next.push([link.address, `${path}/${name}`]);
          }
        }
      }
      level = next;
    }
    this.#found = found;
    return found;
  }

  /**
   * Reads the headers, links and attributes of every object: what cannot be read shows, and whether the
   * values of a dataset need libhdf5.
   */
  readMetadata(): boolean {
    const seen = new Set<number>();
    const next = [this.#root];
    for (let address = next.pop(); address !== undefined; address = next.pop()) {
      if (seen.has(address)) continue;
      seen.add(address);
      const header = this.#header(address);
      readAttributes(header);
      if (openDataset(header, `the dataset at ${address}`, this.#fetcher, this.counters)?.needsLibrary()) {
        return true;
      }
      for (const link of this.#linksOf(header)?.values() ?? []) {
        if (link.kind === "hard") next.push(link.address);
      }
    }
    return false;
  }

  close(): void {
    this.#fetcher.close();
    this.#file.source.close();
  }

  /** The object that a path leads to; undefined where a part of it is missing or leaves the file. */
  #resolve(path: string): ObjectHeader | undefined {
    return this.#follow(path).header;
  }

  /** Follows a path to its object, or to the link that leads out of the file or nowhere. */
  #follow(path: string): { header?: ObjectHeader; out?: string } {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    let address = this.#root;
    let followed = 0;
    let soft: string | undefined;
    const nowhere = () => soft === undefined ? {} : { out: `a soft link to ${soft}, which is not there` };
    while (parts.length > 0) {
      const links = this.#linksOf(this.#header(address));
      const link = links?.get(parts.shift()!);
      if (!link) return nowhere();
      if (link.kind === "external") {
        return {
          out: `a link to ${link.target || "an object"} in the file ${link.file}, which is not followed`,
        };
      }
      if (link.kind === "hard") {
        if (link.address === UNDEFINED) throw damaged(this.name, "a link leads nowhere");
        address = link.address;
        continue;
      }
      followed += 1;
      soft = link.target;
      if (followed > MOST_SOFT_LINKS) return { out: `a soft link to ${soft}, which leads in a circle` };
      // A relative target begins at the group that holds the link, where `address` still is.
      if (link.target.startsWith("/")) address = this.#root;
      parts.unshift(...link.target.split("/").filter((part) => part !== "" && part !== "."));
    }
    return { header: this.#header(address) };
  }

  #header(address: number): ObjectHeader {
    let header = this.#headers.get(address);
    if (!header) this.#headers.set(address, header = readObjectHeader(this.#file, address));
    return header;
  }

  #linksOf(header: ObjectHeader): Map<string, Link> | undefined {
    if (!this.#links.has(header.address)) this.#links.set(header.address, readLinks(header));
    return this.#links.get(header.address);
  }
}
