import assert from "node:assert/strict";
import { decode } from "fast-png";
import fc from "fast-check";
import { encodePng } from "../../../../../core/raster/encode/png.ts";
import { rgbaOf } from "../../../../../core/raster/picture.ts";

const sampledPictures = fc.tuple(
  fc.integer({ min: 1, max: 19 }),
  fc.integer({ min: 1, max: 7 }),
  fc.constantFrom(1, 2, 3, 4) as fc.Arbitrary<1 | 2 | 3 | 4>,
  fc.boolean(),
  fc.integer(),
);

Deno.test("gray, RGB and alpha of 8 and 16 bits come back as they were from another decoder", () => {
  fc.assert(fc.property(sampledPictures, ([width, height, channels, wide, seed]) => {
    const length = width * height * channels;
    const values = Array.from({ length }, (_, i) => Math.imul(i + 1, seed | 1) >>> 3);
    const samples = wide ? Uint16Array.from(values) : Uint8Array.from(values);
    const png = decode(encodePng({ kind: "sampled", width, height, channels, samples }), { checkCrc: true });
    assert.deepEqual([png.width, png.height, png.channels, png.depth], [
      width,
      height,
      channels,
      wide ? 16 : 8,
    ]);
    assert.deepEqual([...png.data], [...samples]);
  }));
});

Deno.test("palettes of any size keep colours and alphas", () => {
  for (const count of [1, 2, 3, 4, 5, 16, 17, 255, 256]) {
    const palette = Uint8Array.from(
      { length: 4 * count },
      (_, i) => i % 4 === 3 && i < 12 ? 0 : 255 - i % 251,
    );
    const [width, height] = [21, 5];
    const indices = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % count);
    const picture = { kind: "indexed", width, height, indices, palette } as const;
    const png = decode(encodePng(picture), { checkCrc: true });
    const perByte = 8 / png.depth;
    const rowBytes = Math.ceil(width * png.depth / 8);
    const found = Array.from(indices, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      const byte = png.data[y * rowBytes + Math.floor(x / perByte)];
      const index = (byte >> (8 - png.depth * (x % perByte + 1))) & ((1 << png.depth) - 1);
      return [...png.palette![index]];
    }).map((colour) => colour.length === 3 ? [...colour, 255] : colour);
    const wanted = rgbaOf(picture);
    assert.deepEqual(found.flat(), [...wanted], `${count} colours`);
  }
});

Deno.test("a tile of one colour is a few hundred bytes", () => {
  const picture = {
    kind: "indexed",
    width: 256,
    height: 256,
    indices: new Uint8Array(65536),
    palette: Uint8Array.of(0, 0, 0, 0),
  } as const;
  assert.ok(encodePng(picture).length < 400);
});
