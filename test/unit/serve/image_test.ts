import assert from "node:assert/strict";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { openGeotiff } from "../../../core/geotiff/open.ts";
import { outputOfBox } from "../../../core/raster/pixels.ts";
import { IMAGE_FORMATS } from "../../../serve/parameters/formats.ts";
import { RENDER } from "../../../serve/parameters/render.ts";
import { encodeImage, wantsRanges } from "../../../serve/render/image.ts";
import { readNpy, readPng } from "../../support/images.ts";
import { countingSource } from "../../support/memory_source.ts";

const OUTPUT = outputOfBox(crsOfCode("EPSG:4326"), [0, 0, 4, 2], 2, 1);
const PIXELS = { width: 2, height: 1, bands: [Float32Array.of(1, 3)], masks: [Uint8Array.of(1, 0)] };

Deno.test("every format begins as its files do, and no format is PNG for gaps and JPEG without", async () => {
  const starts: Readonly<Record<string, string>> = {
    png: "89504e47",
    pngraw: "89504e47",
    npy: "934e554d",
    tif: "49492a00",
    tiff: "49492a00",
    jpeg: "ffd8ff",
    jpg: "ffd8ff",
    webp: "52494646",
  };
  const render = RENDER.parse({ rescale: ["0,4"] });
  for (const format of IMAGE_FORMATS) {
    const { bytes } = await encodeImage(PIXELS, OUTPUT, format, render, null);
    const head = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
    assert.ok(head.startsWith(starts[format]), `${format}: ${head}`);
  }
  assert.equal((await encodeImage(PIXELS, OUTPUT, null, render, null)).type, "image/png");
  const whole = { ...PIXELS, masks: [Uint8Array.of(1, 1)] };
  assert.equal((await encodeImage(whole, OUTPUT, null, render, null)).type, "image/jpeg");
});

Deno.test("formats of values keep them unless they are scaled or coloured", async () => {
  const plain = RENDER.parse({});
  assert.ok(!wantsRanges(plain, "tif") && !wantsRanges(plain, "npy") && wantsRanges(plain, "png"));
  const file = await openGeotiff(
    countingSource("a.tif", (await encodeImage(PIXELS, OUTPUT, "tif", plain, null)).bytes),
    "a.tif",
  );
  const [grid] = file.grids;
  assert.deepEqual([grid.dtype, grid.affine], ["float32", [2, 0, 0, 0, -2, 2]]);
  const { bands, mask } = await grid.readWindow({ level: 0, x: 0, y: 0, width: 2, height: 1 });
  assert.deepEqual([[...bands[0]], Array.from(mask ?? [], (one) => one === 0 ? 0 : 1)], [[1, 3], [1, 0]]);
  const coloured = RENDER.parse({ rescale: ["0,4"], colormap_name: "viridis" });
  assert.ok(!wantsRanges(coloured, "npy"));
  const npy = readNpy((await encodeImage(PIXELS, OUTPUT, "npy", coloured, null)).bytes);
  // viridis at 63 of 255, and no value.
  assert.deepEqual([npy.channels, [...Array.from(npy.values).slice(0, 4)]], [4, [59, 81, 138, 255]]);
});

Deno.test("colours of a request's own are those of values, not of bytes", async () => {
  const render = RENDER.parse({ colormap: '{"1": "#ff0000", "3": [0, 0, 255, 255]}' });
  assert.ok(!wantsRanges(render, "png"));
  const { bytes } = await encodeImage(PIXELS, OUTPUT, "png", render, null);
  assert.deepEqual([...Array.from(readPng(bytes).values).slice(0, 8)], [255, 0, 0, 255, 0, 0, 0, 0]);
});
