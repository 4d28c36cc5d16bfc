/** The global heap (section III.E): what elements of variable length point to. */
import { Cursor, damaged, type FileBytes, UNDEFINED } from "./cursor.ts";

/** A collection of the global heap is at most this long in practice; past it is damage. */
const MOST_COLLECTION_BYTES = 256 << 20;

/** Collections that are held open while many elements are read. */
const MOST_OPEN = 64;

/** libhdf5 aligns the collection's head and each object's to 8 bytes, whatever the width of lengths. */
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** The bytes that variable-length elements point to; collections are read once for many elements. */
export class GlobalHeap {
  readonly #file: FileBytes;
  readonly #collections = new Map<number, Map<number, Uint8Array>>();

  constructor(file: FileBytes) {
    this.#file = file;
  }

  /** Bytes of an element that points here: a count, an address and an object's number. */
  get pointerBytes(): number {
    return 8 + this.#file.offsetSize;
  }

  /** What `element` points to; `unitBytes` are those of one of the counted things. */
  get(element: Uint8Array, unitBytes: number): Uint8Array {
    const pointer = new Cursor(this.#file, element, "variable-length element");
    const length = pointer.u32() * unitBytes;
    const address = pointer.address();
    const wanted = pointer.u32();
    if (length === 0 || address === UNDEFINED || address === 0) return new Uint8Array(0);
    const object = this.#collection(address).get(wanted);
    const { name } = this.#file;
    if (object === undefined) throw damaged(name, `its global heap has no object ${wanted}`);
    if (object.length < length) {
      throw damaged(name, `its global heap has ${object.length} bytes where ${length} are wanted`);
    }
    return object.subarray(0, length);
  }

  /** The object `number` of the collection at `address`. */
  object(address: number, number: number): Cursor {
    const object = this.#collection(address).get(number);
    if (object === undefined) throw damaged(this.#file.name, `its global heap has no object ${number}`);
    return new Cursor(this.#file, object, "global heap object");
  }

  #collection(address: number): Map<number, Uint8Array> {
    const known = this.#collections.get(address);
    if (known) return known;
    const file = this.#file;
    const what = "global heap";
    const headBytes = aligned(8 + file.lengthSize);
    const head = file.at(address, headBytes, what).signature("GCOL");
    head.version(1);
    head.skip(3);
    const size = head.length();
    if (size < headBytes || size > MOST_COLLECTION_BYTES) throw head.damage(`states ${size} bytes`);
    const objects = file.at(address + headBytes, size - headBytes, what);
    const found = new Map<number, Uint8Array>();
    const objectHead = aligned(8 + file.lengthSize);
    while (objects.left >= objectHead) {
      const start = objects.place;
      const index = objects.u16();
      objects.skip(6);
      const bytes = objects.length();
      if (index === 0) break;
      objects.skip(objectHead - (objects.place - start));
      // The last object of a damaged collection may end early: it is then missing, and said to be.
      if (bytes < 0 || bytes > objects.left) break;
      found.set(index, objects.take(bytes));
      objects.skip(Math.min(aligned(bytes) - bytes, objects.left));
    }
    if (this.#collections.size >= MOST_OPEN) this.#collections.clear();
    this.#collections.set(address, found);
    return found;
  }
}
