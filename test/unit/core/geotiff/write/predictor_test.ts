import assert from "node:assert/strict";
import fc from "fast-check";
import { undoFloatDifferences } from "../../../../../core/geotiff/decode/predictor.ts";
import { giveBack, takeMemory } from "../../../../../core/kernels/memory.ts";
import { tileBytes } from "../../../../../core/geotiff/write/predictor.ts";
import type { BlockLayout } from "../../../../../core/geotiff/decode/layout.ts";

const TILE = 16;

Deno.test("byte planes of floats give the floats back, for any size of tile and number of bands", () => {
  const shape = fc.record({
    width: fc.integer({ min: 1, max: TILE }),
    height: fc.integer({ min: 1, max: TILE }),
    bands: fc.integer({ min: 1, max: 3 }),
  });
  const bits = fc.array(fc.integer(), { minLength: 3 * TILE * TILE, maxLength: 3 * TILE * TILE });
  fc.assert(
    fc.property(shape, bits, ({ width, height, bands }, all) => {
      const cells = width * height;
      const planes = Array.from(
        { length: bands },
        (_, b) => new Float32Array(Int32Array.from(all.slice(b * cells, (b + 1) * cells)).buffer),
      );
      const bytes = new Uint8Array(TILE * TILE * bands * 4).fill(7);
      tileBytes(planes, width, height, TILE, "float32", 3, bytes);
      const layout = { width: TILE, height: TILE, samples: bands, bits: 32 } as BlockLayout;
      const found = new Int32Array(undoFloatDifferences(bytes, layout).buffer);
      planes.forEach((values, b) => {
        const wanted = new Int32Array(values.buffer);
        for (let i = 0; i < TILE * TILE; i++) {
          const x = Math.min(i % TILE, width - 1), y = Math.min(Math.floor(i / TILE), height - 1);
          assert.equal(found[i * bands + b], wanted[y * width + x], `band ${b}, cell ${i}`);
        }
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("the kernel's byte planes are those of the plain loop, for any width", () => {
  const size = 64;
  const memory = takeMemory(3 * size * size * 4);
  try {
    for (const width of [1, 2, 15, 16, 17, 31, 33, 48, 63, 64]) {
      const height = Math.min(width, 5);
      const cells = width * height;
      const plain = new Float32Array(crypto.getRandomValues(new Int32Array(cells)).buffer);
      const wanted = new Uint8Array(size * size * 4);
      tileBytes([plain], width, height, size, "float32", 3, wanted);
      const here = new Float32Array(memory.buffer, memory.place(4 * cells), cells);
      new Uint8Array(here.buffer, here.byteOffset, 4 * cells).set(new Uint8Array(plain.buffer));
      const found = new Uint8Array(memory.buffer, memory.place(wanted.length), wanted.length).fill(7);
      tileBytes([here], width, height, size, "float32", 3, found);
      assert.deepEqual(found.slice(), wanted, `${width} x ${height}`);
      memory.reserve(0);
    }
  } finally {
    giveBack(memory);
  }
});
