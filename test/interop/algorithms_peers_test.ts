/** Algorithms on pixels, held against TiTiler's own on the same values. */
import assert from "node:assert/strict";
import { ALGORITHM_NAMES, ALGORITHMS, algorithmValues } from "../../core/raster/algorithms/registry.ts";
import type { Algorithm } from "../../core/raster/algorithms/algorithm.ts";
import type { GridValues } from "../../core/raster/grid.ts";
import type { Pixels } from "../../core/raster/pixels.ts";
import { askPython, hasPeer } from "../support/python.ts";

const WIDTH = 40;
const HEIGHT = 30;

/** Heights with a hole, and bands beside them; a formula that both languages compute alike. */
const PEER = `
import json, sys
import numpy as np
from rio_tiler.models import ImageData
from titiler.core.algorithm import algorithms

def result(name, count, params, dtype):
    i = np.arange(${WIDTH} * ${HEIGHT})
    bands = [((i * (7 + 4 * b)) % (211 + 10 * b)).reshape(${HEIGHT}, ${WIDTH}).astype(dtype) for b in range(count)]
    if dtype.startswith("float"):
        bands = [band * band.dtype.type(1.25) - 17 for band in bands]
    masks = [((i + b) % 37 == 0).reshape(${HEIGHT}, ${WIDTH}) for b in range(count)]
    data = np.ma.MaskedArray(np.stack(bands), mask=np.stack(masks))
    image = ImageData(data, crs="EPSG:3857", bounds=(0, 0, ${WIDTH} * 30, ${HEIGHT} * 30))
    array = algorithms.get(name)(**params)(image).array
    masked = np.broadcast_to(np.ma.getmaskarray(array), array.shape)
    return {
        "height": array.shape[1],
        "width": array.shape[2],
        "values": np.where(np.isfinite(array.data), array.data, 0).astype("f8").reshape(array.shape[0], -1).tolist(),
        "masked": masked.astype(int).reshape(array.shape[0], -1).tolist(),
    }

def parameters(one):
    ours = ("input_", "output_", "title", "description")
    return {name: field.default for name, field in one.model_fields.items() if not name.startswith(ours)}

print(json.dumps({
    "results": [result(*case) for case in json.loads(sys.argv[1])],
    "parameters": {name: parameters(algorithms.get(name)) for name in algorithms.list()},
}))
`;

interface Peer {
  results: PeerResult[];
  parameters: Record<string, Record<string, unknown>>;
}

interface PeerResult {
  width: number;
  height: number;
  values: number[][];
  masked: number[][];
}

function pixelsOf(count: number, dtype: "int16" | "float32"): Pixels {
  const cells = WIDTH * HEIGHT;
  const bands = Array.from({ length: count }, (_, b): GridValues => {
    const values = Float64Array.from({ length: cells }, (_, i) => (i * (7 + 4 * b)) % (211 + 10 * b));
    return dtype === "int16" ? Int16Array.from(values) : Float32Array.from(values, (one) => one * 1.25 - 17);
  });
  const masks = bands.map((_, b) => Uint8Array.from({ length: cells }, (_, i) => (i + b) % 37 === 0 ? 0 : 1));
  return { width: WIDTH, height: HEIGHT, bands, masks };
}

const CASES: readonly [
  name: typeof ALGORITHM_NAMES[number],
  count: number,
  params: Record<string, number>,
][] = [
  ["hillshade", 1, {}],
  ["hillshade", 1, { azimuth: 300, angle_altitude: 20, buffer: 0, z_exaggeration: 0.05 }],
  ["slope", 1, {}],
  ["slope", 1, { buffer: 0, z_exaggeration: 3.5 }],
  ["contours", 1, {}],
  ["contours", 1, { increment: 20, thickness: 4, minz: -20, maxz: 260 }],
  ["normalizedIndex", 2, {}],
  ["terrarium", 1, {}],
  ["terrarium", 1, { nodata_height: 12.5 }],
  ["terrainrgb", 1, {}],
  ["terrainrgb", 1, { interval: 0.5, baseval: -500, nodata_height: 3 }],
  ...(["cast", "ceil", "floor", "min", "max", "median", "mean", "std", "var", "sum"] as const)
    .map((name): typeof CASES[number] => [name, 3, {}]),
  ["grayscale", 3, {}],
  ["bitonal", 1, {}],
  ["bitonal", 3, {}],
];

Deno.test({
  name: "what algorithms make of values is what TiTiler's make, and their parameters have its defaults",
  ignore: !hasPeer("titiler.core.algorithm"),
  async fn(t) {
    const cases = (["int16", "float32"] as const).flatMap((dtype) =>
      CASES.map(([name, count, params]) => [name, count, params, dtype] as const)
    );
    const { results, parameters } = askPython(PEER, JSON.stringify(cases)) as Peer;
    for (const [at, [name, count, params, dtype]] of cases.entries()) {
      await t.step(`${name} of ${count} bands of ${dtype} with ${JSON.stringify(params)}`, () => {
        const algorithm: Algorithm = ALGORITHMS[name];
        const cell = { width: 30, height: 30 };
        const result = algorithm.apply(pixelsOf(count, dtype), algorithmValues(name, params), cell);
        assertLike(name, result, results[at]);
      });
    }
    const mine = ALGORITHM_NAMES.map((name) => {
      const entries = Object.entries((ALGORITHMS[name] as Algorithm).parameters);
      return [name, Object.fromEntries(entries.map(([key, one]) => [key, one.default]))] as const;
    });
    assert.deepEqual(mine, Object.entries(parameters));
  },
});

function assertLike(
  name: typeof ALGORITHM_NAMES[number],
  { pixels, margin }: { pixels: Pixels; margin: number },
  theirs: PeerResult,
): void {
  assert.deepEqual([pixels.width, pixels.height], [theirs.width, theirs.height]);
  assert.deepEqual([WIDTH - 2 * margin, HEIGHT - 2 * margin], [theirs.width, theirs.height]);
  assert.equal(pixels.bands.length, theirs.values.length);
  let compared = 0, more = 0;
  for (const [b, band] of pixels.bands.entries()) {
    for (let i = 0; i < band.length; i++) {
      const [mine, their] = [pixels.masks[b][i] === 1, theirs.masked[b][i] === 0];
      assert.ok(!mine || their, `band ${b + 1}, pixel ${i}: TiTiler has no value`);
      if (!mine) {
        if (their) more += 1;
        continue;
      }
      compared += 1;
      // Of bytes that are cut from a float, the last bit of this decides.
      const near = band instanceof Uint8Array ? 1 : Math.abs(theirs.values[b][i]) * 2e-6 + 1e-9;
      const difference = Math.abs(band[i] - theirs.values[b][i]);
      assert.ok(difference <= near, `band ${b + 1}, pixel ${i}: ${band[i]}, TiTiler ${theirs.values[b][i]}`);
    }
  }
  assert.ok(compared > WIDTH * HEIGHT / 2, `${compared} compared`);
  // TiTiler shades pixels without a height where their neighbours have one.
  const holes = name === "hillshade" || name === "slope" ? Math.ceil(WIDTH * HEIGHT / 37) : 0;
  assert.ok(more <= holes, `${more} pixels have a value in TiTiler only`);
}
