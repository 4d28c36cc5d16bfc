/** Loops over the pixels of a picture, part by part: a memory that has grown to a large picture would stay so. */
import { giveBack, type KernelMemory, takeMemory } from "./memory.ts";

/** The numbers of one band. */
type Numbers = ArrayLike<number> & { subarray(from: number, end: number): ArrayLike<number> };

/** Pixels of a part. */
const PART = 65_536;

/** Room for `sizes`, bytes a pixel of each array, and for one pixel more of each. */
function eachPart(
  count: number,
  sizes: readonly number[],
  work: (memory: KernelMemory, places: readonly number[], from: number, end: number) => void,
): void {
  const pixels = Math.min(count, PART) + 1;
  const bytes = sizes.reduce((sum, size) => sum + size * pixels + 16, 0);
  const memory = takeMemory(bytes);
  try {
    const places = sizes.map((size) => memory.place(size * pixels));
    for (let from = 0; from < count; from += PART) {
      work(memory, places, from, Math.min(count, from + PART));
    }
  } finally {
    giveBack(memory);
  }
}

/**
 * Values as bytes: `low` to `high` becomes 0 to 255, what lies beyond it its ends; cut, not rounded. Where `mask` is 0,
 * and of NaN, they are 0. Computed as numpy does it: a product with 255 / width would differ in last bits, which a cut shows.
 */
export function bytesOfRange(
  values: Numbers,
  mask: Uint8Array,
  [low, high]: readonly [number, number],
): Uint8Array {
  const bytes = new Uint8Array(values.length);
  eachPart(values.length, [8, 1, 1], ({ buffer, kernels }, [from, masked, to], begin, end) => {
    const count = end - begin;
    new Float64Array(buffer, from, count).set(values.subarray(begin, end));
    new Uint8Array(buffer, masked, count).set(mask.subarray(begin, end));
    kernels.scaleToBytes(from, masked, count, low, high, high - low, to);
    bytes.set(new Uint8Array(buffer, to, count), begin);
  });
  return bytes;
}

/** Values by scale and offset, in double precision; NaN where `mask` is 0. */
export function scaledNumbers(
  values: Numbers,
  mask: Uint8Array,
  scale: number,
  offset: number,
): Float64Array {
  const numbers = new Float64Array(values.length);
  eachPart(values.length, [8, 1], ({ buffer, kernels }, [at, masked], begin, end) => {
    const count = end - begin;
    const part = new Float64Array(buffer, at, count);
    part.set(values.subarray(begin, end));
    new Uint8Array(buffer, masked, count).set(mask.subarray(begin, end));
    kernels.scaleNumbers(at, masked, count, scale, offset);
    numbers.set(part, begin);
  });
  return numbers;
}

/** Each byte followed by 255 where `mask` is 1, by 0 where it is 0. */
export function withOpacity(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * bytes.length);
  eachPart(bytes.length, [1, 1, 2], ({ buffer, kernels }, [from, masked, to], begin, end) => {
    const count = end - begin;
    new Uint8Array(buffer, from, count).set(bytes.subarray(begin, end));
    new Uint8Array(buffer, masked, count).set(mask.subarray(begin, end));
    kernels.interleaveMask(from, masked, count, to);
    both.set(new Uint8Array(buffer, to, 2 * count), 2 * begin);
  });
  return both;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The cell of a window in which each pixel's middle lies, -1 for none; `turns` where the window goes around the Earth.
 * @param mesh where the output's pixels lie in the window, a patch being `patch` numbers
 */
export function cellsOfMesh(
  mesh: Float64Array,
  patch: number,
  output: Size,
  window: Size,
  turns: boolean,
): Int32Array {
  const pixels = output.width * output.height;
  const memory = takeMemory(mesh.byteLength + 4 * pixels + 32);
  try {
    const at = memory.place(mesh.byteLength);
    const cells = memory.place(4 * pixels);
    new Float64Array(memory.buffer, at, mesh.length).set(mesh);
    memory.kernels.nearestCells(
      at,
      mesh.length / patch,
      output.width,
      pixels,
      window.width,
      window.height,
      turns,
      cells,
    );
    return new Int32Array(memory.buffer, cells, pixels).slice();
  } finally {
    giveBack(memory);
  }
}
