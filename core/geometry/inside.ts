/**
 * Whether points lie inside an area whose edges are straight in longitude and latitude, as GeoJSON's are:
 * decided in longitude and latitude themselves, so that no curve is replaced by arcs of a sphere.
 *
 * Method: going north from a point along its meridian, every edge crossed counts +1 where it runs east and -1
 * where it runs west. Longitudes are compared half open, so that vertices count once.
 */
import { planarSweeps } from "../cells/shape.ts";
import { binOf, INDEXED, indexOf, type LongitudeIndex, offsetOf } from "../cells/spherical_ring.ts";
import type { AreaSpec } from "./area.ts";
import { type Polygon, type Ring as Positions, singleParts } from "./geometry.ts";

/** No edge covers more longitude than this: longer ones are cut. */
const MOST_SWEEP = 90;
const RADIANS = Math.PI / 180;

/** Degrees in, whether the place is inside; the edges of a box belong to it. */
export type InsideTest = (longitude: number, latitude: number) => boolean;

/** The test for an area. Lines and points have no inside. */
export function insideTest(spec: AreaSpec): InsideTest {
  if ("bbox" in spec) return boxTest(...spec.bbox);
  const polygons = [...singleParts(spec.geometry)]
    .filter((part): part is Polygon => part.type === "Polygon")
    .map(({ coordinates: [outer, ...holes] }) => ({
      outer: makeRing(outer ?? []),
      holes: holes.map(makeRing),
    }));
  return (longitude, latitude) => {
    const lon = longitude - 360 * Math.round(longitude / 360);
    return polygons.some(({ outer, holes }) =>
      insideRing(outer, lon, latitude) && !holes.some((hole) => insideRing(hole, lon, latitude))
    );
  };
}

function boxTest(west: number, south: number, east: number, north: number): InsideTest {
  const to = east >= west ? east : east + 360;
  return (longitude, latitude) => {
    if (!(latitude >= south && latitude <= north)) return false;
    for (let turn = -720; turn <= 720; turn += 360) {
      const lon = longitude + turn;
      if (lon >= west && lon <= to) return true;
    }
    return false;
  };
}

interface Ring {
  /** Of the beginning of each edge, -180 to 180, and how much it covers eastward. */
  longitude: Float64Array;
  sweep: Float64Array;
  /** Of the beginning, and how much it rises. */
  latitude: Float64Array;
  rise: Float64Array;
  /** The sum of crossings that means outside. */
  outside: number;
  index: LongitudeIndex | undefined;
}

function makeRing(positions: Positions): Ring {
  const lon = positions.map(([longitude]) => longitude), lat = positions.map(([, latitude]) => latitude);
  const last = lon.length - 1;
  if (last > 0 && lon[0] === lon[last] && lat[0] === lat[last]) {
    lon.pop();
    lat.pop();
  }
  const sweeps = planarSweeps(lon, lat);
  const longitude: number[] = [], sweep: number[] = [], latitude: number[] = [], rise: number[] = [];
  sweeps.forEach((whole, i) => {
    const climb = lat[(i + 1) % lat.length] - lat[i];
    const parts = Math.max(1, Math.ceil(Math.abs(whole) / MOST_SWEEP));
    for (let k = 0; k < parts; k++) {
      const from = lon[i] + whole * k / parts;
      longitude.push(from - 360 * Math.round(from / 360));
      sweep.push(whole / parts);
      latitude.push(lat[i] + climb * k / parts);
      rise.push(climb / parts);
    }
  });
  const turns = Math.round(sweeps.reduce((sum, step) => sum + step, 0) / 360);
  // A ring that runs round a pole holds the pole on its smaller side.
  const northward = sweep.reduce(
    (sum, step, i) => sum + step * (1 - Math.sin((latitude[i] + rise[i] / 2) * RADIANS)),
    0,
  );
  const arrays = {
    longitude: Float64Array.from(longitude),
    sweep: Float64Array.from(sweep),
    latitude: Float64Array.from(latitude),
    rise: Float64Array.from(rise),
  };
  return {
    ...arrays,
    outside: turns !== 0 && Math.abs(northward) < 360 ? turns : 0,
    index: longitude.length > INDEXED ? indexOf(arrays.longitude, arrays.sweep) : undefined,
  };
}

function insideRing(ring: Ring, lon: number, lat: number): boolean {
  const { index } = ring;
  let sum = 0;
  if (index === undefined) {
    for (let edge = 0; edge < ring.sweep.length; edge++) sum += crossing(ring, edge, lon, lat);
  } else {
    const bin = binOf(lon), end = index.ends[bin];
    for (let k = bin === 0 ? 0 : index.ends[bin - 1]; k < end; k++) {
      sum += crossing(ring, index.arcs[k], lon, lat);
    }
  }
  return sum !== ring.outside;
}

/** 1 or -1, by its direction, where an edge passes north of the place. */
function crossing(ring: Ring, edge: number, lon: number, lat: number): number {
  const sweep = ring.sweep[edge];
  const next = edge + 1 < ring.sweep.length ? edge + 1 : 0;
  const from = offsetOf(ring.longitude[edge], lon), to = offsetOf(ring.longitude[next], lon);
  if ((from < 0) === (to < 0)) return 0;
  // The edge meets this meridian or the opposite one.
  if (Math.abs(to - from - sweep) >= 180) return 0;
  const north = ring.latitude[edge] + ring.rise[edge] * (from / (from - to)) > lat;
  return north ? Math.sign(sweep) : 0;
}
