/** Colours as matplotlib, cmocean and rio-tiler have them, and images as Pillow reads them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { COLORMAP_NAMES, namedColormap } from "../../core/raster/colour/colormaps.ts";
import { adjustColours, parseColourFormula } from "../../core/raster/colour/formula.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { encodeGeotiff } from "../../core/raster/encode/geotiff.ts";
import { encodeGif } from "../../core/raster/encode/gif.ts";
import { encodePng } from "../../core/raster/encode/png.ts";
import { outputOfBox } from "../../core/raster/pixels.ts";
import { type IndexedPicture, type Picture, rgbaOf } from "../../core/raster/picture.ts";
import { askPython, hasPeer } from "../support/python.ts";

const COLORMAPS = `
import json, sys, numpy as np, matplotlib, cmocean
theirs = {name.lower(): name for name in matplotlib.colormaps}
out = {}
for name in json.loads(sys.argv[1]):
    base = name.removesuffix("_r")
    # "gray" is of both: rio-tiler's is matplotlib's.
    found = matplotlib.colormaps[theirs[base]] if base in theirs else cmocean.cm.cmap_d.get(base)
    if found is None: continue
    out[name] = (found.reversed() if base != name else found)(np.linspace(0, 1, 256), bytes=True)[:, :3].ravel().tolist()
print(json.dumps(out))
`;

Deno.test({
  name: "208 colormaps are matplotlib's and cmocean's to the byte",
  ignore: !hasPeer("matplotlib", "cmocean"),
  fn() {
    const theirs = askPython(COLORMAPS, JSON.stringify(COLORMAP_NAMES)) as Record<string, number[]>;
    assert.equal(Object.keys(theirs).length, 208);
    for (const [name, colours] of Object.entries(theirs)) {
      assert.deepEqual([...namedColormap(name)], colours, name);
    }
  },
});

const FORMULAS = `
import json, sys, numpy as np
from color_operations import parse_operations, scale_dtype, to_math_type
bands = np.array(json.loads(sys.argv[1]), dtype="uint8")[:, None, :]
out = []
for text in json.loads(sys.argv[2]):
    data = bands
    for operation in parse_operations(text):
        data = scale_dtype(operation(to_math_type(data)), "uint8")
    out.append(data[:, 0].tolist())
print(json.dumps(out))
`;

Deno.test({
  name: "color formulas give rio-color's bytes, but for a last one",
  ignore: !hasPeer("color_operations"),
  fn() {
    const bands = [0, 1, 2].map((b) =>
      Array.from({ length: 500 }, (_, i) => (i * (37 + 11 * b) + 5 * b) % 256)
    );
    const formulas = [
      "gamma RGB 1.8",
      "gamma r 0.7, gamma g 1.1, gamma b 2.5",
      "sigmoidal RGB 6 0.5",
      "sigmoidal rg 10 0.15",
      "sigmoidal RGB -4 0.4",
      "saturation 1.2",
      "saturation 0.3",
      "gamma G 1.85 gamma B 1.95 sigmoidal RGB 35 0.13 saturation 1.15",
    ];
    const theirs = askPython(FORMULAS, JSON.stringify(bands), JSON.stringify(formulas)) as number[][][][];
    const mask = new Uint8Array(500).fill(1);
    formulas.forEach((text, f) => {
      const pixels = {
        width: 500,
        height: 1,
        bands: bands.map((band) => Uint8Array.from(band)),
        masks: [mask, mask, mask],
      };
      const found = adjustColours(pixels, parseColourFormula(text));
      let off = 0;
      found.bands.forEach((band, b) => {
        band.forEach((byte, i) => off = Math.max(off, Math.abs(byte - Number(theirs[f][b][i]))));
      });
      assert.ok(off <= (text.includes("saturation") ? 2 : 1), `${text}: ${off}`);
    });
  },
});

const READ_IMAGES = `
import base64, io, json, sys
import numpy as np
from PIL import Image
out = []
for text in json.loads(sys.argv[1]):
    image = Image.open(io.BytesIO(base64.b64decode(text)))
    out.append({"mode": image.mode, "size": image.size, "rgba": np.array(image.convert("RGBA")).ravel().tolist()})
print(json.dumps(out))
`;

Deno.test({
  name: "Pillow reads palettes, grays and colours as they were written",
  ignore: !hasPeer("PIL", "numpy"),
  fn() {
    const [width, height] = [13, 9];
    const noise = (length: number) =>
      Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
    const pictures: Picture[] = [
      ...([1, 2, 3, 4] as const).map((channels): Picture => ({
        kind: "sampled",
        width,
        height,
        channels,
        samples: noise(width * height * channels),
      })),
      ...[2, 4, 16, 200].map((count): Picture => ({
        kind: "indexed",
        width,
        height,
        indices: noise(width * height).map((byte) => byte % count),
        palette: noise(4 * count),
      })),
    ];
    const files = pictures.map((picture) => Buffer.from(encodePng(picture)).toString("base64"));
    const read = askPython(READ_IMAGES, JSON.stringify(files)) as {
      mode: string;
      size: number[];
      rgba: number[];
    }[];
    const modes = ["L", "LA", "RGB", "RGBA", "P", "P", "P", "P"];
    pictures.forEach((picture, i) => {
      assert.equal(read[i].mode, modes[i]);
      assert.deepEqual(read[i].size, [width, height]);
      assert.deepEqual(read[i].rgba, [...rgbaOf(picture)], `${picture.kind} ${i}`);
    });
  },
});

const READ_FRAMES = `
import base64, io, json, sys
import numpy as np
from PIL import Image, ImageSequence
image = Image.open(io.BytesIO(base64.b64decode(sys.argv[1])))
out = {"loop": image.info.get("loop"), "duration": image.info.get("duration"), "frames": []}
for frame in ImageSequence.Iterator(image):
    out["frames"].append(np.array(frame.convert("RGBA")).ravel().tolist())
print(json.dumps(out))
`;

Deno.test({
  name: "Pillow plays an animation frame by frame, each with its own colours",
  ignore: !hasPeer("PIL", "numpy"),
  fn() {
    // Large and noisy enough for codes of all lengths and a full table.
    const frames = [2, 5, 200, 256].map((count, f): IndexedPicture => ({
      kind: "indexed",
      width: 120,
      height: 90,
      indices: Uint8Array.from({ length: 120 * 90 }, (_, i) => (Math.imul(i + f, 2654435761) >>> 20) % count),
      palette: Uint8Array.from(
        { length: 4 * count },
        (_, i) => i % 4 === 3 ? (i === 7 ? 0 : 255) : (i * 31 + f) % 256,
      ),
    }));
    const file = Buffer.from(encodeGif(frames, 5)).toString("base64");
    const read = askPython(READ_FRAMES, file) as { loop: number; duration: number; frames: number[][] };
    assert.deepEqual([read.loop, read.duration, read.frames.length], [0, 200, 4]);
    frames.forEach((frame, f) => {
      const wanted = rgbaOf(frame);
      for (let i = 0; i < wanted.length; i += 4) {
        const found = read.frames[f].slice(i, i + 4);
        if (wanted[i + 3] === 0) assert.equal(found[3], 0, `frame ${f}, pixel ${i / 4}`);
        else assert.deepEqual(found, [...wanted.subarray(i, i + 4)], `frame ${f}, pixel ${i / 4}`);
      }
    });
  },
});

const READ_TIFF = `
import base64, json, sys
from rasterio.io import MemoryFile
with MemoryFile(base64.b64decode(sys.argv[1])) as memory, memory.open() as data:
    print(json.dumps({"crs": data.crs.to_epsg(), "bounds": list(data.bounds), "dtypes": list(data.dtypes),
                      "interpretations": [one.name for one in data.colorinterp],
                      "values": data.read().ravel().tolist()}))
`;

Deno.test({
  name: "rasterio finds values, opacity and place in a GeoTIFF of an answer",
  ignore: !hasPeer("rasterio"),
  fn() {
    const [width, height] = [270, 40];
    const box = [-91.95, 47.9, -91.6, 48.2] as const;
    const band = Float32Array.from({ length: width * height }, (_, i) => Math.fround(Math.sin(i)));
    const mask = Uint8Array.from(band, (value) => value > 0 ? 1 : 0);
    const output = outputOfBox(crsOfCode("EPSG:4326"), box, width, height);
    const bytes = encodeGeotiff({ width, height, bands: [band], masks: [mask] }, output, true);
    const read = askPython(READ_TIFF, Buffer.from(bytes).toString("base64")) as {
      crs: number;
      bounds: number[];
      dtypes: string[];
      interpretations: string[];
      values: number[];
    };
    assert.equal(read.crs, 4326);
    read.bounds.forEach((bound, i) => assert.ok(Math.abs(bound - box[i]) < 1e-9));
    assert.deepEqual(read.dtypes, ["float32", "float32"]);
    assert.deepEqual(read.interpretations, ["gray", "alpha"]);
    assert.deepEqual(read.values, [...band, ...mask.map((valid) => valid * 255)]);
  },
});
