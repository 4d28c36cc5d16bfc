/** Coastlines of Natural Earth (by world-atlas), as fine as the scale of the map deserves. */
import { feature } from "topojson-client";
import { wrapLongitude } from "../../core/draw/projection.ts";
import { toPixels, type View } from "./view.ts";

/** Rings in pixels to fill, and coast segments to stroke. */
interface Land {
  rings: number[][];
  coast: number[];
}

type LonLat = [longitude: number, latitude: number];
type Topology = Parameters<typeof feature>[0];

/** Metres a pixel from which the coarser coastlines do. */
const COARSE = 12000;
const MEDIUM = 1500;

async function loadTopology(metresPerPixel: number): Promise<Topology> {
  const json = { with: { type: "json" } } as const;
  const file = metresPerPixel > COARSE
    ? await import("world-atlas/land-110m.json", json)
    : metresPerPixel > MEDIUM
    ? await import("world-atlas/land-50m.json", json)
    : await import("world-atlas/land-10m.json", json);
  return file.default as unknown as Topology;
}

/** The land that a view may show. */
export async function loadLand(view: View): Promise<Land> {
  const topology = await loadTopology(view.metresPerPixel);
  const land: Land = { rings: [], coast: [] };
  const collection = feature(topology, topology.objects.land) as unknown as {
    features: { geometry: { type: string; coordinates: unknown } }[];
  };
  for (const { geometry } of collection.features) {
    const polygons =
      (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) as LonLat[][][];
    for (const polygon of polygons) for (const ring of polygon) addRing(view, ring, land);
  }
  return land;
}

/** A polar map leaves out what lies wholly beyond the equator: it would ring the whole picture. */
function addRing(view: View, ring: readonly LonLat[], land: Land): void {
  const { projection } = view;
  if (projection.name === "equirectangular") return addUnrolled(view, ring, land);
  const side = projection.name === "polar-north" ? 1 : -1;
  if (ring.every(([, latitude]) => side * latitude < 0)) return;
  const points: number[] = [];
  const point = new Float64Array(2);
  for (const [longitude, latitude] of ring) {
    projection.forward(longitude, latitude, point);
    toPixels(view, point);
    points.push(point[0], point[1]);
  }
  addPoints(view, points, points.length, land);
}

/**
 * The source's rings run across the antimeridian, and one of them round the south pole. On a cylinder
 * they are unrolled, closed below the pole where they do not meet themselves, and drawn once a turn.
 */
function addUnrolled(view: View, ring: readonly LonLat[], land: Land): void {
  const { projection } = view;
  const point = new Float64Array(2);
  // Metres a degree of the cylinder, measured rather than known.
  projection.forward(projection.centralLongitude + 1, 1, point);
  const perLongitude = point[0], perLatitude = point[1];
  const unrolled: number[] = [];
  let longitude = ring[0][0];
  for (const [next, latitude] of ring) {
    longitude += wrapLongitude(next - longitude);
    unrolled.push(longitude, latitude);
  }
  const coastLength = unrolled.length;
  const turned = longitude - unrolled[0];
  if (Math.abs(turned) > 180) unrolled.push(longitude, -90, unrolled[0], -90);
  for (let turn = -720; turn <= 720; turn += 360) {
    const points: number[] = [];
    for (let i = 0; i < unrolled.length; i += 2) {
      point[0] = (unrolled[i] + turn - projection.centralLongitude) * perLongitude;
      point[1] = unrolled[i + 1] * perLatitude;
      toPixels(view, point);
      points.push(point[0], point[1]);
    }
    addPoints(view, points, coastLength, land);
  }
}

/** Keeps a ring that may touch the frame; the first `coastLength` numbers of it are coast. */
function addPoints(view: View, points: number[], coastLength: number, land: Land): void {
  const { frame } = view;
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  if (right < frame.left || left > frame.right || bottom < frame.top || top > frame.bottom) return;
  land.rings.push(points);
  for (let i = 0; i + 3 < coastLength; i += 2) {
    const [x1, y1, x2, y2] = [points[i], points[i + 1], points[i + 2], points[i + 3]];
    if (Math.max(x1, x2) < frame.left - 4 || Math.min(x1, x2) > frame.right + 4) continue;
    if (Math.max(y1, y2) < frame.top - 4 || Math.min(y1, y2) > frame.bottom + 4) continue;
    land.coast.push(x1, y1, x2, y2);
  }
}
