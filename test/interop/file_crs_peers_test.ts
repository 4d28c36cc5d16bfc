/**
 * Coordinate reference systems as files state them, grid mappings of CF and projections of GCTP, against
 * pyproj's reading of the same: points of the projection's land come out at the same metres.
 */
import assert from "node:assert/strict";
import { cfToCrs, type MappingAttributes } from "../../core/raster/crs/cf.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { type GctpProjection, gctpToCrs } from "../../core/raster/crs/gctp.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import type { Crs } from "../../core/raster/grid.ts";
import { askPython, hasPeer } from "../support/python.ts";

interface Case {
  name: string;
  /** The grid mapping, in numbers as pyproj wants them. */
  cf: Record<string, string | number | number[]>;
  /** The same projection in GCTP's words. */
  gctp?: Partial<GctpProjection> & { projection: string };
  /** The code that it is known by, if it is. */
  code?: string;
  points: [number, number][];
}

const WGS84 = { semi_major_axis: 6378137, inverse_flattening: 298.257223563 };
const HUGHES = { semi_major_axis: 6378273, inverse_flattening: 298.279411123064 };
const MODIS = { earth_radius: 6371007.181 };
const NORTH: [number, number][] = [[-45, 88], [10, 70], [170, 62], [-100, 55]];
const AMERICA: [number, number][] = [[-96, 40], [-120.5, 49], [-70, 30.25]];

const CASES: Case[] = [
  {
    name: "sinusoidal of MODIS",
    cf: {
      grid_mapping_name: "sinusoidal",
      longitude_of_central_meridian: 0,
      false_easting: 0,
      false_northing: 0,
      ...MODIS,
    },
    gctp: { projection: "HE5_GCTP_SNSOID", params: [6371007.181] },
    points: [[0, 0], [10, 45], [-120, -30], [179, 10]],
  },
  {
    name: "polar stereographic of sea ice, north",
    cf: {
      grid_mapping_name: "polar_stereographic",
      straight_vertical_longitude_from_pole: -45,
      latitude_of_projection_origin: 90,
      standard_parallel: 70,
      ...HUGHES,
    },
    gctp: { projection: "HE5_GCTP_PS", params: [6378273, 6356889.449, 0, 0, -45000000, 70000000] },
    code: "EPSG:3411",
    points: NORTH,
  },
  {
    name: "polar stereographic of Antarctica",
    cf: {
      grid_mapping_name: "polar_stereographic",
      straight_vertical_longitude_from_pole: 0,
      latitude_of_projection_origin: -90,
      standard_parallel: -71,
      ...WGS84,
    },
    gctp: { projection: "HE5_GCTP_PS", sphereCode: 12, params: [0, 0, 0, 0, 0, -71000000] },
    code: "EPSG:3031",
    points: [[0, -89], [100, -75], [-150, -62]],
  },
  {
    name: "polar stereographic by its scale at the pole",
    cf: {
      grid_mapping_name: "polar_stereographic",
      straight_vertical_longitude_from_pole: 0,
      latitude_of_projection_origin: 90,
      scale_factor_at_projection_origin: 0.994,
      false_easting: 2000000,
      false_northing: 2000000,
      ...WGS84,
    },
    points: NORTH,
  },
  {
    name: "EASE-Grid 2.0 of the North",
    cf: {
      grid_mapping_name: "lambert_azimuthal_equal_area",
      longitude_of_projection_origin: 0,
      latitude_of_projection_origin: 90,
      ...WGS84,
    },
    gctp: { projection: "HE5_GCTP_LAMAZ", sphereCode: 12, params: [0, 0, 0, 0, 0, 90000000] },
    code: "EPSG:6931",
    points: NORTH,
  },
  {
    name: "EASE-Grid of the North, on its sphere",
    cf: {
      grid_mapping_name: "lambert_azimuthal_equal_area",
      longitude_of_projection_origin: 0,
      latitude_of_projection_origin: 90,
      earth_radius: 6371228,
    },
    gctp: { projection: "HE5_GCTP_LAMAZ", params: [6371228, 0, 0, 0, 0, 90000000] },
    code: "EPSG:3408",
    points: NORTH,
  },
  {
    name: "EASE-Grid 2.0 around the Earth",
    cf: {
      grid_mapping_name: "lambert_cylindrical_equal_area",
      longitude_of_central_meridian: 0,
      standard_parallel: 30,
      ...WGS84,
    },
    gctp: { projection: "HE5_GCTP_BCEA", sphereCode: 12, params: [0, 0, 0, 0, 0, 30000000] },
    code: "EPSG:6933",
    points: [[0, 0], [90, 60], [-179, -80]],
  },
  {
    name: "Albers of the United States",
    cf: {
      grid_mapping_name: "albers_conical_equal_area",
      standard_parallel: [29.5, 45.5],
      longitude_of_central_meridian: -96,
      latitude_of_projection_origin: 23,
      ...WGS84,
    },
    gctp: {
      projection: "HE5_GCTP_ALBERS",
      sphereCode: 8,
      params: [0, 0, 29030000, 45030000, -96000000, 23000000],
    },
    code: "EPSG:5070",
    points: AMERICA,
  },
  {
    name: "Lambert's conic on two parallels, on a model's sphere",
    cf: {
      grid_mapping_name: "lambert_conformal_conic",
      standard_parallel: [33, 45],
      longitude_of_central_meridian: -97,
      latitude_of_projection_origin: 40,
      earth_radius: 6370000,
    },
    gctp: { projection: "HE5_GCTP_LAMCC", params: [6370000, 0, 33000000, 45000000, -97000000, 40000000] },
    points: AMERICA,
  },
  {
    name: "Lambert's conic on one parallel",
    cf: {
      grid_mapping_name: "lambert_conformal_conic",
      standard_parallel: 25,
      longitude_of_central_meridian: -95,
      latitude_of_projection_origin: 25,
      earth_radius: 6371200,
    },
    points: AMERICA,
  },
  {
    name: "Mercator by a parallel",
    cf: {
      grid_mapping_name: "mercator",
      longitude_of_projection_origin: 10,
      standard_parallel: 20,
      ...WGS84,
    },
    gctp: { projection: "HE5_GCTP_MERCAT", sphereCode: 12, params: [0, 0, 0, 0, 10000000, 20000000] },
    points: [[10, 0], [-60, 50], [150, -40]],
  },
  {
    name: "transverse Mercator",
    cf: {
      grid_mapping_name: "transverse_mercator",
      scale_factor_at_central_meridian: 0.9996,
      longitude_of_central_meridian: -93,
      latitude_of_projection_origin: 0,
      false_easting: 500000,
      false_northing: 0,
      ...WGS84,
    },
    gctp: { projection: "HE5_GCTP_UTM", zoneCode: 15, params: [] },
    code: "EPSG:32615",
    points: [[-93, 0], [-91.5, 45], [-95, 60]],
  },
  {
    name: "degrees",
    cf: { grid_mapping_name: "latitude_longitude", ...WGS84 },
    gctp: { projection: "HE5_GCTP_GEO", params: [] },
    code: "EPSG:4326",
    points: [[0, 0], [-120, 45]],
  },
];

