/** Granules of a mission as its catalog has them: footprints along ICESat-2-like orbits, some 170 cells each. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { shapeFromGeometry } from "../../core/cells/geojson_shape.ts";
import { boundingBox, type Geometry } from "../../core/geometry/geometry.ts";
import { encodeWkb } from "../../core/geometry/wkb.ts";
import { coverShape, coverTrack } from "./cells.ts";

const SEGMENTS = 12;
const CELL_ORDER = 8;
const INCLINATION = 92 * Math.PI / 180;

export interface MissionOptions {
  /** Orbits side by side; granules repeat their footprints, as those of cycles do. */
  orbits?: number;
  /** Points of a footprint's track. */
  points?: number;
  /** Footprints are what its archive states: polygons around the tracks, with the cells that these touch. */
  polygons?: boolean;
  /** The first granule's number. */
  from?: number;
}

type Footprint = Pick<GranuleRow, "geometry" | "bbox" | "cells">;

/** Rows of `count` granules of six products. No two have quite the same cells, as passes of one track do not. */
export function* missionRows(
  count: number,
  { orbits = 300, points = 1000, from = 0, polygons = false }: MissionOptions = {},
): Generator<GranuleRow> {
  const pool = footprints(orbits, points, polygons);
  for (let i = from; i < from + count; i++) {
    const footprint = pool[(i * 7919) % pool.length];
    const left = (i * 31) % footprint.cells.length;
    const start = Date.UTC(2018, 9, 14) + i * 240_000;
    const id = `ATL06_${i}_006_01.h5`;
    yield {
      id,
      collection: `ATL0${3 + i % 6}.006`,
      provider: "NSIDC_CPRD",
      concept_id: `G${i}-NSIDC_CPRD`,
      revision: 1,
      start_datetime: start,
      end_datetime: start + 500_000,
      datetime: null,
      cell_order: CELL_ORDER,
      ...footprint,
      cells: without(footprint.cells, left),
      s3_base: "s3://bucket/",
      https_base: "https://host.example/bucket/",
      local_base: null,
      path: `ATL06/${i}/${id}`,
      s3_credentials: "https://host.example/s3credentials",
      s3_region: "us-west-2",
      s3_endpoint: null,
      s3_access: "signed",
      size_bytes: 10_000_000 + i,
      checksum: "md5:0123456789abcdef0123456789abcdef",
      assets: [],
      properties: { cycle: i % 20 },
    };
  }
}

/** All but one of a granule's cells. */
function without(cells: BigUint64Array, left: number): BigUint64Array {
  const others = new BigUint64Array(cells.length - 1);
  others.set(cells.subarray(0, left));
  others.set(cells.subarray(left + 1), left);
  return others;
}

function footprints(orbits: number, points: number, polygons: boolean): Footprint[] {
  const all: Footprint[] = [];
  for (let orbit = 0; orbit < orbits; orbit++) {
    for (let segment = 0; segment < SEGMENTS; segment++) {
      all.push(footprint(orbit / orbits, segment, points, polygons));
    }
  }
  return all;
}

/** The footprint of a segment of the orbit that crosses the equator at `turn` of a full turn. */
function footprint(turn: number, segment: number, points: number, isPolygon: boolean): Footprint {
  const longitude = new Float64Array(points);
  const latitude = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const along = 2 * Math.PI * (segment * points + i) / (SEGMENTS * points);
    latitude[i] = Math.asin(Math.sin(INCLINATION) * Math.sin(along)) * 180 / Math.PI;
    const east = Math.atan2(Math.cos(INCLINATION) * Math.sin(along), Math.cos(along)) * 180 / Math.PI;
    longitude[i] = ((east + turn * 360 + 180) % 360 + 360) % 360 - 180;
  }
  if (isPolygon) return outlined(longitude, latitude);
  const ends = [0, points - 1].map((i) => [longitude[i], latitude[i]]);
  return {
    geometry: encodeWkb({ type: "LineString", coordinates: ends }),
    bbox: { xmin: -180, xmax: 180, ymin: Math.min(...latitude), ymax: Math.max(...latitude) },
    cells: coverTrack(longitude, latitude, CELL_ORDER, "authalic"),
  };
}

/** Edges of a polygon along each side of a track, and half its width on the ground. */
const EDGES = 16;
const HALF_WIDTH_DEGREES = 0.03;

/** The polygon around a track, and its cells. Longitudes of its edges go the short way. */
function outlined(longitude: Float64Array, latitude: Float64Array): Footprint {
  const side = (sign: number) =>
    Array.from({ length: EDGES + 1 }, (_, k) => {
      const i = Math.round((longitude.length - 1) * k / EDGES);
      const east = longitude[i] + sign * HALF_WIDTH_DEGREES / Math.cos(latitude[i] * Math.PI / 180);
      return [east > 180 ? east - 360 : east < -180 ? east + 360 : east, latitude[i]];
    });
  const [right, left] = [side(1), side(-1).reverse()];
  const geometry: Geometry = { type: "Polygon", coordinates: [[...right, ...left, right[0]]] };
  const shape = shapeFromGeometry(geometry, { edges: "planar" });
  return {
    geometry: encodeWkb(geometry),
    bbox: boundingBox(geometry)!,
    cells: coverShape(shape, CELL_ORDER),
  };
}
