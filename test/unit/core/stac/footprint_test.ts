import assert from "node:assert/strict";
import fs from "node:fs";
import proj4 from "proj4";
import { gridFootprint, type ToLonLat } from "../../../../core/stac/footprint.ts";
import type { Affine } from "../../../../core/raster/grid.ts";
import { inRing, signedArea } from "../../../../core/geometry/antimeridian.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

function inverse(definition: string): ToLonLat {
  const projection = proj4(definition);
  return (x, y) => {
    for (let i = 0; i < x.length; i++) [x[i], y[i]] = projection.inverse([x[i], y[i]]);
  };
}

const AS_IS: ToLonLat = () => {};
const UTM = (zone: number) => `+proj=utm +zone=${zone} +datum=WGS84 +units=m +no_defs`;
const DEFINITIONS: Record<string, string> = {
  "EPSG:32615": UTM(15),
  "EPSG:32601": UTM(1),
  "EPSG:32660": UTM(60),
  "EPSG:32621": UTM(21),
  "EPSG:32618": UTM(18),
};

interface Facts {
  width: number;
  height: number;
  crs: string;
  proj_transform: Affine;
  lonlat_bounds_densified_21: number[];
}

Deno.test({
  name: "bounds of projected grids are those that a densified warp of their edges gives",
  ignore: !hasSharedData,
}, () => {
  const facts: Record<string, Facts> = JSON.parse(
    fs.readFileSync(sharedData("golden/grids/stac_items_from_cogs.json"), "utf8"),
  );
  let compared = 0;
  for (
    const [file, { width, height, crs, proj_transform, lonlat_bounds_densified_21: bounds }] of Object
      .entries(facts)
  ) {
    const definition = DEFINITIONS[crs];
    const geographic = crs === "EPSG:4326";
    if (definition === undefined && !geographic) continue;
    const { bbox } = gridFootprint({
      width,
      height,
      affine: proj_transform,
      geographic,
      toLonLat: geographic ? AS_IS : inverse(definition),
    });
    compared++;
    bbox.forEach((value, i) => {
      assert.ok(Math.abs(value - bounds[i]) < 1e-6, `${file}: ${bbox} against ${bounds}`);
    });
  }
  assert.ok(compared >= 4, String(compared));
});

Deno.test("a grid across the antimeridian is split there, and its box goes from west to east across it", () => {
  const { geometry, bbox } = gridFootprint({
    width: 100,
    height: 100,
    affine: [1000, 0, 299_000, 0, -1000, 7_700_000],
    geographic: false,
    toLonLat: inverse(UTM(1)),
  });
  assert.equal(geometry.type, "MultiPolygon");
  assert.ok(bbox[0] > 177 && bbox[0] < 180 && bbox[2] < -178 && bbox[2] > -180, String(bbox));
  for (const [ring] of geometry.coordinates as number[][][][]) {
    assert.ok(ring.every(([x]) => x >= -180 && x <= 180));
    assert.ok(signedArea(ring) > 0);
  }
});

Deno.test("a grid around a pole is closed over it", () => {
  for (
    const [definition, pole] of [
      ["+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +datum=WGS84 +units=m", -90],
      ["+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84 +units=m", 90],
    ] as const
  ) {
    const { geometry, bbox } = gridFootprint({
      width: 200,
      height: 200,
      affine: [10_000, 0, -1_000_000, 0, -10_000, 1_000_000],
      geographic: false,
      toLonLat: inverse(definition),
    });
    assert.deepEqual([bbox[0], bbox[2]], [-180, 180]);
    assert.ok(bbox[1] === pole || bbox[3] === pole);
    const rings = geometry.type === "Polygon"
      ? [geometry.coordinates[0]]
      : geometry.coordinates.map(([ring]) => ring);
    for (const longitude of [-170, -90, 0.5, 90, 170]) {
      assert.ok(rings.some((ring) => inRing([longitude, pole * 0.99], ring)), `${pole} ${longitude}`);
      assert.ok(!rings.some((ring) => inRing([longitude, pole * 0.8], ring)), `${pole} ${longitude}`);
    }
  }
});

