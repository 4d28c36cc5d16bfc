/**
 * Reads the fields of HDF5's structures, checked against the bytes at hand. Section numbers in this folder
 * are those of the HDF5 File Format Specification, version 3.0.
 */
import { GranaryError } from "../../errors.ts";
import type { ByteView, CachedSource } from "../../access/sync_block_cache.ts";

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
  readonly source: CachedSource;

  constructor(
    source: CachedSource,
    /** What addresses count from: the superblock's place behind a user block. */
    readonly base: number,
    readonly offsetSize: number,
    readonly lengthSize: number,
  ) {
    this.name = source.name;
    this.source = source;
  }

  /** A cursor over `length` bytes at `address`, in memory of the cache: what is kept longer than the file is open is copied. */
  at(address: number, length: number, what: string): Cursor {
    const { bytes, start } = this.#view(address, length, what);
    return new Cursor(this, bytes, what, start, start + length);
  }

  /** The same over a copy. */
  copyOf(address: number, length: number, what: string): Cursor {
    const { bytes, start } = this.#view(address, length, what);
    return new Cursor(this, bytes.slice(start, start + length), what);
  }

  #view(address: number, length: number, what: string): ByteView {
    const offset = this.base + address;
    if (address < 0 || length < 0 || !(offset + length <= this.source.sizeBytes)) {
      throw damaged(this.name, `${what} lies at ${offset} to ${offset + length}, outside the file`);
    }
    return this.source.view(offset, length);
  }

  /** The bytes from `address` on, at most `most` of them: where a structure states its own size. */
  upTo(address: number, most: number, what: string): Cursor {
    return this.at(address, Math.min(most, Math.max(0, this.source.sizeBytes - this.base - address)), what);
  }
}

/** A place in bytes that belong to one structure; reading past its end is damage. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #place: number;

  /** Over the bytes of `bytes` from `start` to `end`: views of their own would cost more than what is read of them. */
  constructor(
    readonly file: FileBytes,
    bytes: Uint8Array,
    /** For messages: the structure's name. */
    readonly what: string,
    start = 0,
    end = bytes.length,
  ) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#place = start;
  }

  /** Bytes before the place. */
  get place(): number {
    return this.#place - this.#start;
  }

  /** Bytes from the place on. */
  get left(): number {
    return this.#end - this.#place;
  }

  /** The bytes before the place. */
  get passed(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#place);
  }

  /** The bytes from the place on, which stays. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#place, this.#end);
  }

  /** Goes to the place behind `count` bytes from the start. */
  goTo(count: number): this {
    const place = this.#start + count;
    if (!(count >= 0 && place <= this.#end)) throw this.damage("ends early");
    this.#place = place;
    return this;
  }

  /** The next byte, which stays the next. */
  peek(): number {
    const byte = this.u8();
    this.#place -= 1;
    return byte;
  }

  u8(): number {
    return this.#bytes[this.#take(1)];
  }

  u16(): number {
    const at = this.#take(2);
    return this.#bytes[at] | (this.#bytes[at + 1] << 8);
  }

  u32(): number {
    const at = this.#take(4), bytes = this.#bytes;
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  /** An unsigned integer of 1 to 8 bytes; damage where it passes 2^53. */
  uint(width: number): number {
    const value = this.#unsigned(width);
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
    return this.#bytes.subarray(at, at + count);
  }

  skip(count: number): this {
    this.#take(count);
    return this;
  }

  /** A cursor over the next `count` bytes. */
  part(count: number, what: string): Cursor {
    const at = this.#take(count);
    return new Cursor(this.file, this.#bytes, what, at, at + count);
  }

  /** A cursor over all bytes of this one, from their start. */
  as(what: string): Cursor {
    return new Cursor(this.file, this.#bytes, what, this.#start, this.#end);
  }

  /** Throws unless the next four bytes are `signature`. */
  signature(signature: string): this {
    const at = this.#take(4);
    for (let i = 0; i < 4; i += 1) {
      if (this.#bytes[at + i] !== signature.charCodeAt(i)) {
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
    const value = this.#unsigned(width);
    if (value >= 0xffffffff && this.#endsInOnes(width)) return UNDEFINED;
    if (value > Number.MAX_SAFE_INTEGER) throw this.damage(`states the address or size ${value}`);
    return value;
  }

  /** The unsigned integer of the next `width` bytes, rounded where it passes 2^53. */
  #unsigned(width: number): number {
    if (width === 8) return this.u32() + this.u32() * 2 ** 32;
    const at = this.#take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i -= 1) value = value * 256 + this.#bytes[at + i];
    return value;
  }

  /** Whether all bits of the last `count` bytes are set. */
  #endsInOnes(count: number): boolean {
    for (let i = 1; i <= count; i += 1) if (this.#bytes[this.#place - i] !== 0xff) return false;
    return true;
  }

  #take(count: number): number {
    const at = this.#place;
    if (!(count >= 0 && at + count <= this.#end)) throw this.damage("ends early");
    this.#place = at + count;
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
