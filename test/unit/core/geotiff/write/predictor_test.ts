import assert from "node:assert/strict";
import fc from "fast-check";
import { undoFloatDifferences } from "../../../../../core/geotiff/decode/predictor.ts";
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
      const bytes = tileBytes(
        planes,
        width,
        height,
        TILE,
        "float32",
        3,
        new ArrayBuffer(TILE * TILE * bands * 4),
      );
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
