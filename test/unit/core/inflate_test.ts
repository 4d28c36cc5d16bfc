import assert from "node:assert/strict";
import zlib from "node:zlib";
import { inflate, inflateBy } from "../../../core/inflate.ts";
import { giveBack, takeMemory } from "../../../core/kernels/memory.ts";
import type { Libdeflate } from "../../../core/libdeflate.ts";

const SIZES = [0, 1, 1000, 1024, 5000, 80_000, 262_144, 300_000, 1_000_003];

/** Numbers that deflate makes somewhat smaller. */
function someBytes(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = i % 3 === 0 ? i >> 8 : state >>> 25;
  }
  return bytes;
}

/** What was asked of libdeflate, which node:zlib plays here. */
class Recorder implements Libdeflate {
  readonly seen: Uint8Array[] = [];

  inflateSync(bytes: Uint8Array): Uint8Array {
    this.seen.push(bytes.slice());
    return zlib.inflateRawSync(bytes);
  }

  deflateSync(): Uint8Array {
    throw new Error("nothing is deflated");
  }
}

const TOO_LARGE = { code: "ERR_BUFFER_TOO_LARGE" };

const options = (size: number) => ({ size, most: size + 65 });

Deno.test("a stream is the same bytes by libdeflate as by node:zlib, of any size and where it lies", () => {
  const libdeflate = new Recorder();
  const fast = inflateBy(libdeflate);
  for (const size of SIZES) {
    for (const level of [0, 1, 6, 9]) {
      const bytes = someBytes(size, size + level);
      const packed = zlib.deflateSync(bytes, { level });
      const among = new Uint8Array(packed.length + 2 * size + 7);
      among.set(packed, 7);
      for (const stream of [packed, among.subarray(7, 7 + packed.length)]) {
        const before = stream.slice();
        assert.deepEqual(new Uint8Array(fast(stream, options(size))), bytes);
        assert.deepEqual(new Uint8Array(inflate(stream, options(size))), bytes);
        assert.deepEqual(new Uint8Array(stream), new Uint8Array(before));
      }
    }
  }
  assert.ok(libdeflate.seen.length > 20);
});

Deno.test("what a stream holds is put where it is to go, in a kernel's memory or another, if it is whole", () => {
  const size = 80_000, bytes = someBytes(size, 5), packed = zlib.deflateSync(bytes);
  const memory = takeMemory(size);
  for (const place of [new Uint8Array(size), memory.take(size)!]) {
    const made = inflateBy(new Recorder())(packed, { ...options(size), place });
    assert.equal(made, place);
    assert.deepEqual(place.slice(), bytes);
    const damaged = Uint8Array.from(packed).with(-1, packed.at(-1)! ^ 1);
    assert.throws(() => inflateBy(new Recorder())(damaged, { ...options(size), place }));
    const other = inflateBy(new Recorder())(packed, { ...options(size), place: place.subarray(1) });
    assert.deepEqual(new Uint8Array(other), bytes);
  }
  giveBack(memory);
});

Deno.test("libdeflate gets room for the whole output, so that it needs no second try", () => {
  const libdeflate = new Recorder();
  for (const size of [5000, 80_000, 300_000, 200_000]) {
    inflateBy(libdeflate)(zlib.deflateSync(someBytes(size, 1)), options(size));
    assert.equal(libdeflate.seen.at(-1)!.length, size);
  }
});

Deno.test("a damaged stream gives node:zlib's error: its checksum, its header, its end, too many bytes", () => {
  const size = 300_000;
  const packed = new Uint8Array(zlib.deflateSync(someBytes(size, 3)));
  const changed = (at: number, to: number) => packed.with(at < 0 ? packed.length + at : at, to);
  const cases: [Uint8Array, number][] = [
    [changed(-1, packed.at(-1)! ^ 1), size],
    [changed(0, 0x79), size],
    [changed(1, packed[1] ^ 1), size],
    [changed(2, 7), size],
    [packed.subarray(0, packed.length - 5), size],
    [packed.subarray(0, packed.length >> 1), size],
    [packed, size - 66],
  ];
  for (const [bytes, expected] of cases) {
    const by = (libdeflate: Libdeflate | undefined) => {
      try {
        inflateBy(libdeflate)(bytes, options(expected));
      } catch (error) {
        return (error as Error).message;
      }
    };
    const told = by(undefined);
    assert.ok(told !== undefined);
    assert.equal(by(new Recorder()), told);
  }
});

Deno.test("bytes behind a stream do not matter", () => {
  const bytes = someBytes(20_000, 4);
  const packed = zlib.deflateSync(bytes);
  const longer = new Uint8Array(packed.length + 9).fill(7);
  longer.set(packed);
  assert.deepEqual(new Uint8Array(inflateBy(new Recorder())(longer, options(bytes.length))), bytes);
});

Deno.test("a stream that could expand to gigabytes is not libdeflate's, which cannot be told where to stop", () => {
  const libdeflate = new Recorder();
  const bomb = new Uint8Array(600_000);
  bomb.set(zlib.deflateSync(new Uint8Array(2_000_000)));
  assert.throws(() => inflateBy(libdeflate)(bomb, options(700_000)), TOO_LARGE);
  // One that says to be smaller than it is.
  assert.throws(() => inflateBy(libdeflate)(bomb, options(4096)), TOO_LARGE);
  assert.equal(libdeflate.seen.length, 0);
});

Deno.test("behind a large stream stands noise, never what came before", () => {
  const libdeflate = new Recorder();
  const fast = inflateBy(libdeflate);
  const size = 400_000;
  const long = zlib.deflateSync(someBytes(size, 5)),
    short = zlib.deflateSync(someBytes(size, 6).fill(1, 40_000));
  assert.ok(short.length < long.length / 3 && short.length > size / 16);
  fast(long, options(size));
  fast(short, options(size));
  const [first, second] = libdeflate.seen;
  const noise = second.subarray(short.length - 2, long.length - 2);
  let alike = 0;
  for (let i = 0; i < noise.length; i++) if (noise[i] === first[short.length - 2 + i]) alike++;
  assert.ok(alike < noise.length / 50, `${alike} of ${noise.length} bytes`);
  // Every byte comes about as often as any other: nobody chose them.
  const counts = new Uint32Array(256);
  for (const byte of noise) counts[byte]++;
  assert.ok(Math.max(...counts) < noise.length / 256 * 2);
});

Deno.test("what shrinks to a hundredth is libdeflate's where it is small, node:zlib's where it is large", () => {
  for (const [size, asked] of [[129_600, 1], [1_000_000, 0]]) {
    const libdeflate = new Recorder();
    const bytes = someBytes(size, 8).fill(3, 500);
    assert.deepEqual(new Uint8Array(inflateBy(libdeflate)(zlib.deflateSync(bytes), options(size))), bytes);
    assert.equal(libdeflate.seen.length, asked);
  }
});
