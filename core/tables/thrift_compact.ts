/**
 * Thrift's compact protocol, in which Parquet writes its metadata, as plain values: what is read and written
 * again gives the same bytes, members included whose meaning the reader does not know.
 * (Apache Thrift, "Thrift Compact protocol encoding".)
 */

/** Types of values, by their numbers in the protocol. */
export const THRIFT = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

/** Integers are bigint, doubles their eight bytes. */
export type ThriftValue = boolean | bigint | Uint8Array | ThriftList | ThriftStruct;

export interface ThriftList {
  type: number;
  values: ThriftValue[];
}

/** Members by their numbers, ascending. */
export type ThriftStruct = Map<number, { type: number; value: ThriftValue }>;

/** Structs within structs; Parquet's metadata has a few. */
const MOST_DEPTH = 64;

/** Reads one struct; what cannot be one throws a RangeError. */
export function readThrift(bytes: Uint8Array): ThriftStruct {
  return readThriftAt(bytes, 0).struct;
}

/** Reads the struct that begins at `at`, and tells where it ends. */
export function readThriftAt(bytes: Uint8Array, at: number): { struct: ThriftStruct; end: number } {
  const reader = new Reader(bytes, at);
  const struct = reader.struct(0);
  return { struct, end: reader.at };
}

class Reader {
  #at: number;

  constructor(readonly bytes: Uint8Array, at: number) {
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > MOST_DEPTH) throw new RangeError("Thrift: structs lie too deep");
    const members: ThriftStruct = new Map();
    for (let field = 0;;) {
      const head = this.#byte();
      if (head === 0) return members;
      const step = head >> 4;
      field = step === 0 ? Number(this.#zigzag()) : field + step;
      const type = head & 15;
      members.set(field, { type, value: this.#value(type, depth, false) });
    }
  }

  #value(type: number, depth: number, inList: boolean): ThriftValue {
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        // A member's type is its value; in a list each has a byte.
        return (inList ? this.#byte() : type) === THRIFT.true;
      case THRIFT.byte:
        return BigInt(this.#byte());
      case THRIFT.i16:
      case THRIFT.i32:
      case THRIFT.i64:
        return this.#zigzag();
      case THRIFT.double:
        return this.#bytes(8);
      case THRIFT.binary:
        return this.#bytes(Number(this.#varint()));
      case THRIFT.list:
      case THRIFT.set:
        return this.#list(depth);
      case THRIFT.struct:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`Thrift: type ${type} is none that Parquet's metadata has`);
    }
  }

  #list(depth: number): ThriftList {
    const head = this.#byte();
    const type = head & 15;
    const count = head >> 4 === 15 ? Number(this.#varint()) : head >> 4;
    // Each value takes a byte at least.
    if (count > this.bytes.length - this.#at) throw new RangeError("Thrift: a list goes beyond its end");
    const values: ThriftValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.#value(type, depth + 1, true));
    return { type, values };
  }

  #byte(): number {
    if (this.#at >= this.bytes.length) throw new RangeError("Thrift: ends too early");
    return this.bytes[this.#at++];
  }

  #bytes(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) throw new RangeError("Thrift: bytes go beyond its end");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): bigint {
    const first = this.#byte();
    // Most are small.
    if (first < 128) return BigInt(first);
    let value = 0n;
    this.#at -= 1;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError("Thrift: a number is too long");
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return value >> 1n ^ -(value & 1n);
  }
}

/** The bytes of a struct. */
export function writeThrift(struct: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(struct);
  return writer.result();
}

class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  result(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  struct(members: ThriftStruct): void {
    let last = 0;
    for (const [field, { type, value }] of members) {
      const written = typeof value === "boolean" ? (value ? THRIFT.true : THRIFT.false) : type;
      const step = field - last;
      if (step > 0 && step < 16) this.#byte(step << 4 | written);
      else {
        this.#byte(written);
        this.#zigzag(BigInt(field));
      }
      last = field;
      if (typeof value !== "boolean") this.#value(type, value);
    }
    this.#byte(0);
  }

  #value(type: number, value: ThriftValue): void {
    if (typeof value === "boolean") this.#byte(value ? THRIFT.true : THRIFT.false);
    else if (typeof value === "bigint") {
      if (type === THRIFT.byte) this.#byte(Number(value));
      else this.#zigzag(value);
    } else if (value instanceof Uint8Array) {
      if (type !== THRIFT.double) this.#varint(BigInt(value.length));
      this.#put(value);
    } else if (value instanceof Map) this.struct(value);
    else {
      const { length } = value.values;
      this.#byte((length < 15 ? length : 15) << 4 | value.type);
      if (length >= 15) this.#varint(BigInt(length));
      for (const one of value.values) this.#value(value.type, one);
    }
  }

  #zigzag(value: bigint): void {
    this.#varint(BigInt.asUintN(64, value << 1n ^ value >> 63n));
  }

  #varint(value: bigint): void {
    for (; value > 127n; value >>= 7n) this.#byte(Number(value & 127n) | 128);
    this.#byte(Number(value));
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = byte;
  }

  #put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const wider = new Uint8Array(2 * (this.#length + more));
    wider.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = wider;
  }
}