Deno.test("a grid of the globe is the globe, also past the edge by half a cell, and from 0 to 360", () => {
  for (const west of [-180, -180.125, 0]) {
    const { geometry, bbox } = gridFootprint({
      width: 1440,
      height: 721,
      affine: [0.25, 0, west, 0, -0.25, 90.125],
      geographic: true,
      toLonLat: AS_IS,
    });
    assert.deepEqual(bbox, [-180, -90, 180, 90]);
    assert.equal(geometry.type, "Polygon");
  }
});

Deno.test("a geographic grid from 170 to 190 has both of its sides, and a wide one its long way", () => {
  const across = gridFootprint({
    width: 20,
    height: 10,
    affine: [1, 0, 170, 0, -1, 5],
    geographic: true,
    toLonLat: AS_IS,
  });
  assert.deepEqual(across.bbox, [170, -5, -170, 5]);
  const wide = gridFootprint({
    width: 340,
    height: 10,
    affine: [1, 0, -170, 0, -1, 5],
    geographic: true,
    toLonLat: AS_IS,
  });
  assert.deepEqual(wide.bbox, [-170, -5, 170, 5]);
  assert.equal(wide.geometry.type, "Polygon");
});

Deno.test("a grid with an edge off the globe is refused by the cell", () => {
  assert.throws(
    () =>
      gridFootprint({
        width: 10,
        height: 10,
        affine: [1e7, 0, -5e7, 0, -1e7, 5e7],
        geographic: false,
        toLonLat: (x, y) => {
          x.fill(NaN);
          y.fill(NaN);
        },
      }),
    /edge at column 0, row 0 has no longitude/,
  );
});

Deno.test("a tile at the limb of a sinusoidal map has the footprint of what of it lies on the globe", () => {
  const radius = 6371007.181, cells = 2400, cell = 463.3127165279;
  const definition = `+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +a=${radius} +b=${radius} +units=m`;
  const forward: ToLonLat = (x, y) => {
    for (let i = 0; i < x.length; i++) [x[i], y[i]] = proj4(definition).forward([x[i], y[i]]);
  };
  const bboxOf = (west: number, north: number) =>
    gridFootprint({
      width: cells,
      height: cells,
      affine: [cell, 0, west, 0, -cell, north],
      geographic: false,
      toLonLat: inverse(definition),
      fromLonLat: forward,
    }).bbox;
  const [x, y] = [18903158.834333, -1111950.519667];
  // A sinusoidal map is x = R longitude cos(latitude), y = R latitude; tile h35v10, its twin h00v10 in the west.
  const degrees = (radians: number) => radians * 180 / Math.PI;
  const wanted = [
    degrees(x / radius / Math.cos(y / radius)),
    -degrees(Math.acos(x / radius / Math.PI)),
    180,
    degrees(y / radius),
  ];
  const near = (found: readonly number[], wanted: readonly number[]) =>
    found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-3, `${found} against ${wanted}`));
  near(bboxOf(x, y), wanted);
  near(bboxOf(-x - cells * cell, y), [-180, wanted[1], -wanted[0], wanted[3]]);
  // Far beyond it nothing is on the globe.
  assert.throws(() => bboxOf(x, 7 * 1111950.519667), /no area on the globe/);
});

Deno.test("a sinusoidal map of the globe has the globe's footprint; a disk of it is refused", () => {
  const radius = 6371007.181, sphere = `+x_0=0 +y_0=0 +a=${radius} +b=${radius} +units=m`;
  const footprintOf = (definition: string, width: number, half: number, step: number) => {
    const projection = proj4(definition);
    return gridFootprint({
      width,
      height: 200,
      affine: [step, 0, -half, 0, -step, 100 * step],
      geographic: false,
      toLonLat: inverse(definition),
      fromLonLat: (x, y) => {
        for (let i = 0; i < x.length; i++) [x[i], y[i]] = projection.forward([x[i], y[i]]);
      },
    });
  };
  const half = Math.PI * radius;
  const globe = footprintOf(`+proj=sinu +lon_0=0 ${sphere}`, 400, half, half / 200);
  globe.bbox.forEach((value, i) =>
    assert.ok(Math.abs(value - [-180, -90, 180, 90][i]) < 1e-6, `${globe.bbox}`)
  );
  assert.throws(
    () => footprintOf(`+proj=laea +lat_0=90 +lon_0=0 ${sphere}`, 200, 128e5, 128e3),
    /beyond the globe|has no longitude and latitude/,
  );
});
