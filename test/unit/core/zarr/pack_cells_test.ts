import assert from "node:assert/strict";
import zlib from "node:zlib";
import fc from "fast-check";
import { compressChunk } from "../../../../core/zarr/chunk.ts";
import { packCells } from "../../../../core/zarr/pack_cells.ts";

const unpacked = (frame: Uint8Array) => new Uint8Array(zlib.zstdDecompressSync(frame));
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Numbers in [0, 1) from a seed (mulberry32). */
function randoms(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What stands in set cells: heights, any bits, few values, rounded heights, one value, heights of one binade. */
const KINDS: readonly ((random: () => number, i: number) => number)[] = [
  (random, i) => 1400 + i / 7 + random(),
  (random) => floatOf(random() * 2 ** 32),
  (random) => Math.floor(random() * 3),
  (random, i) => Math.round(8 * (300 + i / 50 + random())) / 8,
  () => 7.25,
  (random) => 2 ** 20 * (1 + random()),
];

function floatOf(word: number): number {
  return new Float32Array(Uint32Array.of(word).buffer)[0];
}

interface Made {
  seed: number;
  cells: number;
  kind: number;
  /** Cells in a row that are set, and that are not, on average. */
  set: number;
  empty: number;
  fill: number;
}

const made: fc.Arbitrary<Made> = fc.record({
  seed: fc.integer(),
  cells: fc.constantFrom(1024, 1025, 1087, 2048, 4096, 4097, 10_000, 16_384),
  kind: fc.nat(KINDS.length - 1),
  set: fc.constantFrom(1, 1.5, 4, 20, 300),
  empty: fc.constantFrom(1, 2, 5, 30, 1000),
  fill: fc.constantFrom(NaN, 0, -9999, 1400.5),
});

function chunkOf({ seed, cells, kind, set, empty, fill }: Made): Float32Array {
  const random = randoms(seed);
  const chunk = new Float32Array(cells).fill(fill);
  let isSet = random() < 0.5;
  for (let i = 0; i < cells; i++) {
    if (random() < 1 / (isSet ? set : empty)) isSet = !isSet;
    if (isSet) chunk[i] = KINDS[kind](random, i);
  }
  return chunk;
}

Deno.test("zstd reads of a frame what was packed, whatever stands in how many cells", () => {
  let packed = 0;
  fc.assert(
    fc.property(made, (asked) => {
      const chunk = chunkOf(asked);
      const frame = packCells(chunk, asked.fill);
      if (frame === undefined) return;
      packed += 1;
      assert.deepEqual(unpacked(frame), bytesOf(chunk));
    }),
    { numRuns: 600 },
  );
  assert.ok(packed > 100, `${packed} were packed`);
});

Deno.test("counts and other integers are packed too, from any fill", () => {
  for (const make of [Uint32Array, Int32Array]) {
    for (const fill of [0, 48, make === Int32Array ? -1 : 2 ** 32 - 1]) {
      const random = randoms(fill);
      const chunk = new make(4096).fill(fill);
      for (let i = 300; i < 4000; i += 1 + Math.floor(9 * random())) chunk[i] = 1 + 90 * random();
      const frame = packCells(chunk, fill);
      assert.ok(frame);
      assert.deepEqual(unpacked(frame), new Uint8Array(chunk.buffer));
    }
  }
});

Deno.test("a frame is of its chunk alone, whatever was packed before", () => {
  fc.assert(
    fc.property(made, made, (one, other) => {
      const chunk = chunkOf(one);
      const first = packCells(chunk, one.fill);
      packCells(chunkOf(other), other.fill);
      assert.deepEqual(packCells(chunk, one.fill), first);
      // The same cells with other values, and of another length.
      packCells(chunk.map((value) => (Object.is(value, one.fill) ? value : value + 1)), one.fill);
      packCells(chunk.slice(0, -1), one.fill);
      assert.deepEqual(packCells(chunk, one.fill), first);
    }),
    { numRuns: 100 },
  );
});

Deno.test("heights along tracks take about what zstd makes of them by a search, at most", () => {
  for (const [set, empty] of [[4, 30], [20, 300], [1.5, 20]]) {
    for (const cells of [4096, 16_384]) {
      let packed = 0, searched = 0;
      for (let seed = 0; seed < 20; seed++) {
        const chunk = chunkOf({ seed, cells, kind: 0, set, empty, fill: NaN });
        const frame = packCells(chunk, NaN);
        if (frame === undefined) continue;
        packed += frame.length;
        searched += compressChunk(chunk).length;
      }
      assert.ok(packed > 0 && packed <= 1.02 * searched, `${packed} and ${searched} bytes`);
    }
  }
});

Deno.test("bytes that all come as often, regular cells, and cells at both ends are packed", () => {
  const even = new Float32Array(4096).fill(NaN);
  for (let i = 0; i < 1024; i++) even[3 * i + 500 + (i & 1)] = floatOf(0x3c000000 + (i % 64) * 0x40404 + i);
  const words = new Uint32Array(4096).fill(0x7fc00000);
  // Every byte comes sixteen times, no cell twice.
  for (let i = 0; i < 1024; i++) {
    const [a, b, c, d] = [0, 37, 91, 5].map((turn) => (i + (i >> 8) * turn) % 256);
    words[4 * i + (i >> 3 & 1)] = (a | b << 8 | c << 16 | d << 24) >>> 0;
  }
  const ends = new Float32Array(1024).fill(NaN);
  for (let i = 0; i < 100; i++) ends[i] = ends[1023 - i] = 1400 + Math.sin(i);
  for (const chunk of [even, new Float32Array(words.buffer), ends]) {
    const frame = packCells(chunk, NaN);
    assert.ok(frame);
    assert.deepEqual(unpacked(frame), bytesOf(chunk));
  }
});

Deno.test("what a search packs better, or as fast, is left to it", () => {
  const heights = (cells: number, set: number) =>
    new Float32Array(cells).fill(NaN).map((fill, i) => (i < set ? 1400 + Math.sin(i) : fill));
  assert.ok(packCells(heights(4096, 500), NaN));
  assert.equal(packCells(heights(4096, 2100), NaN), undefined, "most cells are set");
  assert.equal(packCells(heights(4096, 20), NaN), undefined, "few cells are set");
  assert.equal(packCells(heights(512, 200), NaN), undefined, "a small chunk");
  assert.equal(
    packCells(heights(4096, 500).map((value) => Math.round(value)), NaN),
    undefined,
    "bytes repeat",
  );
  const again = heights(4096, 1500);
  for (
    const [what, repeating] of Object.entries({
      "cells that equal their neighbours": again.map((_, i) => again[i - i % 4]),
      "few values of which one is most": again.map((value, i) =>
        value === value ? again[i % 9 ? 0 : i % 19] : NaN
      ),
      "few values of many digits": again.map((value, i) => value === value ? again[i * i % 50] : NaN),
    })
  ) assert.equal(packCells(repeating, NaN), undefined, what);
  const grid = heights(4096, 4096).map((value, i) => i % 8 === 0 ? value : NaN);
  assert.equal(packCells(grid, NaN), undefined, "a grid");
  assert.equal(packCells(new Float64Array(4096), 1), undefined, "8 bytes a cell");
  assert.equal(packCells(new Uint32Array(4096).fill(5, 0, 900), 0), undefined, "one count");
});
