/** Where arrays lie that kernels work on, and how those come to them that lie elsewhere. */
import { type Kernels, kernelsOver } from "./kernels.ts";

const PAGE_BYTES = 65_536;

/** The first page has room for arguments and results of one call, and for a part of an array from elsewhere. */
const ARGUMENT_BYTES = 1024;
const PART_BYTES = 32_768;

/** Arrays begin at multiples of a vector's length. */
export const ALIGNMENT = 16;

/** A memory cannot shrink: larger ones do not wait for the next user. */
const MOST_KEPT_BYTES = 64 << 20;
const MOST_KEPT = 2;

/** A memory of WebAssembly with the kernels over it. */
export class KernelMemory {
  readonly kernels: Kernels;
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #buffer = this.#memory.buffer as ArrayBuffer;
  #end = PAGE_BYTES;
  #reserved = PAGE_BYTES;

  constructor() {
    this.kernels = kernelsOver(this.#memory);
    HOMES.set(this.#buffer, this);
  }

  /** Arguments and results of a call stand at its begin. */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Room for a part of an array from elsewhere, until the next call. */
  get part(): Uint8Array {
    return new Uint8Array(this.buffer, ARGUMENT_BYTES, PART_BYTES);
  }

  /** Makes room for arrays of so many bytes in all. Those that lie here are of no use afterwards. */
  reserve(bytes: number): void {
    const missing = Math.ceil((PAGE_BYTES + bytes - this.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) {
      this.#memory.grow(missing);
      this.#buffer = this.#memory.buffer as ArrayBuffer;
      HOMES.set(this.#buffer, this);
    }
    this.#end = PAGE_BYTES;
    this.#reserved = PAGE_BYTES + bytes;
  }

  /** The place of the next so many bytes of what was reserved, whatever they hold. */
  place(bytes: number): number {
    const at = this.#end;
    this.#end += roundUp(bytes);
    return at;
  }

  /** The same as an array; undefined where less than that is left of what was reserved. */
  take(bytes: number): Uint8Array | undefined {
    if (this.#end + roundUp(bytes) > this.#reserved) return undefined;
    return new Uint8Array(this.#buffer, this.place(bytes), bytes);
  }

  /**
   * Calls `run` for the parts of an array in their order, each copied to here unless it lies here: parts stay in the
   * processor's cache however often `run` goes over them.
   */
  eachPart(values: Uint8Array | Float32Array, run: (at: number, length: number) => void): void {
    const size = values.BYTES_PER_ELEMENT;
    if (values.buffer === this.buffer) {
      const step = PART_BYTES / size;
      for (let i = 0; i < values.length; i += step) {
        run(values.byteOffset + i * size, Math.min(step, values.length - i));
      }
      return;
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const { part } = this;
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const from = bytes.subarray(at, at + PART_BYTES);
      part.set(from);
      run(ARGUMENT_BYTES, from.length / size);
    }
  }
}

/** Bytes that an array takes in a memory. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

const HOMES = new WeakMap<ArrayBufferLike, KernelMemory>();
const kept: KernelMemory[] = [];

/** A memory with room for arrays of so many bytes, for one user at a time. */
export function takeMemory(bytes: number): KernelMemory {
  const memory = kept.pop() ?? new KernelMemory();
  memory.reserve(bytes);
  return memory;
}

/** Gives a memory back: its arrays will be another's. */
export function giveBack(memory: KernelMemory): void {
  if (kept.length < MOST_KEPT && memory.buffer.byteLength <= MOST_KEPT_BYTES) kept.push(memory);
}

/** The memory that arrays lie in, where all lie in one. */
export function memoryOf(...arrays: readonly ArrayBufferView[]): KernelMemory | undefined {
  const [{ buffer }] = arrays;
  return arrays.every((array) => array.buffer === buffer) ? HOMES.get(buffer) : undefined;
}

let ofParts: KernelMemory | undefined;

/** The memory that an array lies in, or the one that its parts are copied to. */
export function memoryFor(values: ArrayBufferView): KernelMemory {
  return memoryOf(values) ?? (ofParts ??= new KernelMemory());
}
