/** Holds COGs against geotiff.js, which is what maps in browsers read them with. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { fromArrayBuffer } from "geotiff";

interface Case {
  name: string;
  width: number;
  height: number;
  count: number;
  dtype: string;
  nodata: string | null;
  affine: number[];
}

type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const ARRAYS: Record<string, new (bytes: ArrayBuffer) => TypedArray> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray) =>
  Buffer.from(buffer, byteOffset, byteLength);

const arrayOf = (file: string): ArrayBuffer => new Uint8Array(fs.readFileSync(file)).buffer;

/** Throws where a case of `folder` (see writeCases) is read as anything else than it was given; says how many there were. */
export async function readCasesByGeotiffJs(folder: string): Promise<number> {
  const cases = JSON.parse(fs.readFileSync(path.join(folder, "cases.json"), "utf8")) as Case[];
  for (const { name, width, height, count, dtype, nodata, affine } of cases) {
    const tiff = await fromArrayBuffer(arrayOf(path.join(folder, `${name}.tif`)));
    const image = await tiff.getImage(0);
    assert.deepEqual([image.getWidth(), image.getHeight(), image.getSamplesPerPixel()], [
      width,
      height,
      count,
    ]);
    const [a, b, c, d, e, f] = affine;
    if (b === 0 && d === 0) {
      assert.deepEqual(image.getOrigin().slice(0, 2), [c, f], name);
      assert.deepEqual(image.getResolution().slice(0, 2), [a, e], name);
    }
    assert.equal(image.getGDALNoData(), nodata === null ? null : Number(nodata), name);
    const planes = new ARRAYS[dtype](arrayOf(path.join(folder, `${name}.bin`)));
    // A cell without a value holds the fill.
    if (nodata !== null && (planes instanceof Float32Array || planes instanceof Float64Array)) {
      planes.forEach((value, at) => Number.isNaN(value) && (planes[at] = Number(nodata)));
    }
    const rasters = await image.readRasters({ pool: null }) as unknown as TypedArray[];
    const cells = width * height;
    rasters.forEach((read, band) => {
      const wanted = planes.subarray(band * cells, (band + 1) * cells);
      assert.equal(Buffer.compare(bytesOf(read), bytesOf(wanted)), 0, `${name}, band ${band + 1}`);
    });
    // Halves until one tile holds it.
    const images = await tiff.getImageCount();
    for (let at = 1; at < images; at++) {
      const smaller = await tiff.getImage(at);
      assert.equal(smaller.getWidth(), Math.ceil(width / 2 ** at), name);
      assert.equal(smaller.getHeight(), Math.ceil(height / 2 ** at), name);
    }
  }
  return cases.length;
}
