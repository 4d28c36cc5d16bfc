/**
 * A granule's footprint as its source states it, before it becomes a geometry and cells: what there
 * is (polygons, boxes, points, lines), and how its edges run.
 */

/**
 * How an edge runs between two vertices: along a great circle (`geodetic`), straight in longitude and
 * latitude (`planar`, which CMR calls cartesian), or `unknown` when the answer does not say; then both
 * are covered, but rings over the antimeridian or a pole are geodetic, as CMR's cartesian ones never are.
 */
export type EdgeRule = "geodetic" | "planar" | "unknown";

/** Lon, lat pairs in degrees; the last vertex repeats the first or not. */
export type Ring = Float64Array;

/** An outer ring, which may enclose nothing (a line, a place), and its holes. */
export interface ExtentPolygon {
  outer: Ring;
  holes: Ring[];
  /**
   * Whether the source stated longitudes past the antimeridian, so that its edges are known to run the short
   * way: a ring from -180.5 to -179.5 is a degree wide.
   */
  continuous?: boolean;
}

/** Degrees; `west` > `east` where the box crosses the antimeridian. */
export interface ExtentBox {
  west: number;
  south: number;
  east: number;
  north: number;
}

export interface Extent {
  polygons: ExtentPolygon[];
  boxes: ExtentBox[];
  /** Lon, lat pairs. */
  points: Float64Array;
  lines: Float64Array[];
  /** Half the width, in kilometres, that lines have: a ground track's swath; 0 for bare lines. */
  halfWidthKm: number;
  edges: EdgeRule;
}

/** Whether the extent holds nothing. */
export function isEmptyExtent(extent: Extent): boolean {
  return extent.polygons.length + extent.boxes.length + extent.points.length + extent.lines.length === 0;
}

/** An extent of nothing, to be filled. */
export function emptyExtent(edges: EdgeRule): Extent {
  return { polygons: [], boxes: [], points: new Float64Array(0), lines: [], halfWidthKm: 0, edges };
}

/** Whether longitude and latitude are finite and in range, -180 to 180 and -90 to 90. */
export function isPosition(longitude: number | null, latitude: number | null): boolean {
  return longitude !== null && latitude !== null && Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;
}

/** Whether a ring encloses something: three or more different vertices. */
export function isRing(ring: Ring): boolean {
  const distinct = new Set<string>();
  for (let i = 0; i + 1 < ring.length && distinct.size < 3; i += 2) distinct.add(`${ring[i]} ${ring[i + 1]}`);
  return distinct.size >= 3;
}
