/**
 * A local file as a {@linkcode Source} and as a {@linkcode SyncSource}. One request is one call of
 * pread; a file that became shorter under the reader is an error, never zeros.
 */
import fs from "node:fs";
import { GranaryError, systemCode } from "../errors.ts";
import { localPath } from "../files/address.ts";
import { checkRange } from "./range.ts";
import type { ByteRange, Source, SourceCounters, SyncSource } from "./source.ts";

/** The longest single pread: below the 2 GiB that some systems stop at. */
const LONGEST_READ_BYTES = 1 << 30;

/** What a thread that others wait for reads at once: less than a millisecond where the system has it at hand. */
const READ_AT_ONCE_BYTES = 1 << 20;

/** A source that reads into any memory. */
export type LocalSource = Source & Required<Pick<Source, "readInto">>;

/** A local file for code that can wait. `location` is a path or a `file:` URL. */
export function openFileSource(location: string): Promise<LocalSource> {
  return Promise.resolve().then(() => new FileSource(localPath(location)));
}

/** A local file for a worker's readers. `location` is a path or a `file:` URL. */
export function openFileSyncSource(location: string): SyncSource {
  return new FileSyncSource(localPath(location));
}

class FileSource implements LocalSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly versionTag: string;
  readonly #file: OpenFile;
  #reading = 0;
  #closing = false;

  constructor(path: string) {
    this.#file = openFile(path);
    this.name = path;
    this.sizeBytes = this.#file.sizeBytes;
    this.versionTag = this.#file.versionTag;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this.name, this.sizeBytes, offset, length); // before memory is asked for
    const bytes = new Uint8Array(length);
    await this.#fill(offset, bytes, LONGEST_READ_BYTES, readAsync, signal);
    return bytes;
  }

  /**
   * In short reads of this thread, with a turn for others between them: where the memory is WebAssembly's, a runtime
   * may let its own threads read to another place, and copy all of it.
   */
  async readInto(offset: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#fill(offset, bytes, READ_AT_ONCE_BYTES, readInTurn, signal);
  }

  async #fill(
    offset: number,
    bytes: Uint8Array,
    longest: number,
    read: typeof readAsync,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { length } = bytes;
    signal?.throwIfAborted();
    if (this.#closing) throw new Error(`${this.name}: read after close`);
    checkRange(this.name, this.sizeBytes, offset, length);
    this.#reading += 1;
    try {
      for (let done = 0; done < length;) {
        const want = Math.min(length - done, longest);
        const got = await read(this.#file.fd, bytes, done, want, offset).catch((error) => {
          throw fileError(this.name, error);
        });
        if (got === 0) throw shortened(this.name, offset, length, done);
        done += got;
        signal?.throwIfAborted();
      }
    } finally {
      this.#reading -= 1;
      if (this.#closing && this.#reading === 0) fs.closeSync(this.#file.fd);
    }
  }

  /** Reads under way end first: their descriptor must not become another file's. */
  close(): Promise<void> {
    if (!this.#closing && this.#reading === 0) fs.closeSync(this.#file.fd);
    this.#closing = true;
    return Promise.resolve();
  }
}

function readAsync(
  fd: number,
  bytes: Uint8Array,
  done: number,
  want: number,
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, done, want, offset + done, (error, got) => error ? reject(error) : resolve(got));
  });
}

async function readInTurn(
  fd: number,
  bytes: Uint8Array,
  done: number,
  want: number,
  offset: number,
): Promise<number> {
  const got = fs.readSync(fd, bytes, done, want, offset + done);
  if (done + got < bytes.length) await new Promise(setImmediate);
  return got;
}

class FileSyncSource implements SyncSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly counters: SourceCounters = { opens: 1, requests: 0, bytes: 0 };
  readonly #file: OpenFile;
  #closed = false;

  constructor(path: string) {
    this.#file = openFile(path);
    this.name = path;
    this.sizeBytes = this.#file.sizeBytes;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this.name, this.sizeBytes, offset, length); // before memory is asked for
    return this.#readInto(offset, length, new Uint8Array(length));
  }

  #readInto(offset: number, length: number, bytes: Uint8Array): Uint8Array {
    if (this.#closed) throw new Error(`${this.name}: read after close`);
    checkRange(this.name, this.sizeBytes, offset, length);
    for (let done = 0; done < length;) {
      const want = Math.min(length - done, LONGEST_READ_BYTES);
      let got: number;
      try {
        got = fs.readSync(this.#file.fd, bytes, done, want, offset + done);
      } catch (error) {
        throw fileError(this.name, error);
      }
      if (got === 0) throw shortened(this.name, offset, length, done);
      this.counters.requests += 1;
      this.counters.bytes += got;
      done += got;
    }
    return bytes;
  }

  readMany(ranges: readonly ByteRange[]): Uint8Array[] {
    return ranges.map(({ offset, length }) => this.read(offset, length));
  }

  readManyInto(ranges: readonly ByteRange[], memory: Uint8Array): Uint8Array[] {
    let at = 0;
    return ranges.map(({ offset, length }) => {
      const bytes = memory.subarray(at, at + length);
      at += length;
      return this.#readInto(offset, length, bytes);
    });
  }

  close(): void {
    if (!this.#closed) fs.closeSync(this.#file.fd);
    this.#closed = true;
  }
}

interface OpenFile {
  fd: number;
  sizeBytes: number;
  versionTag: string;
}

function openFile(path: string): OpenFile {
  let fd: number;
  try {
    fd = fs.openSync(path, "r");
  } catch (error) {
    throw fileError(path, error);
  }
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) {
    fs.closeSync(fd);
    throw new GranaryError(
      "granule",
      `${path}: is ${
        stat.isDirectory() ? "a folder" : "not a regular file"
      } (wanted a file that can be read by range)`,
      { details: { path } },
    );
  }
  return { fd, sizeBytes: stat.size, versionTag: `${stat.size}-${stat.mtimeMs}` };
}

/** The error for a local file that could not be opened or read, with what to do for the usual causes. */
export function fileError(path: string, error: unknown): GranaryError {
  const code = systemCode(error);
  const advice: Record<string, string> = {
    ENOENT: "there is no such file (check the catalog's local_base, or fetch the granule)",
    EACCES: "permission denied (ask its owner for read access)",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder (name a file)",
    EMFILE: "too many open files (raise ulimit -n, or use fewer workers)",
    EIO: "the disk reports an error (copy the file elsewhere and try again)",
    ESTALE: "the network file system lost the file (it was replaced; run again)",
  };
  const reason = (code !== undefined && advice[code]) || (error as Error)?.message || String(error);
  const tag = code === "EIO" || code === "EMFILE" ? "io" : "granule";
  return new GranaryError(tag, `${path}: cannot read (${code ?? "error"}): ${reason}`, {
    cause: error,
    details: { path, code },
  });
}

function shortened(name: string, offset: number, wanted: number, got: number): GranaryError {
  return new GranaryError(
    "granule",
    `${name}: asked for ${wanted} bytes at ${offset}, got ${got}: the file became shorter while it was read ` +
      `(run again when nothing writes it)`,
    { details: { name, offset, wanted, got } },
  );
}
