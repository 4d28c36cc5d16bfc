import assert from "node:assert/strict";
import { encodeJpeg, encodeWebp } from "../../../../../core/raster/encode/lossy.ts";
import { jpegDecoder, webpDecoder } from "../../../../../core/geotiff/decode/wasm_codecs.ts";

const [WIDTH, HEIGHT] = [64, 48];

/** A smooth picture: lossy formats keep it well. */
const SAMPLES = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => {
  const [pixel, channel] = [i >> 2, i & 3];
  const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
  return channel === 3 ? (x < 32 ? 255 : 0) : Math.round(40 + x * 2 + y * (channel + 1));
});
const PICTURE = { kind: "sampled", width: WIDTH, height: HEIGHT, channels: 4, samples: SAMPLES } as const;

function meanError(found: ArrayLike<number>, where: (pixel: number) => boolean): number {
  let sum = 0, count = 0;
  for (let i = 0; i < SAMPLES.length; i++) {
    if (i % 4 === 3 || !where(i >> 2)) continue;
    sum += Math.abs(found[i] - SAMPLES[i]);
    count++;
  }
  return sum / count;
}

Deno.test("a JPEG decodes to nearly the same colours, a second one no less", async () => {
  const first = await encodeJpeg(PICTURE);
  const second = await encodeJpeg({ ...PICTURE, samples: SAMPLES.map((value) => 255 - value) });
  assert.deepEqual([...first.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.notDeepEqual(first, second);
  const decoded = (await jpegDecoder())(first) ?? assert.fail();
  assert.deepEqual([decoded.width, decoded.height], [WIDTH, HEIGHT]);
  assert.ok(meanError(decoded.data, () => true) < 4);
});

Deno.test("a WebP keeps colours nearly and opacity fully", async () => {
  const bytes = await encodeWebp(PICTURE);
  const decoded = (await webpDecoder())(bytes) ?? assert.fail();
  assert.deepEqual([decoded.width, decoded.height], [WIDTH, HEIGHT]);
  for (let i = 3; i < SAMPLES.length; i += 4) assert.equal(decoded.data[i], SAMPLES[i]);
  assert.ok(meanError(decoded.data, (pixel) => SAMPLES[4 * pixel + 3] === 255) < 5);
});
