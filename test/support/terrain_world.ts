/** A server with a catalog of one GeoTIFF: heights around the Alps, by a formula. */
import fs from "node:fs";
import path from "node:path";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { encodeGeotiff } from "../../core/raster/encode/geotiff.ts";
import { outputOfBox } from "../../core/raster/pixels.ts";
import { encodeWkb } from "../../core/geometry/wkb.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { sampleRow, withFolder } from "../unit/catalog/sample.ts";
import { type NpyArray, parseNpy } from "./npy.ts";
import { type Serving, startServing } from "./serving.ts";

const BOX = [6, 44, 12, 49] as const;
const WIDTH = 600;
const HEIGHT = 500;

export async function terrainWorld(body: (serving: Serving) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const heights = Float32Array.from(
      { length: WIDTH * HEIGHT },
      (_, i) => 1000 + 400 * Math.sin((i % WIDTH) / 20) + 300 * Math.cos(Math.floor(i / WIDTH) / 15),
    );
    const pixels = {
      width: WIDTH,
      height: HEIGHT,
      bands: [heights],
      masks: [new Uint8Array(WIDTH * HEIGHT).fill(1)],
    };
    const output = outputOfBox(crsOfCode("EPSG:4326"), BOX, WIDTH, HEIGHT);
    fs.writeFileSync(path.join(folder, "heights.tif"), encodeGeotiff(pixels, output, false));
    const [xmin, ymin, xmax, ymax] = BOX;
    const ring = [[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]];
    const row = sampleRow({
      id: "heights.tif",
      path: "heights.tif",
      local_base: `${folder}/`,
      s3_base: null,
      https_base: null,
      geometry: encodeWkb({ type: "Polygon", coordinates: [ring] }),
      bbox: { xmin, ymin, xmax, ymax },
    });
    const catalog = path.join(folder, "terrain.parquet");
    await writeCatalog(catalog, [row]);
    const serving = await startServing({ catalogs: [catalog] });
    try {
      await body(serving);
    } finally {
      await serving.stop();
    }
  });
}

/** The array of an npy answer. Throws what is no such answer. */
export async function placedNpy(answer: Response): Promise<NpyArray> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(`${answer.status}: ${new TextDecoder().decode(bytes)}`);
  return parseNpy(bytes);
}