const ASK = `
import json, sys
from pyproj import CRS, Transformer
out = []
for case in json.loads(sys.argv[1]):
    crs = CRS.from_cf(case["cf"])
    t = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    out.append([t.transform(x, y) for x, y in case["points"]])
json.dump(out, sys.stdout)
`;

function placed(crs: Crs, points: readonly [number, number][]): [number, number][] {
  const { forward } = transformer(crsOfCode("EPSG:4326"), crs);
  return points.map(([x, y]) => forward(x, y));
}

function assertSame(
  found: readonly [number, number][],
  wanted: readonly [number, number][],
  name: string,
): void {
  found.forEach(([x, y], i) => {
    const off = Math.hypot(x - wanted[i][0], y - wanted[i][1]);
    assert.ok(off < 0.01, `${name}: ${x}, ${y}; pyproj ${wanted[i]}`);
  });
}

Deno.test({
  name: "grid mappings and GCTP projections put points where pyproj puts them",
  ignore: !hasPeer("pyproj"),
  fn: async (t) => {
    const wanted = askPython(ASK, JSON.stringify(CASES)) as [number, number][][];
    for (const [i, { name, cf, gctp, code, points }] of CASES.entries()) {
      await t.step(name, () => {
        // Attributes come as lists of one or as text, too.
        const forms: MappingAttributes[] = [
          cf,
          Object.fromEntries(Object.entries(cf).map(([key, value]) => [key, [value].flat()])),
          Object.fromEntries(Object.entries(cf).map(([key, value]) => [key, [value].flat().join(" ")])),
        ];
        for (const form of forms) {
          const found = cfToCrs(form);
          assert.ok("crs" in found, JSON.stringify(found));
          assertSame(placed(found.crs, points), wanted[i], name);
          assert.equal(found.crs.code, code ?? null);
        }
        if (gctp === undefined) return;
        const found = gctpToCrs({ zoneCode: undefined, sphereCode: undefined, params: [], ...gctp });
        assert.ok("crs" in found, JSON.stringify(found));
        assertSame(placed(found.crs, points), wanted[i], `${name}, GCTP`);
        assert.equal(found.crs.code, code ?? null);
      });
    }
  },
});
