/**
 * Reads the fields of HDF5's structures, checked against the bytes at hand. Section numbers in this folder
 * are those of the HDF5 File Format Specification, version 3.0.
 */
import { GranaryError } from "../../errors.ts";
import type { SyncSource } from "../../access/source.ts";

/** The address or size that means "none": all bits set. */
export const UNDEFINED = -1;

/** Something that the direct reader leaves to libhdf5. Never a damaged file. */
export class UnsupportedHdf5 extends Error {
  constructor(readonly feature: string) {
    super(`the direct reader does not read ${feature}`);
    this.name = "UnsupportedHdf5";
  }
}

/** The error for bytes that contradict the format. */
export function damaged(name: string, what: string): GranaryError {
  return new GranaryError("granule", `${name}: ${what} (the file is damaged; fetch it again)`, {
    details: { name, damaged: what },
  });
}

/** An HDF5 file's bytes by address, and the widths of its addresses and lengths. */
export class FileBytes {
  readonly name: string;
  readonly source: SyncSource;

  constructor(
    source: SyncSource,
    /** What addresses count from: the superblock's place behind a user block. */
    readonly base: number,
    readonly offsetSize: number,
    readonly lengthSize: number,
  ) {
    this.name = source.name;
    this.source = source;
  }

  /** A cursor over `length` bytes at `address`. */
  at(address: number, length: number, what: string): Cursor {
    const offset = this.base + address;
    if (address < 0 || length < 0 || !(offset + length <= this.source.sizeBytes)) {
      throw damaged(this.name, `${what} lies at ${offset} to ${offset + length}, outside the file`);
    }
    return new Cursor(this, this.source.read(offset, length), what);
  }

  /** The bytes from `address` on, at most `most` of them: where a structure states its own size. */
  upTo(address: number, most: number, what: string): Cursor {
    return this.at(address, Math.min(most, Math.max(0, this.source.sizeBytes - this.base - address)), what);
  }
}

/** A place in bytes that belong to one structure; reading past its end is damage. */
export class Cursor {
  place = 0;
  readonly #view: DataView;

  constructor(
    readonly file: FileBytes,
    readonly bytes: Uint8Array,
    /** For messages: the structure's name. */
    readonly what: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.place;
  }

  u8(): number {
    return this.bytes[this.#take(1)];
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** An unsigned integer of 1 to 8 bytes; damage where it passes 2^53. */
  uint(width: number): number {
    const at = this.#take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i -= 1) value = value * 256 + this.bytes[at + i];
    if (value > Number.MAX_SAFE_INTEGER) throw this.damage(`states the size ${value}`);
    return value;
  }

  /** An address; UNDEFINED where there is none. */
  address(): number {
    return this.#maybe(this.file.offsetSize);
  }

  /** A size; UNDEFINED where it is unlimited. */
  length(): number {
    return this.#maybe(this.file.lengthSize);
  }

  take(count: number): Uint8Array {
    const at = this.#take(count);
    return this.bytes.subarray(at, at + count);
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  /** A cursor over the next `count` bytes. */
  part(count: number, what: string): Cursor {
    return new Cursor(this.file, this.take(count), what);
  }

  /** Throws unless the next four bytes are `signature`. */
  signature(signature: string): this {
    const at = this.#take(4);
    for (let i = 0; i < 4; i += 1) {
      if (this.bytes[at + i] !== signature.charCodeAt(i)) {
        throw this.damage(`does not begin with ${signature}`);
      }
    }
    return this;
  }

  /** Throws an unsupported error unless the next byte is one of `versions`. */
  version(...versions: number[]): number {
    const version = this.u8();
    if (!versions.includes(version)) throw new UnsupportedHdf5(`version ${version} of the ${this.what}`);
    return version;
  }

  damage(what: string): GranaryError {
    return damaged(this.file.name, `its ${this.what} ${what}`);
  }

  #maybe(width: number): number {
    const at = this.#take(width);
    let value = 0;
    let none = true;
    for (let i = width - 1; i >= 0; i -= 1) {
      const byte = this.bytes[at + i];
      value = value * 256 + byte;
      none &&= byte === 0xff;
    }
    if (none) return UNDEFINED;
    if (value > Number.MAX_SAFE_INTEGER) throw this.damage(`states the address or size ${value}`);
    return value;
  }

  #take(count: number): number {
    const at = this.place;
    if (!(count >= 0 && at + count <= this.bytes.length)) throw this.damage("ends early");
    this.place = at + count;
    return at;
  }
}

/** Text up to the first NUL: UTF-8, or Latin-1 where it is not valid UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return UTF8.decode(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return LATIN1.decode(text);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const LATIN1 = new TextDecoder("latin1");
