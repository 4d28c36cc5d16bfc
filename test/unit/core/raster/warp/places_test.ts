/** Places of pixels lie within an eighth of a pixel of what the projection itself says. */
import assert from "node:assert/strict";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import { outputOfBox } from "../../../../../core/raster/pixels.ts";
import { crsCodeOf, tileMatrixSet } from "../../../../../core/raster/tms/tile_matrix_set.ts";
import { tileBounds } from "../../../../../core/raster/tms/tiles.ts";
import { placesOf } from "../../../../../core/raster/warp/places.ts";

const TILES = [
  ["WebMercatorQuad", 0, 0, 0],
  ["WebMercatorQuad", 12, 655, 1583],
  ["WGS1984Quad", 2, 1, 1],
  ["WorldCRS84Quad", 0, 1, 0],
  ["EuropeanETRS89_LAEAQuad", 2, 1, 2],
  ["UTM31WGS84Quad", 3, 2, 3],
  ["UPSArcticWGS84Quad", 1, 0, 1],
  ["UPSAntarcticWGS84Quad", 3, 4, 3],
  ["NZTM2000Quad", 1, 0, 1],
] as const;

const vector = (longitude: number, latitude: number) => {
  const [l, p] = [longitude * Math.PI / 180, latitude * Math.PI / 180];
  return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
};
const distance = (a: number[], b: number[]) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

for (const [id, z, x, y] of TILES) {
  Deno.test(`${id} ${z}/${x}/${y}`, () => {
    const set = tileMatrixSet(id);
    const output = outputOfBox(crsOfCode(crsCodeOf(set)), tileBounds(set, { z, x, y }), 256, 256);
    const { longitude, latitude } = placesOf(output);
    const { forward } = transformer(output.crs, crsOfCode("EPSG:4326"));
    const [a, , c, , e, f] = output.affine;
    const exact = (column: number, row: number) => forward(a * column + c, e * row + f);
    let somewhere = 0;
    for (let row = 0; row < 256; row++) {
      for (let column = 0; column < 256; column++) {
        const i = row * 256 + column;
        const [lon, lat] = exact(column + 0.5, row + 0.5);
        const [right, above] = [exact(column + 1.5, row + 0.5), exact(column + 0.5, row - 0.5)];
        if (lon !== lon) {
          assert.ok(longitude[i] !== longitude[i], `${column}, ${row}: a place where there is none`);
          continue;
        }
        somewhere += 1;
        const place = vector(lon, lat);
        const sides = [right, above].filter(([one]) => one === one).map(([u, v]) =>
          distance(place, vector(u, v))
        );
        const off = distance(place, vector(longitude[i], latitude[i]));
        assert.ok(off <= 0.125 * Math.min(...sides) + 1e-9, `${column}, ${row}: off by ${off} of ${sides}`);
      }
    }
    assert.ok(somewhere > 60_000, `${somewhere} pixels`);
  });
}
