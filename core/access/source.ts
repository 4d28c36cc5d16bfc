/**
 * A source has a size and reads a range. Nothing else in the code opens a file, a URL or an object.
 */

/** Bytes that lie somewhere: a local file, an HTTPS URL, an S3 object. */
export interface Source {
  /** What a person would call it in a message: a path or a URL without its query or credentials. */
  readonly name: string;
  readonly sizeBytes: number;
  /** ETag or similar: equal tags mean equal bytes. */
  readonly versionTag?: string | undefined;
  /** Exactly `length` bytes from `offset`, or an error. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The same into memory that the caller brings and owns, as many bytes as it has. */
  readInto?(offset: number, memory: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** The bytes of every range, in their order, where asking for them together costs less. */
  readMany?(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

/** A byte range `[offset, offset + length)`. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The same for code that cannot wait: libhdf5 and the chunk reader in a worker. A local file is read
 * by this thread; a remote one by the main thread, which alone holds credentials.
 */
export interface SyncSource {
  readonly name: string;
  readonly sizeBytes: number;
  /** Counted: calls that reached the disk or the network, and the bytes that they moved. */
  readonly counters: SourceCounters;
  /** What one small read should fetch at least: long where a request costs much. */
  readonly blockBytes?: number | undefined;
  /** Exactly `length` bytes from `offset`, or an error. The caller owns the returned array. */
  read(offset: number, length: number): Uint8Array;
  /** Many ranges at once, so that a remote source has them in flight together. */
  readMany(ranges: readonly ByteRange[]): Uint8Array[];
  /** The same into memory that the caller brings, large enough for all; the arrays are views of it. */
  readManyInto?(ranges: readonly ByteRange[], memory: Uint8Array): Uint8Array[];
  close(): void;
}

export interface SourceCounters {
  opens: number;
  requests: number;
  bytes: number;
}
